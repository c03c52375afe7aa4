"""IFEval (https://arxiv.org/abs/2311.07911): 541 prompts, their constraints included."""

from data.held_out import QUESTION_SETS, QuestionSet


@QUESTION_SETS.register("ifeval")
class IFEval(QuestionSet):
    path = "ifeval/input_data.jsonl"
    hub = ("google/IFEval", "ifeval_input_data.jsonl")
    key = "prompt"
    id_key = "key"
