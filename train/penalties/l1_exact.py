"""L1-Exact / LCPO (https://arxiv.org/abs/2503.04697): be as long as asked.

Published: r = c - slope * |target_tokens - n|, wrong answers included; the term is r - c. There the prompt states the
target, drawn per sample from 100..4000 ("Think for N tokens."): `token_budget:` in the recipe does that, per prompt, and
its number is the target; `target_tokens` is that of prompts which state none. The formula is symmetric: below the target
it pays for padding.
"""

from dataclasses import dataclass

from train.penalties import PENALTIES
from train.penalties.l1 import L1


@PENALTIES.register("l1_exact")
@dataclass(frozen=True, kw_only=True)
class L1Exact(L1):
    """<= 0."""

    def term(self, n: int, correct: bool, progress: float) -> float:
        return -self.slope * abs(self.target_tokens - n)
