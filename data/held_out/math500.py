"""MATH-500 (https://arxiv.org/abs/2305.20050): 500 problems of MATH's test split."""

from data.held_out import QUESTION_SETS, QuestionSet


@QUESTION_SETS.register("math500")
class MATH500(QuestionSet):
    path = "math500/test.jsonl"
    hub = ("HuggingFaceH4/MATH-500", "test.jsonl")
    key = "problem"
    id_key = "unique_id"
