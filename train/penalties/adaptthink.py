"""AdaptThink's reward for not thinking (https://arxiv.org/abs/2505.13417, section 4; THU-KEG/AdaptThink).

    A = c - acc_ref + delta * [no-think]

acc_ref: mean accuracy of samples (16) of the initial model, thinking, on the same prompt: column `reference_accuracy`.
No-think there: the first token is `</think>`; here also an empty or whitespace-only block, and thinking never opened.

Published: A is the advantage itself, without a group's baseline or std. The term is A - c = delta * [no-think] - acc_ref.
TRL subtracts the group's mean; acc_ref is the same for the whole group and cancels, so that delta * [no-think] is left. It
would matter only without a group's baseline. Closest recipe: scale_rewards none.

This is the reward part alone. The sampler that forces half of each prompt's rollouts to begin with `</think>`, and the first
token's importance ratio to it, are `methods: [{name: adaptthink}]` (train/methods/adaptthink.py). Without them a model that
always thinks has no no-think rollouts to learn from.
"""

from dataclasses import dataclass

from recipes.ranges import above_zero
from train.penalties import PENALTIES
from train.penalties.base import LengthReward
from train.penalties.formats import is_no_think
from train.samples import Sample


@PENALTIES.register("adaptthink")
@dataclass(frozen=True, kw_only=True)
class AdaptThink(LengthReward):
    """In [-1, delta]; `count` is without effect. Raises ValueError for a prompt without reference statistics."""

    columns = ("reference_tokens", "reference_accuracy")
    delta: float = 0.05

    def __post_init__(self) -> None:
        above_zero(delta=self.delta)

    def terms_of(self, samples: list[Sample], correct: list[bool]) -> list[float]:
        return [
            self.delta * is_no_think(sample.completion) - self.reference(sample).accuracy
            for sample in samples
        ]
