"""The tiny world: procedural word problems with sampled constraints; SFT targets are written by the
solver."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from data.compose import TINY_SPACE, compose
from data.constraints.split import KINDS, Tier, require_counts
from data.example import Example, completion
from data.sources import SOURCES
from data.tiny.problems import MAX_STEPS, Split, draw
from data.tiny.solution import CoT, material, reasoning


@SOURCES.register("tiny")
@dataclass(frozen=True)
class Tiny:
    """Settings of one part of the mixture; ranges and lists are drawn from uniformly, so repeat a
    value to weight it.

    steps:           how many steps a problem has
    num_constraints: how many constraints a prompt carries
    kinds:           which tier of `data.constraints.split` they come from
    cot:             the reasoning of the SFT target; for RL the target is ignored by the trainer
    """

    num_rows: int
    steps: tuple[int, ...] = (1, 2, 3, 4, 5, 6)
    num_constraints: tuple[int, ...] = (0, 1, 2, 3)
    kinds: Tier = "train"
    cot: tuple[CoT, ...] = ("short",)
    with_completion: bool = True
    split: Split = "train"

    generated = True

    def __post_init__(self) -> None:
        if self.num_rows < 1:
            raise ValueError(f"num_rows: found {self.num_rows}; expected at least 1")
        if not self.steps or not all(1 <= steps <= MAX_STEPS for steps in self.steps):
            raise ValueError(
                f"steps: found {list(self.steps)}; expected numbers from 1 to {MAX_STEPS}"
            )
        require_counts(self.num_constraints, self.kinds)

    @property
    def has_targets(self) -> bool:
        return self.with_completion

    def __len__(self) -> int:
        return self.num_rows

    def load(self, seed: int) -> Iterator[Example]:
        rng = random.Random(f"tiny {self} {seed}")
        for index in range(self.num_rows):
            yield self.example(f"tiny-{self.split}-{seed}-{index}", rng)

    def example(self, identifier: str, rng: random.Random) -> Example:
        problem = draw(rng, rng.choice(self.steps), self.split)
        facts = material(problem.question, problem.equations, rng)
        composed = compose(
            facts, rng.choice(self.num_constraints), KINDS[self.kinds], TINY_SPACE, rng
        )
        target = completion(reasoning(problem, rng.choice(self.cot), rng), composed.witness)
        return Example(
            id=identifier,
            source="tiny",
            question=problem.question,
            answer=problem.answer,
            constraints=composed.constraints,
            difficulty=len(problem.equations),
            completion=target if self.with_completion else None,
        )
