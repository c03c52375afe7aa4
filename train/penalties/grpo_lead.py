"""GRPO-LEAD's length-dependent accuracy reward (aeroplanepaper/GRPO-LEAD).

    z = (n - mean) / (std + 1e-6)     over the correct completions of the group, sample std, 1 for a lone one
    r = exp(-alpha * z) if correct, -1 if wrong, 0 without `</think>` or without a box

r = 1 for all correct completions of a group whose three shortest completions average at most `free_tokens`. The term is
r - c. Its re-weighting of advantages by difficulty is not a reward and not built.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from train.penalties import PENALTIES
from train.penalties.base import PerGroup, above_zero, require

if TYPE_CHECKING:
    from train.rewards import Sample


@PENALTIES.register("grpo_lead")
@dataclass(frozen=True, kw_only=True)
class GRPOLead(PerGroup):
    """> -1 for correct answers, -1 for wrong ones."""

    alpha: float = 0.05
    free_tokens: int = 4000

    def __post_init__(self) -> None:
        above_zero(alpha=self.alpha)
        require(self.free_tokens >= 0, "free_tokens", self.free_tokens, "a number of at least 0")

    def terms(self, lengths: list[int], correct: list[bool], progress: float) -> list[float]:
        counted = [n for n, right in zip(lengths, correct, strict=True) if right]
        if not counted or fmean(sorted(lengths)[:3]) <= self.free_tokens:
            return [0.0 if right else -1.0 for right in correct]
        mean, std = fmean(counted), stdev(counted) if len(counted) > 1 else 1.0
        return [
            math.exp(-self.alpha * (n - mean) / (std + 1e-6)) - 1 if right else -1.0
            for n, right in zip(lengths, correct, strict=True)
        ]

    def terms_of(self, samples: list[Sample], correct: list[bool]) -> list[float]:
        return [
            term if _formatted(sample) else -float(right)
            for term, sample, right in zip(
                super().terms_of(samples, correct), samples, correct, strict=True
            )
        ]


def _formatted(sample: Sample) -> bool:
    return sample.completion.outcome == "closed" and r"\boxed" in sample.completion.response
