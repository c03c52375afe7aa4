"""IFBench (https://arxiv.org/abs/2507.02833): 300 prompts, their constraints included."""

from data.held_out import QUESTION_SETS, QuestionSet


@QUESTION_SETS.register("ifbench")
class IFBench(QuestionSet):
    path = "ifbench/IFBench_test.jsonl"
    hub = ("allenai/IFBench_test", "data/train-00000-of-00001.parquet")
    key = "prompt"
    id_key = "key"
