"""AMC 12 of 2023 (MAA): 40 problems."""

from data.held_out import QUESTION_SETS, QuestionSet


@QUESTION_SETS.register("amc23")
class AMC23(QuestionSet):
    path = "amc23/test.jsonl"
    hub = ("math-ai/amc23", "test-00000-of-00001.parquet")
    key = "question"
