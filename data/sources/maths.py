"""Real maths problems with sampled constraints: what GSM8K, MATH and DeepScaleR share.

A source reads its rows; here each becomes a prompt with constraints. SFT targets: the data set's own worked solution is
the reasoning, and the response is written by the constructive satisfier, so it meets its constraints by construction.
"""

import random
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar, Literal, NamedTuple

from data.compose import MATHIF_SPACE, TINY_SPACE, compose
from data.constraints.draft import Material
from data.constraints.split import KINDS, Tier, require_counts
from data.example import Example, completion
from data.mirror import Row
from data.prompt import plain


class Problem(NamedTuple):
    """One row of a data set. reasoning: its worked solution, None where it has none; difficulty: its own scale."""

    question: str
    answer: str
    reasoning: str | None
    difficulty: int


@dataclass(frozen=True)
class MathsSource(ABC):
    """num_rows: how many problems, from the start of the file.

    num_constraints: how many constraints a prompt carries, drawn from uniformly
    kinds:           which tier of `data.constraints.split` they come from
    lengths:         `mathif` samples MathIF's argument ranges (up to 1,024 words), `short` those of the tiny world
    assembly:        `mathif` is MathIF's prompt, byte for byte; `plain` the problem, a blank line, the constraints
    """

    num_rows: int
    num_constraints: tuple[int, ...] = (0, 1, 2, 3)
    kinds: Tier = "train"
    lengths: Literal["mathif", "short"] = "mathif"
    assembly: Literal["mathif", "plain"] = "mathif"

    dataset: ClassVar[str]
    has_targets: ClassVar[bool] = True
    generated: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.num_rows < 1:
            raise ValueError(f"num_rows: found {self.num_rows}; expected at least 1")
        require_counts(self.num_constraints, self.kinds)

    def __len__(self) -> int:
        return self.num_rows

    @abstractmethod
    def rows(self) -> Iterator[Row]:
        """The data set's rows, in order."""

    @abstractmethod
    def problem(self, row: Row) -> Problem:
        """Raises UserError naming file and line for a row that is none."""

    @property
    def part(self) -> str:
        """The part of the data set that ids name."""
        return self.dataset

    def load(self, seed: int) -> Iterator[Example]:
        rng = random.Random(f"{self.dataset} {seed}")
        for index, row in enumerate(islice(self.rows(), self.num_rows)):
            yield self._example(f"{self.part}-{index}", self.problem(row), rng)

    def _example(self, identifier: str, problem: Problem, rng: random.Random) -> Example:
        space = MATHIF_SPACE if self.lengths == "mathif" else TINY_SPACE
        material = Material(problem.question, problem.answer)
        count = rng.choice(self.num_constraints)
        composed = compose(material, count, KINDS[self.kinds], space, rng)
        reasoning = problem.reasoning
        return Example(
            id=identifier,
            source=self.dataset,
            question=problem.question,
            answer=problem.answer,
            constraints=composed.constraints,
            difficulty=problem.difficulty,
            completion=None if reasoning is None else completion(reasoning, composed.witness),
            text=plain(problem.question, composed.constraints)
            if self.assembly == "plain"
            else None,
        )
