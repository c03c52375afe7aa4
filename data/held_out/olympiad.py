"""OlympiadBench (https://arxiv.org/abs/2402.14008), its open-ended, text-only problems of maths in English: 675."""

from data.held_out import QUESTION_SETS, QuestionSet


@QUESTION_SETS.register("olympiad")
class OlympiadBench(QuestionSet):
    path = "olympiad/test.jsonl"
    hub = ("math-ai/olympiadbench", "test.jsonl")
    key = "question"
