"""The length of the reasoning itself, in tokens: the quantity that `constrained:` bounds. As a plain reward with a positive
weight it would pay for long thinking.

`count: completion` is for models that reason in the open, without tags.
"""

from dataclasses import dataclass
from typing import Literal

from train.rewards import REWARDS
from train.samples import Sample


@REWARDS.register("reasoning_tokens")
@dataclass(frozen=True)
class ReasoningTokens:
    count: Literal["reasoning", "completion"] = "reasoning"

    def score(self, samples: list[Sample]) -> list[float | None]:
        if self.count == "completion":
            return [float(sample.num_tokens) for sample in samples]
        return [float(sample.num_reasoning_tokens) for sample in samples]
