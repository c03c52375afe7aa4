"""L1-Exact / LCPO (https://arxiv.org/abs/2503.04697): be as long as asked.

Published: r = c - slope * |target_tokens - n|, wrong answers included; the term is r - c. There the prompt states the
target, drawn per sample from 100..4000 ("Think for N tokens."); here one target holds for all prompts and none states it.
The formula is symmetric: below the target it pays for padding.
"""

from dataclasses import dataclass

from train.penalties import PENALTIES
from train.penalties.base import PerSample, above_zero


@PENALTIES.register("l1_exact")
@dataclass(frozen=True, kw_only=True)
class L1Exact(PerSample):
    """<= 0. slope per token."""

    needs_answer = False
    target_tokens: int
    slope: float = 3e-4

    def __post_init__(self) -> None:
        above_zero(target_tokens=self.target_tokens, slope=self.slope)

    def term(self, n: int, correct: bool, progress: float) -> float:
        return -self.slope * abs(self.target_tokens - n)
