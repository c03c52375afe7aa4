"""The length of the reasoning itself, in tokens: the quantity that `constrained:` bounds. As a plain reward with a positive
weight it would pay for long thinking.
"""

from dataclasses import dataclass

from train.rewards import REWARDS
from train.samples import Sample


@REWARDS.register("reasoning_tokens")
@dataclass(frozen=True)
class ReasoningTokens:
    def score(self, samples: list[Sample]) -> list[float | None]:
        return [float(sample.num_reasoning_tokens) for sample in samples]
