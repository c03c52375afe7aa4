"""DAPO's soft overlong punishment (https://arxiv.org/abs/2503.14476, Eq. 13), counted on the
reasoning only.

    0                                            n <= max_tokens - buffer_tokens
    ((max_tokens - buffer_tokens) - n) / buffer_tokens   up to max_tokens
    -1                                           beyond

The paper counts the whole completion; a penalty on the response would pay the model to break "at
least N words".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from train.penalties import PENALTIES

if TYPE_CHECKING:
    from train.rewards import Sample


@PENALTIES.register("soft_overlong")
@dataclass(frozen=True)
class SoftOverlong:
    """max_tokens and buffer_tokens in reasoning tokens, `</think>` included."""

    max_tokens: int
    buffer_tokens: int

    def __post_init__(self) -> None:
        if not 0 < self.buffer_tokens <= self.max_tokens:
            raise ValueError(
                f"buffer_tokens: found {self.buffer_tokens} with max_tokens {self.max_tokens}; "
                "expected 0 < buffer_tokens <= max_tokens"
            )

    def score(self, samples: list[Sample]) -> list[float | None]:
        return [self.penalty(sample.num_reasoning_tokens) for sample in samples]

    def penalty(self, num_tokens: int) -> float:
        """In [-1, 0]."""
        free = self.max_tokens - self.buffer_tokens
        return -min(max(num_tokens - free, 0) / self.buffer_tokens, 1.0)
