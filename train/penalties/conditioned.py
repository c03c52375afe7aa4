"""Conditioned length reward (GDPO, https://arxiv.org/abs/2601.05242, section 4.2.1 and Eq. 8): the easy reward counts
only where the hard one is met.

Published: a reward of its own beside correctness, r_len = 1 if n <= max_tokens and the answer is correct, else 0 (4000
there); the term is r_len. `condition: satisfied` asks for all constraints too; `none` is the paper's unconditioned baseline.
"""

from dataclasses import dataclass

from recipes.ranges import above_zero
from train.penalties import PENALTIES
from train.penalties.base import Condition, PerSample


@PENALTIES.register("conditioned")
@dataclass(frozen=True, kw_only=True)
class Conditioned(PerSample):
    """0 or 1."""

    needs_answer = False
    limited_by = "max_tokens"
    max_tokens: int = 4000
    condition: Condition = "correct"

    def __post_init__(self) -> None:
        above_zero(max_tokens=self.max_tokens)

    def term(self, n: int, correct: bool, progress: float) -> float:
        return float(n <= self.max_tokens)
