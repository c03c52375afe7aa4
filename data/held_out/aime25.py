"""AIME 2025, I and II (MAA): 30 problems."""

from data.held_out import QUESTION_SETS, QuestionSet


@QUESTION_SETS.register("aime25")
class AIME25(QuestionSet):
    path = "aime25/test.jsonl"
    hub = ("math-ai/aime25", "test.jsonl")
    key = "problem"
