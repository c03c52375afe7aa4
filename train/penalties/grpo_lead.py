"""GRPO-LEAD's length-dependent accuracy reward (aeroplanepaper/GRPO-LEAD).

    z = (n - mean) / (std + 1e-6)     over the correct completions of the group, sample std, 1 for a lone one
    r = exp(-alpha * z) if correct, -1 if wrong, 0 without `</think>` or without a box

r = 1 for all correct completions of a group whose three shortest completions average at most `free_tokens`. The term is
r - c.

The re-weighting of advantages by the group's accuracy is `methods: [{name: grpo_lead}]` (train/methods/grpo_lead.py).
"""

import math
from dataclasses import dataclass
from statistics import fmean, stdev

from recipes.ranges import above_zero, require
from train.penalties import PENALTIES
from train.penalties.base import Group, PerGroup
from train.penalties.formats import is_formatted
from train.samples import Sample


@PENALTIES.register("grpo_lead")
@dataclass(frozen=True, kw_only=True)
class GRPOLead(PerGroup):
    """> -1 for correct answers, -1 for wrong ones; r = 0 for badly formatted ones."""

    limited_by = "free_tokens"
    alpha: float = 0.05
    free_tokens: int = 4000

    def __post_init__(self) -> None:
        above_zero(alpha=self.alpha)
        require(self.free_tokens >= 0, "free_tokens", self.free_tokens, "a number of at least 0")

    def terms(self, group: Group, progress: float) -> list[float]:
        counted = [n for n, right in zip(group.lengths, group.correct, strict=True) if right]
        if not counted or fmean(sorted(group.lengths)[:3]) <= self.free_tokens:
            return [0.0 if right else -1.0 for right in group.correct]
        mean, std = fmean(counted), stdev(counted) if len(counted) > 1 else 1.0
        return [
            math.exp(-self.alpha * (n - mean) / (std + 1e-6)) - 1 if right else -1.0
            for n, right in zip(group.lengths, group.correct, strict=True)
        ]

    def fixed_term(self, sample: Sample, correct: bool) -> float | None:
        return None if is_formatted(sample.completion) else -float(correct)
