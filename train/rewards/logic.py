"""The result of a procedure carried out by hand, as LogicIF pays for it (mianzhang/RLIF, `logicif.py`; docs/logic.md).

    all        1 if the output and every tracker are right, else 0
    fraction   the share of right fields: output, trackers, and any key stated in excess

Only the response is read: JSON in the reasoning states nothing, and unterminated thinking has no response and is paid 0.
Prompts without such a gold (column `gold`) are left out (None).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from data.logic.answer import Stated, score
from train.rewards import REWARDS
from train.samples import Sample, per_sample


@REWARDS.register("logic")
@dataclass(frozen=True)
class Logic:
    aggregate: Literal["all", "fraction"] = "all"

    def score(self, samples: list[Sample]) -> list[float | None]:
        return per_sample(self._one, samples, "reward logic")

    def _one(self, sample: Sample) -> float | None:
        if sample.stated is None:
            return None
        found = score(sample.completion.response, _gold(sample.stated))
        return found.matching if self.aggregate == "fraction" else float(found.both)


@lru_cache(maxsize=4096)
def _gold(text: str) -> Stated:
    """A group's completions share it."""
    return Stated.loads(text)
