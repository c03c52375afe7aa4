"""GRPO-LEAD's re-weighting of advantages by difficulty (aeroplanepaper/GRPO-LEAD, `logistic_reweight`).

    w(x) = low + (high - low) / (1 + exp(slope * (x - middle)))
    A'   = A * w(rho) if A > 0 else A * w(1 - rho)

rho: the group's accuracy. So a right answer to a hard prompt counts more, and a wrong answer to an easy one.

rho is the share of the group whose reward `answer` is above 0 (the authors take the whole reward above 0, which is the
same for their rewards); an undecided answer counts as wrong, and groups without a gold answer keep their advantages. A is
TRL's advantage after baseline, std and the sum over rewards; the authors' rewards, std included, come with
`length_penalty: {name: grpo_lead}` and `scale_rewards: group`, TRL's default.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from trl import GRPOConfig

from recipes.schema import GRPORecipe
from train.group_signal import applies
from train.methods import METHODS
from train.methods.base import Batch, Method


@METHODS.register("grpo_lead")
@dataclass(frozen=True, kw_only=True)
class GRPOLead(Method):
    """low, high: limits of the weight; middle: the accuracy where it is half way; slope: there, per unit of accuracy."""

    low: float = 0.4
    high: float = 1.5
    middle: float = 0.75
    slope: float = 10.0

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.high:
            raise ValueError(f"low, high: found {self.low}, {self.high}; expected 0 < low <= high")

    def check(self, recipe: GRPORecipe, config: GRPOConfig) -> None:
        names = [entry.get("name") for entry in recipe.rewards]
        if "answer" not in names:
            raise ValueError(
                f"rewards: found {', '.join(map(str, names))}; expected one named 'answer': the group's accuracy is its mean"
            )

    def weight(self, x: Tensor) -> Tensor:
        """Falls from `high` to `low` as x rises."""
        share = torch.sigmoid(-self.slope * (x - self.middle))
        return self.low + (self.high - self.low) * share

    def advantages(self, batch: Batch) -> Tensor:
        answers = batch.rewards[:, batch.reward_names.index("answer")]
        groups = answers.view(-1, batch.num_generations)
        known = applies(groups)
        rho = (groups > 0).float().mean(dim=1)  # False for NaN
        mine = slice(batch.first_row, batch.first_row + len(batch.advantages))

        def per_row(of_groups: Tensor) -> Tensor:
            return of_groups.repeat_interleave(batch.num_generations)[mine].unsqueeze(1)

        found = batch.advantages
        up, down = (per_row(self.weight(x).where(known, 1.0)) for x in (rho, 1 - rho))
        return found * torch.where(found > 0, up, down)
