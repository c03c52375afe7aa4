"""Rewards: what `rewards:` in a recipe can name. One file each; a reward scores samples, TRL's signature is served in
train/reward_functions.py.

Rewards stay separate functions: TRL weighs and adds them, and logs each under its name. A length penalty is a reward too,
with its own section in the recipe and its own registry (train/penalties).
"""

from typing import Protocol

from recipes.registry import Registry
from train.samples import Sample

REWARDS = Registry("reward", "train.rewards")


class Reward(Protocol):
    """A frozen dataclass whose fields are its settings. None means "does not apply to this sample"."""

    def score(self, samples: list[Sample]) -> list[float | None]: ...
