"""DLER's truncation reward (https://arxiv.org/abs/2510.15110; NVlabs/DLER), and DA-DLER's target by difficulty.

Published: r = c if n <= target else 0, target 4000. DA-DLER: 2000 for a group whose accuracy is above 0.5, else 4000. The
term is r - c = -[n > target] for correct answers. The rest of DLER is a recipe for the optimiser: scale_rewards batch,
epsilon_high 0.28, loss_type dapo (dynamic sampling does not exist in TRL 1.16.0).
"""

from dataclasses import dataclass

from train.penalties import PENALTIES
from train.penalties.base import Condition, PerGroup, above_zero, require


@PENALTIES.register("dler")
@dataclass(frozen=True, kw_only=True)
class DLER(PerGroup):
    """-1 or 0. easy_target_tokens: DA-DLER's target for groups with more than half correct (2000); None: one target."""

    target_tokens: int = 4000
    easy_target_tokens: int | None = None
    condition: Condition = "correct"

    def __post_init__(self) -> None:
        above_zero(target_tokens=self.target_tokens)
        easy, target = self.easy_target_tokens, self.target_tokens
        expected = f"a number in 1..target_tokens ({target})"
        require(easy is None or 0 < easy <= target, "easy_target_tokens", easy, expected)

    def terms(self, lengths: list[int], correct: list[bool], progress: float) -> list[float]:
        target = self.target_tokens
        if self.easy_target_tokens is not None and 2 * sum(correct) > len(correct):
            target = self.easy_target_tokens
        return [-float(n > target) for n in lengths]
