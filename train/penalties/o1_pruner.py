"""O1-Pruner's length-harmonizing reward (https://arxiv.org/abs/2501.12570; StarDewXXX/O1-Pruner).

    R = L_ref / n - 1 + lam * (c - A_ref)

L_ref and A_ref: mean length and accuracy of samples of the reference model on the same prompt (16 for 7B, 12 for 32B),
in the columns `reference_tokens` (of the tokens that count here) and `reference_accuracy`.
Published: R is the whole reward, so the term is R - c. The authors' code clips R to [-2, 4], and so do we by default: an
empty reasoning (n counts as 1) would be paid L_ref. Their z-score over the data set and weighted SFT are not a reward.
"""

from dataclasses import dataclass

from recipes.ranges import require
from train.penalties import PENALTIES
from train.penalties.base import LengthReward
from train.samples import Reference, Sample


@PENALTIES.register("o1_pruner")
@dataclass(frozen=True, kw_only=True)
class O1Pruner(LengthReward):
    """lam: weight of the accuracy (paper 2, the repository's script for QwQ 5); low, high: where R is clipped, None for
    no bound. Raises ValueError for a prompt without reference statistics."""

    columns = ("reference_tokens", "reference_accuracy")
    lam: float = 2.0
    low: float | None = -2.0
    high: float | None = 4.0

    def __post_init__(self) -> None:
        require(self.lam >= 0, "lam", self.lam, "a number of at least 0")
        if self.low is not None and self.high is not None:
            require(self.low < self.high, "low", self.low, f"a number below high ({self.high})")

    def terms_of(self, samples: list[Sample], correct: list[bool]) -> list[float]:
        return [
            self.term(self.length(sample), right, self.reference(sample))
            for sample, right in zip(samples, correct, strict=True)
        ]

    def term(self, n: int, correct: bool, reference: Reference) -> float:
        reward = reference.num_tokens / max(n, 1) - 1 + self.lam * (correct - reference.accuracy)
        if self.low is not None:
            reward = max(self.low, reward)
        if self.high is not None:
            reward = min(self.high, reward)
        return reward - float(correct)
