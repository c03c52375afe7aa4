"""Which groups teach anything: a group whose combined rewards are all equal has no advantages, whatever the aggregation.

TRL logs `frac_reward_zero_std`, but takes it from the batch's std under GDPO and under `scale_rewards="batch"`, where it
reads 0 however many groups are silent.
"""

from typing import Literal

import torch
from torch import Tensor
from trl.trainer.utils import nanstd

Aggregation = Literal["sum_then_normalize", "normalize_then_sum"]
EQUAL = 1e-6  # rewards are float32 sums


def combined(rewards: Tensor, weights: Tensor, num_generations: int, how: Aggregation) -> Tensor:
    """What a group's advantages are made of, [groups, num_generations]; NaN where no reward applies.

    rewards: [rows of whole groups, functions], NaN where one does not apply; weights: [functions].
    """
    unscored = rewards.isnan().all(dim=1)
    if how == "normalize_then_sum":
        grouped = rewards.view(-1, num_generations, rewards.shape[1])
        mean, std = grouped.nanmean(dim=1, keepdim=True), nanstd(grouped, dim=1, keepdim=True)
        rewards = ((grouped - mean) / (std + 1e-4)).view_as(rewards)
    total = (rewards * weights).nansum(dim=1)
    return total.masked_fill(unscored, torch.nan).view(-1, num_generations)


def silent(values: Tensor) -> Tensor:
    """[groups]: whether a group's values are all equal, NaN aside; also where it has none. values: [groups, members]."""
    low = values.nan_to_num(nan=torch.inf).amin(dim=1)
    high = values.nan_to_num(nan=-torch.inf).amax(dim=1)
    return high - low < EQUAL


def applies(values: Tensor) -> Tensor:
    """[groups]: whether a reward applies to any member. values: [groups, members]."""
    return ~values.isnan().all(dim=1)
