"""Thinkless's rewards by mode, DeGRPO (https://arxiv.org/abs/2505.13379; VainF/Thinkless).

    r = 1 if correct without thinking, 0.5 if correct with thinking, -1 if wrong in either mode

There the first token, <short> or <think>, names the mode; here the short mode is a completion without reasoning
(formats.py). The term is r - c. Advantages there have no std: scale_rewards none.

The loss that goes with it, alpha * L(first tokens) + L(other tokens), is `methods: [{name: degrpo}]`
(train/methods/degrpo.py). Without it the weight of the choice of mode depends on the completions' lengths, and the paper
reports that the modes collapse into one.
"""

from dataclasses import dataclass

from recipes.ranges import require
from train.penalties import PENALTIES
from train.penalties.base import LengthReward
from train.penalties.formats import is_no_think
from train.samples import Sample


@PENALTIES.register("thinkless")
@dataclass(frozen=True, kw_only=True)
class Thinkless(LengthReward):
    """0, thinking - 1, or wrong. thinking: r of a correct answer with thinking; `count` is without effect."""

    thinking: float = 0.5
    wrong: float = -1.0

    def __post_init__(self) -> None:
        require(0 <= self.thinking <= 1, "thinking", self.thinking, "a number in [0, 1]")
        require(self.wrong <= 0, "wrong", self.wrong, "a number of at most 0")

    def terms_of(self, samples: list[Sample], correct: list[bool]) -> list[float]:
        return [
            (0.0 if is_no_think(sample.completion) else self.thinking - 1) if right else self.wrong
            for sample, right in zip(samples, correct, strict=True)
        ]
