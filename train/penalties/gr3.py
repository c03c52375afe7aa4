"""GR3, a multiplicative length reward. UNVERIFIED: known from summaries only.

    r = c / (1 + alpha * n / mean)     mean: of the lengths of all completions of the group

The term is r - c, 0 for wrong answers. A group of empty completions counts as n = mean.
"""

from dataclasses import dataclass
from statistics import fmean

from recipes.ranges import above_zero
from train.penalties import PENALTIES
from train.penalties.base import Condition, Group, PerGroup


@PENALTIES.register("gr3")
@dataclass(frozen=True, kw_only=True)
class GR3(PerGroup):
    """In (-1, 0]."""

    needs_answer = False
    alpha: float = 0.33
    condition: Condition = "correct"

    def __post_init__(self) -> None:
        above_zero(alpha=self.alpha)

    def terms(self, group: Group, progress: float) -> list[float]:
        mean = fmean(group.lengths)
        ratios = [n / mean if mean else 1.0 for n in group.lengths]
        return [1 / (1 + self.alpha * ratio) - 1 for ratio in ratios]
