"""The n-gram repetition price of "Demystifying Long CoT" (https://arxiv.org/abs/2502.03373), companion of cosine.py.

    dense: penalty * (number of tokens inside a second or later occurrence of an n-gram)
    trl:   penalty * (1 - distinct n-grams / n-grams), TRL's get_repetition_penalty_reward (there n = 3, penalty -1)

Published: added to the cosine reward; dense with n = 40 and -0.05 on each token, discounted by 0.99: that is the method
`repetition` (train/methods), which tells tokens apart. Here the tokens' prices are one sum per completion, undiscounted.
It is unbounded (0.05 per token): choose the weight with max_completion_length in mind.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from recipes.ranges import above_zero, require
from train.penalties import PENALTIES
from train.penalties.base import LengthReward
from train.samples import Sample


def repeats(tokens: Sequence[int], ngram_size: int) -> list[bool]:
    """Which tokens lie inside an n-gram seen before; none of fewer than n tokens."""
    seen: set[tuple[int, ...]] = set()
    found = [False] * len(tokens)
    for start in range(len(tokens) - ngram_size + 1):
        end = start + ngram_size
        ngram = tuple(tokens[start:end])
        if ngram in seen:
            found[start:end] = [True] * ngram_size
        seen.add(ngram)
    return found


def repeated_share(tokens: Sequence[int], ngram_size: int) -> float:
    """Of the n-grams, those that were there before, in [0, 1); 0 for fewer than n tokens."""
    total = len(tokens) - ngram_size + 1
    if total <= 0:
        return 0.0
    ngrams = zip(*(tokens[start:] for start in range(ngram_size)), strict=False)
    return 1 - len(set(ngrams)) / total


@PENALTIES.register("repetition")
@dataclass(frozen=True, kw_only=True)
class Repetition(LengthReward):
    """<= 0. penalty: for each repeated token ("dense"), or the limit when all n-grams are one ("trl")."""

    needs_answer = False
    ngram_size: int = 40
    penalty: float = -0.05
    variant: Literal["dense", "trl"] = "dense"

    def __post_init__(self) -> None:
        above_zero(ngram_size=self.ngram_size)
        require(self.penalty < 0, "penalty", self.penalty, "a number below 0")

    def terms_of(self, samples: list[Sample], correct: list[bool]) -> list[float]:
        return [self.term(sample.tokens[: self.length(sample)]) for sample in samples]

    def term(self, tokens: Sequence[int]) -> float:
        """tokens: the ids that count."""
        if self.variant == "dense":
            return self.penalty * sum(repeats(tokens, self.ngram_size))
        return self.penalty * repeated_share(tokens, self.ngram_size)
