"""Cosine length reward, "Demystifying Long CoT" (https://arxiv.org/abs/2502.03373; eddycmu/demystify-long-cot).

    cos_fn(n; at_zero, at_max) = at_max + 0.5 * (at_zero - at_max) * (1 + cos(pi * n / max_tokens))

Published: r = cos_fn with (2, 1) for correct and (-10, 0) for wrong answers, and r = -10 ("exceed") for everything with
n + 16 >= max_tokens; r replaces the correctness reward, so the term is r - c. There generation ends at max_tokens, so every
completion that is cut off exceeds; here too, wherever it is cut. Its n-gram companion is repetition.py.
TRL's get_cosine_scaled_reward is correct_at_zero 1, correct_at_max 0.5, wrong_at_zero -1, wrong_at_max -0.5, exceed None.
"""

import math
from dataclasses import dataclass

from recipes.ranges import require
from train.penalties import PENALTIES
from train.penalties.base import PerSample
from train.samples import Sample

MARGIN_TOKENS = 16


@PENALTIES.register("cosine")
@dataclass(frozen=True, kw_only=True)
class Cosine(PerSample):
    """r in [min, max] of the five values. max_tokens: where the cosine ends (14336, 6144, 2048 for contexts of 16k, 8k,
    4k); exceed: r from max_tokens - 16 on and when cut off, None for no such price (n then counts as max_tokens at most)."""

    limited_by = "max_tokens"
    max_tokens: int = 14336
    correct_at_zero: float = 2.0
    correct_at_max: float = 1.0
    wrong_at_zero: float = -10.0
    wrong_at_max: float = 0.0
    exceed: float | None = -10.0

    def __post_init__(self) -> None:
        least = 0 if self.exceed is None else MARGIN_TOKENS
        require(self.max_tokens > least, "max_tokens", self.max_tokens, f"a number above {least}")

    def term(self, n: int, correct: bool, progress: float) -> float:
        return self._reward(n, correct) - float(correct)

    def fixed_term(self, sample: Sample, correct: bool) -> float | None:
        if self.exceed is None or not sample.truncated:
            return None
        return self.exceed - float(correct)

    def _reward(self, n: int, correct: bool) -> float:
        if self.exceed is not None and n + MARGIN_TOKENS >= self.max_tokens:
            return self.exceed
        at_zero = self.correct_at_zero if correct else self.wrong_at_zero
        at_max = self.correct_at_max if correct else self.wrong_at_max
        share = min(n / self.max_tokens, 1.0)
        return at_max + 0.5 * (at_zero - at_max) * (1 + math.cos(math.pi * share))
