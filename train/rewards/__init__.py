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
    """A frozen dataclass whose fields are its settings. None means "does not apply to this sample".

    Three methods that it may have: `ready()` raises UserError where something that the reward needs is not there, before any
    model is loaded; `weight_bytes(otherwise)` is what a model of its own takes on every device, `otherwise` the parameters
    of one that is not there yet; `facts(samples) -> dict[str, float]` says more about the batch that was just scored, which
    is logged beside the reward's mean, averaged over processes.
    """

    def score(self, samples: list[Sample]) -> list[float | None]: ...
