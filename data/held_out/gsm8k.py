"""GSM8K's test split (https://arxiv.org/abs/2110.14168): 1,319 problems."""

from data.held_out import QUESTION_SETS, QuestionSet
from data.sources.gsm8k import hub_file, mirror_file


@QUESTION_SETS.register("gsm8k")
class GSM8KTest(QuestionSet):
    path = mirror_file("test")
    hub = hub_file("test")
    key = "question"
