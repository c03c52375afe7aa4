"""ALP, adaptive length penalty. UNVERIFIED: known from summaries only, the exact form is uncertain.

    r = c - beta * n * max(p_solved, 1/K)     p_solved: the group's accuracy, K its size

The penalty grows with how often the prompt is solved, for wrong answers too. The term is r - c.
"""

from dataclasses import dataclass

from recipes.ranges import above_zero
from train.penalties import PENALTIES
from train.penalties.base import Group, PerGroup


@PENALTIES.register("alp")
@dataclass(frozen=True, kw_only=True)
class ALP(PerGroup):
    """<= 0. beta per token."""

    beta: float = 1e-7

    def __post_init__(self) -> None:
        above_zero(beta=self.beta)

    def terms(self, group: Group, progress: float) -> list[float]:
        solved = max(sum(group.correct), 1) / len(group.correct)
        return [-self.beta * n * solved for n in group.lengths]
