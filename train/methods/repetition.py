"""The n-gram price of "Demystifying Long CoT" (https://arxiv.org/abs/2502.03373), paid token by token.

A token inside a second or later occurrence of an n-gram earns `penalty`, and each token's advantage gets what follows:

    A'_t = A + weight * R_t        R_t = p_t + discount * R_{t+1}        p_t = penalty where t repeats, else 0

with its own discount (0.99, while correctness has 1), so that the price reaches the tokens that led into a loop and not the
whole completion. The authors train with PPO, whose critic takes a baseline off R; here none is taken off. R_t is at least
penalty / (1 - discount), -5 as published, where TRL's advantages are of the order of 1 under `scale_rewards: group`: hence
the weight. As one number per completion the price is the length term `repetition` (train/penalties); use one of them.
"""

from dataclasses import dataclass

from torch import Tensor
from trl import GRPOConfig

from recipes.ranges import above_zero, require
from recipes.schema import GRPORecipe
from train.methods import METHODS
from train.methods.base import Batch, Method
from train.penalties.base import Count
from train.penalties.repetition import repeats


@METHODS.register("repetition")
@dataclass(frozen=True, kw_only=True)
class Repetition(Method):
    """penalty: of a repeated token, below 0; discount: per token, in [0, 1]; count: whose repeats cost, those of the
    reasoning or of the whole completion (as published)."""

    ngram_size: int = 40
    penalty: float = -0.05
    discount: float = 0.99
    weight: float = 1.0
    count: Count = "reasoning"

    def __post_init__(self) -> None:
        above_zero(ngram_size=self.ngram_size, weight=self.weight)
        require(self.penalty < 0, "penalty", self.penalty, "a number below 0")
        require(0 <= self.discount <= 1, "discount", self.discount, "a number in [0, 1]")

    def check(self, recipe: GRPORecipe, config: GRPOConfig) -> None:
        if any(entry.get("name") == "repetition" for entry in recipe.length_penalties):
            raise ValueError(
                "length_penalty: found 'repetition' too; expected one of them: both pay for the same tokens"
            )

    def advantages(self, batch: Batch) -> Tensor:
        width = batch.completion_mask.shape[1]
        rows = []
        for sample in batch.samples:
            whole = self.count == "completion"
            counted = sample.num_tokens if whole else sample.num_reasoning_tokens
            returns = self.returns(repeats(sample.tokens[:counted], self.ngram_size))
            rows.append((returns + [0.0] * width)[:width])
        return batch.advantages + self.weight * batch.advantages.new_tensor(rows)

    def returns(self, repeated: list[bool]) -> list[float]:
        """R_t of each token."""
        found, rest = [], 0.0
        for again in reversed(repeated):
            rest = self.penalty * again + self.discount * rest
            found.append(rest)
        return found[::-1]
