r"""MATH (https://arxiv.org/abs/2103.03874); the gold is the last `\boxed{}` of the worked solution."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from data.answers import final_answer
from data.mirror import Row, read_rows
from data.sources import SOURCES
from data.sources.maths import MathsSource, Problem
from recipes.errors import UserError

_LEVEL = re.compile(r"Level ([1-5])$")


@SOURCES.register("math")
@dataclass(frozen=True)
class MATH(MathsSource):
    """7,500 problems in train, 5,000 in test; difficulty: the level, 1 to 5 (0 for the few without one)."""

    num_rows: int = 7500
    split: Literal["train", "test"] = "train"

    dataset = "math"

    @property
    def part(self) -> str:
        return f"{self.dataset}-{self.split}"

    def rows(self) -> Iterator[Row]:
        hub = ("DigitalLearningGmbH/MATH-lighteval", f"data/{self.split}-00000-of-00001.parquet")
        return read_rows(f"math/{self.split}.jsonl", hub, ("problem", "solution", "level"))

    def problem(self, row: Row) -> Problem:
        solution = row.values["solution"].strip()
        answer = final_answer(solution)
        if not answer:
            raise UserError(
                f"{row.where}: solution: found no \\boxed{{}}; expected the gold in one"
            )
        level = _LEVEL.match(row.values["level"])
        return Problem(
            row.values["problem"].strip(), answer, solution, int(level[1]) if level else 0
        )
