"""1 for a completion with both thinking tags and a response, else 0.

The opening tag may be the chat template's: TRL's `think_format_reward` asks the model for it, so it is always 0 when the
template prefills it. Where it does not, a lone `</think>` is no format.
"""

from dataclasses import dataclass

from train.rewards import REWARDS
from train.samples import Sample


@REWARDS.register("think_format")
@dataclass(frozen=True)
class ThinkFormat:
    def score(self, samples: list[Sample]) -> list[float | None]:
        return [
            float(s.opened and s.completion.outcome == "closed" and bool(s.completion.response))
            for s in samples
        ]
