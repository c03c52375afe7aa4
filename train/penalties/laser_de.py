"""LASER-DE (hkust-nlp/Laser): LASER-D that also pays long wrong answers, so that hard problems are explored.

Published: as LASER-D, and a wrong answer longer than its tier's target gets r = -0.5 + bonus, unless it repeats itself or
is badly formatted (so being cut off is not exploration). The term is r - c. Upstream's detector of repetition (any 4-gram
thrice, close by) fires on nearly every long chain of thought; here a completion repeats itself when any n-gram of
`ngram_size` tokens occurs twice.
"""

from dataclasses import dataclass

from recipes.ranges import above_zero
from train.penalties import PENALTIES
from train.penalties.laser_d import LaserD
from train.penalties.repetition import repeats
from train.samples import Sample


@PENALTIES.register("laser_de")
@dataclass(frozen=True, kw_only=True)
class LaserDE(LaserD):
    """0 or bonus for correct answers, wrong or wrong + bonus for wrong ones."""

    ngram_size: int = 40

    def __post_init__(self) -> None:
        super().__post_init__()
        above_zero(ngram_size=self.ngram_size)

    def within(self, n: int, correct: bool, target: int) -> float:
        explores = not correct and n > target
        return super().within(n, correct, target) + self.bonus * explores

    def terms_of(self, samples: list[Sample], correct: list[bool]) -> list[float]:
        terms = super().terms_of(samples, correct)
        return [
            self.wrong if not right and term > self.wrong and self._repeats(sample) else term
            for term, right, sample in zip(terms, correct, samples, strict=True)
        ]

    def _repeats(self, sample: Sample) -> bool:
        return any(repeats(sample.tokens[: self.length(sample)], self.ngram_size))
