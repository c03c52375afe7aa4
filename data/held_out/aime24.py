"""AIME 2024, I and II (MAA): 30 problems."""

from data.held_out import QUESTION_SETS, QuestionSet


@QUESTION_SETS.register("aime24")
class AIME24(QuestionSet):
    path = "aime24/test.jsonl"
    hub = ("HuggingFaceH4/aime_2024", "data/train-00000-of-00001.parquet")
    key = "problem"
