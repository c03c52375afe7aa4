"""1 for a completion with closed thinking and a response, else 0; a template that opens `<think>`
itself is no obstacle.

TRL's `think_format_reward` requires the opening tag, so it is always 0 when the template prefills
it.
"""

from dataclasses import dataclass

from train.rewards import REWARDS
from train.samples import Sample


@REWARDS.register("think_format")
@dataclass(frozen=True)
class ThinkFormat:
    def score(self, samples: list[Sample]) -> list[float | None]:
        return [
            float(s.completion.outcome == "closed" and bool(s.completion.response)) for s in samples
        ]
