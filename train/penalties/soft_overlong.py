"""DAPO's soft overlong punishment (https://arxiv.org/abs/2503.14476, Eq. 13), by default on the reasoning only.

    0                                                    n <= max_tokens - buffer_tokens
    ((max_tokens - buffer_tokens) - n) / buffer_tokens   up to max_tokens
    -1                                                   beyond

Published: added to the correctness reward, for wrong answers too; the term is the formula. It is out of reach with
max_tokens above max_completion_length, and without effect on cut-off completions under mask_truncated_completions, whose
tokens leave the loss while their rewards stay in the group's mean.
"""

from dataclasses import dataclass

from recipes.ranges import require
from train.penalties import PENALTIES
from train.penalties.base import PerSample


@PENALTIES.register("soft_overlong")
@dataclass(frozen=True, kw_only=True)
class SoftOverlong(PerSample):
    """In [-1, 0]. max_tokens and buffer_tokens in the tokens that count, `</think>` included."""

    needs_answer = False
    limited_by = "max_tokens"
    max_tokens: int
    buffer_tokens: int

    def __post_init__(self) -> None:
        expected = f"a number in 1..max_tokens ({self.max_tokens})"
        require(
            0 < self.buffer_tokens <= self.max_tokens, "buffer_tokens", self.buffer_tokens, expected
        )

    def term(self, n: int, correct: bool, progress: float) -> float:
        free = self.max_tokens - self.buffer_tokens
        return -min(max(n - free, 0) / self.buffer_tokens, 1.0)
