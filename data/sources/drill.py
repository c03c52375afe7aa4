"""Drills: the equations of tiny-world problems without their stories, with or without constraints.

A story spends 100 tokens on three equations, a drill 8 on each; with constraints it is half as long as a story with them
(docs/log.md). Only the base model's training uses it.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from data.compose import TINY_SPACE, compose
from data.constraints.split import KINDS, require_counts
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

    has_targets = True
    generated = True

    def __post_init__(self) -> None:
        if self.num_rows < 1:
            raise ValueError(f"num_rows: found {self.num_rows}; expected at least 1")
        if not self.num_equations or min(self.num_equations) < 1:
            found = list(self.num_equations)
            raise ValueError(f"num_equations: found {found}; expected numbers from 1")
        require_counts(self.num_constraints, self.kinds)

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
