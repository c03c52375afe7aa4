"""Drills: the equations of tiny-world problems without their stories, with or without constraints.

A story spends 100 tokens on three equations; a drill spends 8 tokens on each, and one with constraints
60 on each constraint. Only the base model's training uses it.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from data.compose import TINY_SPACE, compose
from data.constraints.split import KINDS
from data.example import Example, completion
from data.sources import SOURCES
from data.tiny.problems import MAX_STEPS, Equation, draw
from data.tiny.solution import material


@SOURCES.register("drill")
@dataclass(frozen=True)
class Drill:
    """num_rows drills; lists are drawn from uniformly. The answer is the last result.

    num_equations:   how many equations a drill has
    num_constraints: how many constraints its prompt carries
    kinds:           which tier of `data.constraints.split` they come from
    """

    num_rows: int
    num_equations: tuple[int, ...] = (12,)
    num_constraints: tuple[int, ...] = (0,)
    kinds: Literal["train", "base"] = "base"

    def __post_init__(self) -> None:
        if self.num_rows < 1:
            raise ValueError(f"num_rows: found {self.num_rows}; expected at least 1")
        if not self.num_equations or min(self.num_equations) < 1:
            found = list(self.num_equations)
            raise ValueError(f"num_equations: found {found}; expected numbers from 1")
        most = len(KINDS[self.kinds])
        if not self.num_constraints or not all(0 <= k <= most for k in self.num_constraints):
            found = list(self.num_constraints)
            raise ValueError(f"num_constraints: found {found}; expected numbers from 0 to {most}")

    def __len__(self) -> int:
        return self.num_rows

    def load(self, seed: int) -> Iterator[Example]:
        rng = random.Random(f"drill {self} {seed}")
        for index in range(self.num_rows):
            yield self.example(f"drill-{seed}-{index}", rng)

    def example(self, identifier: str, rng: random.Random) -> Example:
        drawn: list[Equation] = []
        wanted = rng.choice(self.num_equations)
        while len(drawn) < wanted:
            drawn += draw(rng, MAX_STEPS, "train").equations
        equations = tuple(rng.sample(drawn, wanted))
        question = "Work out: " + "; ".join(str(e).partition("=")[0] for e in equations) + "."
        facts = material(question, equations, rng)
        count = rng.choice(self.num_constraints)
        composed = compose(facts, count, KINDS[self.kinds], TINY_SPACE, rng)
        return Example(
            id=identifier,
            source="drill",
            question=question,
            answer=facts.answer,
            constraints=composed.constraints,
            completion=completion("\n".join(map(str, equations)), composed.witness),
        )
