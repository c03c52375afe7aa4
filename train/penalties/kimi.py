"""Kimi k1.5 length reward, "Length Penalty" (https://arxiv.org/abs/2501.12599; second-hand, checked against
hkust-nlp/Laser's port).

    lam = 0.5 - (n - n_min) / (n_max - n_min)     over all completions of the group
    term = lam if correct, min(0, lam) if wrong; 0 for a group with n_max = n_min

Published: added to the task reward with a weight that the paper does not state (Laser: 0.4); the term is the formula.
In a group without a correct answer it teaches shortness only: `only_solved` drops it there, `condition: correct` drops
the branch for wrong answers. The paper starts without the term for a time that it does not state: `ramp: {start: 0.3}`.
"""

from dataclasses import dataclass

from train.penalties import PENALTIES
from train.penalties.base import Group, PerGroup


@PENALTIES.register("kimi")
@dataclass(frozen=True, kw_only=True)
class Kimi(PerGroup):
    """In [-0.5, 0.5], <= 0 for wrong answers. only_solved: 0 for groups without a correct completion."""

    only_solved: bool = False

    def terms(self, group: Group, progress: float) -> list[float]:
        shortest, longest = min(group.lengths), max(group.lengths)
        if shortest == longest or (self.only_solved and not any(group.correct)):
            return [0.0] * len(group.lengths)
        lams = [0.5 - (n - shortest) / (longest - shortest) for n in group.lengths]
        return [
            lam if right else min(0.0, lam) for lam, right in zip(lams, group.correct, strict=True)
        ]
