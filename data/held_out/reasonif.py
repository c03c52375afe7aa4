"""ReasonIF (https://arxiv.org/abs/2510.15211): 300 questions. Its 53 of GSM8K are from the training split."""

from data.held_out import QUESTION_SETS, QuestionSet


@QUESTION_SETS.register("reasonif")
class ReasonIF(QuestionSet):
    path = "reasonif/reasonIF_dataset.json"
    hub = ("ykwon-hf/reasonIF", "reasonIF_dataset.json")
    key = "question"
