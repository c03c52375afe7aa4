"""GSM8K (https://arxiv.org/abs/2110.14168); its `<<calculator>>` marks are taken out of the worked solutions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from data.mirror import Row, read_rows
from data.sources import SOURCES
from data.sources.maths import MathsSource, Problem
from recipes.errors import UserError

_MARKS = re.compile(r"<<[^<>]*>>")


def mirror_file(split: str) -> str:
    return f"gsm8k/{split}.jsonl"


def hub_file(split: str) -> tuple[str, str]:
    return "openai/gsm8k", f"main/{split}-00000-of-00001.parquet"


def solved(row: Row) -> tuple[str, str]:
    """The worked solution of a row and its gold. Raises UserError where no gold follows `####`."""
    solution, mark, answer = row.values["answer"].rpartition("####")
    if not mark or not answer.strip():
        raise UserError(f"{row.where}: answer: found no '#### N'; expected the gold after '####'")
    return solution.strip(), answer.strip().replace(",", "")


@SOURCES.register("gsm8k")
@dataclass(frozen=True)
class GSM8K(MathsSource):
    """7,473 problems in train, 1,319 in test; difficulty: the number of steps of the worked solution."""

    num_rows: int = 7473
    split: Literal["train", "test"] = "train"

    dataset = "gsm8k"

    @property
    def part(self) -> str:
        return f"{self.dataset}-{self.split}"

    def rows(self) -> Iterator[Row]:
        return read_rows(mirror_file(self.split), hub_file(self.split), ("question", "answer"))

    def problem(self, row: Row) -> Problem:
        steps, gold = solved(row)
        return Problem(
            question=row.values["question"].strip(),
            answer=gold,
            reasoning=_MARKS.sub("", steps),
            difficulty=steps.count("\n") + 1,
        )
