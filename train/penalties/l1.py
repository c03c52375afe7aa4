"""What L1-Exact and L1-Max share: a target in tokens, the prompt's own where it states one (data/token_budget.py)."""

from abc import ABC
from dataclasses import dataclass, replace
from typing import Self

from recipes.ranges import above_zero
from train.penalties.base import PerSample
from train.samples import Sample


@dataclass(frozen=True, kw_only=True)
class L1(PerSample, ABC):
    """target_tokens: where the prompt states none; slope per token."""

    needs_answer = False
    limited_by = "target_tokens"
    target_tokens: int
    slope: float = 3e-4

    def __post_init__(self) -> None:
        above_zero(target_tokens=self.target_tokens, slope=self.slope)

    def for_sample(self, sample: Sample) -> Self:
        budget = sample.token_budget
        return self if budget is None else replace(self, target_tokens=budget)
