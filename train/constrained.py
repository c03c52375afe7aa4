r"""A constrained objective: maximise what has a fixed weight, subject to bounds on the means of other rewards.

    maximise E[r_0]   subject to   s_i (E[r_i] - b_i) >= 0        s_i = 1 for `at_least`, -1 for `at_most`

By its Lagrangian, with violations relative to the bound so that tokens and shares are alike:

    L = E[r_0] + sum_i lambda_i s_i (E[r_i] - b_i) / |b_i|

so reward i has the weight s_i lambda_i / |b_i|, and after each generation batch (mean m_i over all processes)

    lambda_i <- clip(lambda_i - eta_i s_i (m_i - b_i) / |b_i|, 0, maximum_i)

A bound that holds lets its multiplier fall to 0, and its reward is then not paid at all. With `scale_rewards: none` the
gradient is that of L; with std normalisation only the ratios of the weights count, and the multipliers settle elsewhere.
Primal-dual policy gradient as in https://arxiv.org/abs/1805.11074 (RCPO); none of the length methods has it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from recipes.rl import Bound


@dataclass
class Multiplier:
    """lambda of one bound, in units of r_0 per relative violation."""

    bound: Bound
    value: float

    @property
    def weight(self) -> float:
        """Of the bounded reward, per unit of it."""
        return self.bound.sign * self.value / abs(self.bound.value)

    def violation(self, mean: float) -> float:
        """Relative; above 0 where the bound is broken."""
        return self.bound.sign * (self.bound.value - mean) / abs(self.bound.value)

    def ascend(self, mean: float) -> None:
        raised = self.value + self.bound.learning_rate * self.violation(mean)
        self.value = min(max(raised, 0.0), self.bound.maximum)


class DualAscent:
    """The multipliers of a run."""

    def __init__(self, bounds: tuple[Bound, ...]) -> None:
        self.multipliers = {bound.reward: Multiplier(bound, bound.initial) for bound in bounds}

    def weight(self, reward: str) -> float | None:
        """None for a reward that no bound is about."""
        found = self.multipliers.get(reward)
        return None if found is None else found.weight

    def update(self, means: Mapping[str, float]) -> None:
        """means: of the rewards in a generation batch; one that is absent applied to no completion."""
        for name, multiplier in self.multipliers.items():
            if name in means:
                multiplier.ascend(means[name])

    @property
    def values(self) -> dict[str, float]:
        return {name: multiplier.value for name, multiplier in self.multipliers.items()}

    def restore(self, values: Mapping[str, float]) -> None:
        """What `values` gave. Raises KeyError for multipliers of another recipe."""
        for name, multiplier in self.multipliers.items():
            multiplier.value = values[name]
