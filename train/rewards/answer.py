"""1 for a right final answer, 0 for a wrong or missing one; undecided gradings, and requests without a gold answer,
are left out (None)."""

from dataclasses import dataclass
from typing import Literal

from train.rewards import REWARDS
from train.samples import Sample, per_sample


@REWARDS.register("answer")
@dataclass(frozen=True)
class Answer:
    """condition: "satisfied" pays a right answer only where all constraints are met; prompts without any are not gated."""

    condition: Literal["none", "satisfied"] = "none"

    def score(self, samples: list[Sample]) -> list[float | None]:
        return per_sample(self._one, samples, "reward answer")

    def _one(self, sample: Sample) -> float | None:
        if sample.correct is None:
            return None
        return float(sample.correct and (self.condition == "none" or sample.satisfied))
