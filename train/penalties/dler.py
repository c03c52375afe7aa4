"""DLER's truncation reward (https://arxiv.org/abs/2510.15110; NVlabs/DLER). Its target by difficulty is da_dler.py.

Published: r = c if n <= target_tokens else 0, by cutting generation at target_tokens. The term is r - c, for correct
answers -1 beyond the target or cut off. The rest of DLER is a recipe for the optimiser: `methods: [{name: dler}]` with
scale_rewards none, epsilon_high 0.28, loss_type dapo, mask_truncated_completions False, and `dynamic_sampling: {reward:
answer}`.
"""

from dataclasses import dataclass

from recipes.ranges import above_zero
from train.penalties import PENALTIES
from train.penalties.base import Condition, PerSample
from train.samples import Sample


@PENALTIES.register("dler")
@dataclass(frozen=True, kw_only=True)
class DLER(PerSample):
    """-1 or 0."""

    needs_answer = False
    limited_by = "target_tokens"
    target_tokens: int = 4000
    condition: Condition = "correct"

    def __post_init__(self) -> None:
        above_zero(target_tokens=self.target_tokens)

    def term(self, n: int, correct: bool, progress: float) -> float:
        return -float(n > self.target_tokens)

    def fixed_term(self, sample: Sample, correct: bool) -> float | None:
        return -1.0 if sample.truncated else None
