"""1 for a right final answer, 0 for a wrong or missing one; undecided gradings are left out
(None)."""

from dataclasses import dataclass

from data.answers import grade
from train.rewards import REWARDS, Sample


@REWARDS.register("answer")
@dataclass(frozen=True)
class Answer:
    def score(self, samples: list[Sample]) -> list[float | None]:
        verdicts = [grade(sample.completion.response, sample.gold).correct for sample in samples]
        return [None if correct is None else float(correct) for correct in verdicts]
