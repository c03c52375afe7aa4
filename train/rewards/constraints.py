"""Verifiable constraint satisfaction, by the same checkers that write the prompt and score the
sweep.

`mean` pays the share of constraints that are met (MathIF's SAcc of a row), `all` pays 1 only when
every one is (HAcc). Prompts without constraints are left out (None). Unterminated thinking has no
response and meets nothing.
"""

from dataclasses import dataclass
from typing import Literal

from data.constraints.base import check_all
from train.rewards import REWARDS, Sample


@REWARDS.register("constraints")
@dataclass(frozen=True)
class Constraints:
    aggregate: Literal["mean", "all"] = "mean"

    def score(self, samples: list[Sample]) -> list[float | None]:
        return [self._one(sample) for sample in samples]

    def _one(self, sample: Sample) -> float | None:
        if not sample.constraints:
            return None
        verdicts = check_all(sample.constraints, sample.completion.response)
        return float(all(verdicts)) if self.aggregate == "all" else sum(verdicts) / len(verdicts)
