"""L1-Max / LCPO (https://arxiv.org/abs/2503.04697): at most as long as asked.

Published, with x = slope * (target_tokens - n):

    paper: r = c * clip(x + offset, 0, 1)                 offset 0.5
    code:  r = c * max(0, (clip(x, -1, 1) + 1) / 2)       cmu-l3/l1, math_reward.py: half the slope

The term is r - c, 0 for wrong answers. There the prompt states the target ("Think for maximum N
tokens."): `token_budget: {form: max}`, as in l1_exact.py.
"""

from dataclasses import dataclass
from typing import Literal

from recipes.ranges import require
from train.penalties import PENALTIES
from train.penalties.base import Condition
from train.penalties.l1 import L1


@PENALTIES.register("l1_max")
@dataclass(frozen=True, kw_only=True)
class L1Max(L1):
    """In [-1, 0]. offset: the paper's factor at the target, without a meaning in the code's variant."""

    offset: float = 0.5
    variant: Literal["paper", "code"] = "paper"
    condition: Condition = "correct"

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= self.offset <= 1, "offset", self.offset, "a number in [0, 1]")

    def term(self, n: int, correct: bool, progress: float) -> float:
        x = self.slope * (self.target_tokens - n)
        factor = x + self.offset if self.variant == "paper" else (x + 1) / 2
        return min(max(factor, 0.0), 1.0) - 1
