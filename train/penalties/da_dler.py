"""DA-DLER, difficulty-aware DLER (https://arxiv.org/abs/2510.15110): easy prompts get a tighter target.

Published: as DLER (dler.py), with target 2000 for a group whose accuracy is above 0.5, else 4000, for 150 more steps from a
DLER checkpoint. The term is r - c, for correct answers -1 beyond the target or cut off. Published runs cut generation at
target_tokens, so that longer answers count as wrong in the accuracy; here they do where max_completion_length is that too.
"""

from dataclasses import dataclass
from typing import Literal

from recipes.ranges import above_zero, require
from train.penalties import PENALTIES
from train.penalties.base import Group, PerGroup
from train.samples import Sample


@PENALTIES.register("da_dler")
@dataclass(frozen=True, kw_only=True)
class DADLER(PerGroup):
    """-1 or 0. easy_target_tokens: the target of groups with more than half correct."""

    limited_by = "target_tokens"
    target_tokens: int = 4000
    easy_target_tokens: int = 2000
    condition: Literal["correct", "satisfied"] = "correct"

    def __post_init__(self) -> None:
        above_zero(easy_target_tokens=self.easy_target_tokens)
        expected = f"a number of at most target_tokens ({self.target_tokens})"
        easy = self.easy_target_tokens
        require(easy <= self.target_tokens, "easy_target_tokens", easy, expected)

    def terms(self, group: Group, progress: float) -> list[float]:
        easy = 2 * sum(group.correct) > len(group.correct)
        target = self.easy_target_tokens if easy else self.target_tokens
        return [-float(n > target) for n in group.lengths]

    def fixed_term(self, sample: Sample, correct: bool) -> float | None:
        return -1.0 if sample.truncated else None
