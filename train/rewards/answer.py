"""1 for a right final answer, 0 for a wrong or missing one; undecided gradings, and requests without a gold answer,
are left out (None)."""

from dataclasses import dataclass

from data.answers import grade
from train.rewards import REWARDS, Sample


@REWARDS.register("answer")
@dataclass(frozen=True)
class Answer:
    def score(self, samples: list[Sample]) -> list[float | None]:
        return [self._one(sample) for sample in samples]

    def _one(self, sample: Sample) -> float | None:
        if sample.gold is None:
            return None
        correct = grade(sample.completion.response, sample.gold).correct
        return None if correct is None else float(correct)
