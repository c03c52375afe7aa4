"""L1-Exact / LCPO (https://arxiv.org/abs/2503.04697): be as long as asked.

Published: r = c - slope * |target_tokens - n|, wrong answers included; the term is r - c. There the prompt states the
target, drawn per sample from 100..4000 ("Think for N tokens."): `token_budget:` in the recipe does that, per prompt, and
its number is the target; `target_tokens` is that of prompts which state none. The formula is symmetric: below the target
it pays for padding.
"""

from dataclasses import dataclass, replace
from typing import Self

from train.penalties import PENALTIES
from train.penalties.base import PerSample, above_zero
from train.samples import Sample


@PENALTIES.register("l1_exact")
@dataclass(frozen=True, kw_only=True)
class L1Exact(PerSample):
    """<= 0. slope per token; target_tokens: where the prompt states none."""

    needs_answer = False
    target_tokens: int
    slope: float = 3e-4

    def __post_init__(self) -> None:
        above_zero(target_tokens=self.target_tokens, slope=self.slope)

    def for_sample(self, sample: Sample) -> Self:
        budget = sample.token_budget
        return self if budget is None else replace(self, target_tokens=budget)

    def term(self, n: int, correct: bool, progress: float) -> float:
        return -self.slope * abs(self.target_tokens - n)
