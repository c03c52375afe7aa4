"""The tiny world's held-out problems: equally many for every difficulty and number of
constraints."""

import random
from dataclasses import dataclass
from typing import ClassVar

from data.constraints.split import KINDS, Tier
from data.example import Example
from data.sources.tiny import Tiny as TinySource
from eval.benchmarks import BENCHMARKS
from eval.records import BOXED, Condition, Rules


@BENCHMARKS.register("tiny")
@dataclass(frozen=True)
class Tiny:
    """per_cell problems for each pair of `steps` and `num_constraints`; all from the test split."""

    per_cell: int
    steps: tuple[int, ...] = (1, 2, 3, 4, 5, 6)
    num_constraints: tuple[int, ...] = (1, 2, 3)
    kinds: Tier = "train"
    label: str = "tiny"
    conditions: tuple[Condition, ...] = ("with", "without")

    rules: ClassVar[Rules] = BOXED

    def __post_init__(self) -> None:
        if self.per_cell < 1:
            raise ValueError(f"per_cell: found {self.per_cell}; expected at least 1")
        if max(self.num_constraints) > len(KINDS[self.kinds]):
            raise ValueError(
                f"num_constraints: found {max(self.num_constraints)}; {self.kinds} has {len(KINDS[self.kinds])} kinds"
            )

    def examples(self, seed: int) -> list[Example]:
        found: list[Example] = []
        for steps in self.steps:
            for count in self.num_constraints:
                source = TinySource(
                    self.per_cell,
                    (steps,),
                    (count,),
                    self.kinds,
                    split="test",
                    with_completion=False,
                )
                rng = random.Random(f"benchmark {self.kinds} {steps} {count} {seed}")
                found += [
                    source.example(f"{self.label}-{steps}-{count}-{index}", rng)
                    for index in range(self.per_cell)
                ]
        return found
