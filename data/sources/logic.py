"""LogicIF for training: instructions to carry out a procedure by hand, from random programs (data/logic).

One example for each case of an instance. `answer` is None: the gold is JSON, in the column `gold`, and reward `logic` reads
it. The tiny tier has SFT targets, whose reasoning is the interpreter's trace; with `with_completion` false it is for RL.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from data.example import Example
from data.logic.difficulty import LEVELS, Level
from data.logic.generate import Generator
from data.logic.instance import CoT
from data.logic.rules import MIN_CASES, NUM_CASES
from data.logic.tiers import TierName
from data.sources import SOURCES
from data.tiny.problems import Split


@SOURCES.register("logic")
@dataclass(frozen=True)
class Logic:
    """num_rows examples, `num_cases` of them from each program.

    tier:       full, or tiny for the tiny world's model
    levels:     drawn from uniformly; by the fixed cut points of data.logic.levels
    difficulty: lowest and highest score (data.logic.difficulty), both included; None for all
    plain:      one wording for each construct, and names in order, for models that can read no more
    cot:        the reasoning of an SFT target, drawn uniformly: the interpreter's trace, or none
    split:      train; test programs and their wording are the benchmark's
    """

    num_rows: int
    tier: TierName = "full"
    levels: tuple[Level, ...] = LEVELS
    difficulty: tuple[float, float] | None = None
    num_cases: int = NUM_CASES
    with_completion: bool = False
    cot: tuple[CoT, ...] = ("trace",)
    plain: bool = False
    split: Split = "train"

    generated = True

    def __post_init__(self) -> None:
        if self.num_rows < 1:
            raise ValueError(f"num_rows: found {self.num_rows}; expected at least 1")
        if self.num_cases < MIN_CASES:
            raise ValueError(f"num_cases: found {self.num_cases}; expected at least {MIN_CASES}")
        if self.with_completion and self.tier != "tiny":
            raise ValueError(
                "with_completion: found true; expected false, or tier tiny, whose reasoning is written by the interpreter"
            )
        _ = self.generator

    @property
    def generator(self) -> Generator:
        return Generator(
            self.tier,
            self.split,
            self.levels,
            num_cases=self.num_cases,
            scores=self.difficulty,
            plain=self.plain,
        )

    @property
    def has_targets(self) -> bool:
        return self.with_completion

    def __len__(self) -> int:
        return self.num_rows

    def load(self, seed: int) -> Iterator[Example]:
        return islice(self._examples(seed), self.num_rows)

    def _examples(self, seed: int) -> Iterator[Example]:
        rng = random.Random(f"logic {self} {seed}")
        for instance in self.generator.instances(f"{self.tier}-{self.split}-{seed}"):
            for number in range(self.num_cases):
                cot = rng.choice(self.cot) if self.with_completion else None
                yield instance.example(number, "logic", cot)
