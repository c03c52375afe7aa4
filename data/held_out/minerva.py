"""Minerva's OCW courses (https://arxiv.org/abs/2206.14858): 272 problems."""

from data.held_out import QUESTION_SETS, QuestionSet


@QUESTION_SETS.register("minerva")
class Minerva(QuestionSet):
    path = "minerva/test.jsonl"
    hub = ("math-ai/minervamath", "test.jsonl")
    key = "question"
