"""Arora and Zanette, "Training Language Models to Reason Efficiently" (https://arxiv.org/abs/2502.04463;
Zanette-Labs/efficient-reasoning, reward_server/math_server.py).

    z = (n - mean) / (std + 1e-7)     over the correct completions of the group, population std
    r = c * (1 - alpha * sigmoid(z)); 0 without an end-of-text token

The term is r - c: -alpha * sigmoid(z), 0 for wrong answers, -1 for a right answer in a completion that was cut off. A lone
correct completion has z = 0. That a cut-off completion counts as wrong in the mean and std is our reading.
"""

import math
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import Literal

from recipes.ranges import require
from train.penalties import PENALTIES
from train.penalties.base import Group, PerGroup
from train.samples import Sample


@PENALTIES.register("arora_zanette")
@dataclass(frozen=True, kw_only=True)
class AroraZanette(PerGroup):
    """In [-alpha, 0], or -1."""

    alpha: float = 0.1
    condition: Literal["correct", "satisfied"] = "correct"

    def __post_init__(self) -> None:
        require(0 < self.alpha <= 1, "alpha", self.alpha, "a number in (0, 1]")

    def terms(self, group: Group, progress: float) -> list[float]:
        counted = [n for n, right in zip(group.lengths, group.correct, strict=True) if right]
        if not counted:
            return [0.0] * len(group.lengths)
        mean, std = fmean(counted), pstdev(counted)
        return [
            -self.alpha / (1 + math.exp(-(n - mean) / (std + 1e-7))) if right else 0.0
            for n, right in zip(group.lengths, group.correct, strict=True)
        ]

    def fixed_term(self, sample: Sample, correct: bool) -> float | None:
        return -1.0 if sample.truncated else None
