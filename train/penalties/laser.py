"""LASER (hkust-nlp/Laser, verl/utils/reward_score/length_penalty.py): a bonus for correct answers within a target.

Published, correct answers; wrong ones get -0.5:

    reward:  r = 1 + bonus * [n <= target]
    penalty: r = 1 - bonus * [n > target]
    hybrid:  both

The term is r - c. Completions without closed thinking or without a box, as those cut off before it, stay at r = -1.
"""

from dataclasses import dataclass
from typing import Literal

from recipes.ranges import above_zero, require
from train.penalties import PENALTIES
from train.penalties.base import PerSample
from train.penalties.formats import is_formatted
from train.samples import Sample


@PENALTIES.register("laser")
@dataclass(frozen=True, kw_only=True)
class Laser(PerSample):
    """In [-bonus, bonus] for correct answers, `wrong` for wrong ones. target_tokens: upstream 2048, 4096 or 8192;
    unformatted: r without closed thinking and box, None to go by the answer alone."""

    limited_by = "target_tokens"
    target_tokens: int
    bonus: float = 0.5
    wrong: float = -0.5
    unformatted: float | None = -1.0
    mode: Literal["reward", "penalty", "hybrid"] = "reward"

    def __post_init__(self) -> None:
        above_zero(target_tokens=self.target_tokens, bonus=self.bonus)
        require(self.wrong <= 0, "wrong", self.wrong, "a number of at most 0")

    def term(self, n: int, correct: bool, progress: float) -> float:
        if not correct:
            return self.wrong
        if n <= self.target_tokens:
            return 0.0 if self.mode == "penalty" else self.bonus
        return 0.0 if self.mode == "reward" else -self.bonus

    def fixed_term(self, sample: Sample, correct: bool) -> float | None:
        return unformatted_term(sample, correct, self.unformatted)


def unformatted_term(sample: Sample, correct: bool, reward: float | None) -> float | None:
    """reward - c for a badly formatted completion; None for others."""
    if reward is None or is_formatted(sample.completion):
        return None
    return reward - float(correct)
