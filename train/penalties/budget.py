"""Token-budget verifiers of allenai/open-instruct.

    max_length:       1 - |n - target_tokens| / 32768
    up_to_max_length: 1 up to target_tokens, then 1 - (n - target_tokens) / 32768

Published: rewards of their own, whatever the answer, beside one of 0 to 10 for correctness; the term is the formula.
"""

from dataclasses import dataclass
from typing import Literal

from recipes.ranges import above_zero
from train.penalties import PENALTIES
from train.penalties.base import PerSample


@PENALTIES.register("budget")
@dataclass(frozen=True, kw_only=True)
class Budget(PerSample):
    """<= 1. slope_tokens: how far from the target the reward reaches 0; it goes on below."""

    needs_answer = False
    limited_by = "target_tokens"
    target_tokens: int
    slope_tokens: int = 32768
    variant: Literal["max_length", "up_to_max_length"] = "up_to_max_length"

    def __post_init__(self) -> None:
        above_zero(target_tokens=self.target_tokens, slope_tokens=self.slope_tokens)

    def term(self, n: int, correct: bool, progress: float) -> float:
        excess = n - self.target_tokens
        off = abs(excess) if self.variant == "max_length" else max(excess, 0)
        return 1 - off / self.slope_tokens
