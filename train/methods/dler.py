"""DLER's whitening of advantages over the whole batch (https://arxiv.org/abs/2510.15110; REINFORCE++-baseline).

    A' = (A - mean_B A) / std_B A        A = r - mean_G r

with the sample std over all rows of the generation batch. TRL's `scale_rewards: batch` divides by the std of the raw rewards
instead, which is close and not equal. The rest of DLER: train/penalties/dler.py.
"""

from dataclasses import dataclass

from accelerate.utils import gather
from torch import Tensor
from trl import GRPOConfig

from recipes.schema import GRPORecipe
from train.methods import METHODS
from train.methods.base import Batch, Method

EPSILON = 1e-8  # a batch without any signal stays without


@METHODS.register("dler")
@dataclass(frozen=True, kw_only=True)
class DLER(Method):
    """Has no settings."""

    def check(self, recipe: GRPORecipe, config: GRPOConfig) -> None:
        if config.scale_rewards != "none":
            raise ValueError(
                f"trainer: scale_rewards: found {config.scale_rewards!r}; expected 'none', since this takes the batch's std"
            )
        if config.multi_objective_aggregation != "sum_then_normalize":
            raise ValueError(
                f"trainer: multi_objective_aggregation: found {config.multi_objective_aggregation!r}; expected "
                "'sum_then_normalize', since GDPO whitens by itself"
            )
        if recipe.methods[0].get("name") != "dler":
            raise ValueError(
                f"found after {recipe.methods[0].get('name')}; expected to be the first of the methods"
            )

    def advantages(self, batch: Batch) -> Tensor:
        everyone: Tensor = gather(batch.advantages)  # of all processes
        return (batch.advantages - everyone.mean()) / (everyone.std() + EPSILON)
