"""Instructions of one's own, from a file of JSON lines: open-ended requests, the seeds of `levels`.

There is no answer to grade. "Beyond the Trade-off" drew 3,000 from OpenAssistant, Self-Instruct, Super-NaturalInstructions
and Infinity-Instruct.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from data.example import Example
from data.mirror import json_lines
from data.sources import SOURCES
from recipes.errors import UserError
from recipes.ranges import above_zero


@SOURCES.register("instructions")
@dataclass(frozen=True)
class Instructions:
    """path: a file of JSON lines; column: which key holds the request; num_rows: from its start, None for all."""

    path: str
    column: str = "instruction"
    num_rows: int | None = None

    has_targets = False
    generated = False

    def __post_init__(self) -> None:
        if self.num_rows is not None:
            above_zero(num_rows=self.num_rows)

    def __len__(self) -> int:
        with self._file().open("rb") as file:
            found = sum(bool(line.strip()) for line in file)
        return found if self.num_rows is None else min(found, self.num_rows)

    def load(self, seed: int) -> Iterator[Example]:
        for number, row in enumerate(islice(json_lines(self._file()), self.num_rows)):
            text = row.values.get(self.column)
            if not isinstance(text, str) or not text.strip():
                raise UserError(f"{row.where}: {self.column}: found {text!r}; expected a request")
            yield Example(
                f"instructions-{number}", "instructions", text.strip(), None, text=text.strip()
            )

    def _file(self) -> Path:
        """Raises UserError when there is none."""
        path = Path(self.path)
        if not path.is_file():
            raise UserError(
                f"data: instructions: path: found {self.path!r}, which is no file; expected JSON lines such as "
                f'{{"{self.column}": "Write a letter to ..."}}'
            )
        return path
