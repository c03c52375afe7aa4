"""Arora and Zanette, efficient reasoning (Zanette-Labs/efficient-reasoning, reward_server/math_server.py).

    z = (n - mean) / (std + 1e-7)     over the correct completions of the group, population std
    r = c * (1 - alpha * sigmoid(z))

The term is r - c = -alpha * sigmoid(z), 0 for wrong answers; a lone correct completion has z = 0. Not taken over: 0 for
a correct completion without an end-of-text token.
"""

import math
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import Literal

from train.penalties import PENALTIES
from train.penalties.base import PerGroup, require


@PENALTIES.register("arora_zanette")
@dataclass(frozen=True, kw_only=True)
class AroraZanette(PerGroup):
    """In [-alpha, 0]."""

    alpha: float = 0.1
    condition: Literal["correct", "satisfied"] = "correct"

    def __post_init__(self) -> None:
        require(0 < self.alpha <= 1, "alpha", self.alpha, "a number in (0, 1]")

    def terms(self, lengths: list[int], correct: list[bool], progress: float) -> list[float]:
        counted = [n for n, right in zip(lengths, correct, strict=True) if right]
        if not counted:
            return [0.0] * len(lengths)
        mean, std = fmean(counted), pstdev(counted)
        return [
            -self.alpha / (1 + math.exp(-(n - mean) / (std + 1e-7))) if right else 0.0
            for n, right in zip(lengths, correct, strict=True)
        ]
