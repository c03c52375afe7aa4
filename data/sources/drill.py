"""Arithmetic drills: the equations of several tiny-world problems without their stories.

A story spends 100 tokens on three equations; a drill spends 8 tokens on each. Only the base model's training uses it.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from data.example import Example, completion
from data.sources import SOURCES
from data.tiny.problems import MAX_STEPS, Equation, draw


@SOURCES.register("drill")
@dataclass(frozen=True)
class Drill:
    """num_rows drills of `num_equations` equations each; the answer is the last result."""

    num_rows: int
    num_equations: int = 12

    def __post_init__(self) -> None:
        if self.num_rows < 1 or self.num_equations < 1:
            found = f"{self.num_rows} and {self.num_equations}"
            raise ValueError(f"num_rows, num_equations: found {found}; expected at least 1")

    def __len__(self) -> int:
        return self.num_rows

    def load(self, seed: int) -> Iterator[Example]:
        rng = random.Random(f"drill {seed}")
        for index in range(self.num_rows):
            equations: list[Equation] = []
            while len(equations) < self.num_equations:
                equations += draw(rng, MAX_STEPS, "train").equations
            equations = rng.sample(equations, self.num_equations)
            answer = str(equations[-1].result)
            question = "Work out: " + "; ".join(str(e).partition("=")[0] for e in equations) + "."
            target = completion(
                "\n".join(map(str, equations)), rf"The last result is \boxed{{{answer}}}."
            )
            yield Example(f"drill-{seed}-{index}", "drill", question, answer, completion=target)
