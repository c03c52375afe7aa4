"""Correctness times compliance: one reward that neither axis earns alone.

    c * k      k: the share of constraints met ("mean"), or 1 if all are met, else 0 ("all")

A factor that does not apply (no gold answer, no constraints) is 1; None where neither does, or the grading is undecided.
"""

from dataclasses import dataclass
from typing import Literal

from train.rewards import REWARDS
from train.samples import Sample, per_sample


@REWARDS.register("product")
@dataclass(frozen=True)
class Product:
    aggregate: Literal["mean", "all"] = "all"

    def score(self, samples: list[Sample]) -> list[float | None]:
        return per_sample(self._one, samples, "reward product")

    def _one(self, sample: Sample) -> float | None:
        if sample.gold is None and not sample.met:
            return None
        if sample.gold is not None and not sample.correct:
            return None if sample.correct is None else 0.0
        if self.aggregate == "all" or not sample.met:
            return float(sample.satisfied)
        return sum(sample.met) / len(sample.met)
