"""ThinkPrune (UCSB-NLP-Chang/ThinkPrune): an answer counts only within a limit that falls from stage to stage.

Published: r = c if the answer appears within the first L tokens, else 0; L = 4k, 3k, 2k, each stage from the checkpoint
before, generation cut at L, the limit stated in the system prompt. The term is r - c = -[n > L] for correct answers.
Here the stages are equal shares of one run, nothing is cut, and no prompt states the limit; an answer within L that goes on
beyond L is not paid. As published, an answer that stands before a cut-off within L is paid.
"""

from dataclasses import dataclass

from recipes.ranges import require
from train.penalties import PENALTIES
from train.penalties.base import Condition, PerSample


@PENALTIES.register("thinkprune")
@dataclass(frozen=True, kw_only=True)
class ThinkPrune(PerSample):
    """-1 or 0. limits: tokens of each stage, falling."""

    needs_answer = False
    limited_by = "limits"
    limits: tuple[int, ...] = (4096, 3072, 2048)
    condition: Condition = "correct"

    def __post_init__(self) -> None:
        falling = list(self.limits) == sorted(set(self.limits), reverse=True)
        expected = "falling numbers above 0, one per stage"
        require(bool(self.limits) and falling, "limits", self.limits, expected)
        require(self.limits[-1] > 0, "limits", self.limits, expected)

    def limit(self, progress: float) -> int:
        stage = int(progress * len(self.limits))
        return self.limits[min(stage, len(self.limits) - 1)]

    def term(self, n: int, correct: bool, progress: float) -> float:
        return -float(n > self.limit(progress))
