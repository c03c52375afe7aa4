"""A teacher's reasoning traces from a file, for SFT on its chains of thought. `scripts/traces.py` writes such a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from data.example import Example
from data.mirror import Row, json_lines
from data.response import OPEN, split
from data.sources import SOURCES
from recipes.errors import UserError
from recipes.ranges import above_zero, require
from recipes.typed import build


@dataclass(frozen=True)
class TraceRow:
    """The keys of a row that are read.

    prompt:     what the teacher was asked, word for word; None: MathIF's assembly of the question
    question:   the problem alone, what benchmarks are compared with; None: the prompt
    completion: `<think>`, the reasoning, `</think>`, the response
    """

    completion: str
    question: str | None = None
    prompt: str | None = None
    answer: str | int | float | None = None
    id: str | int | None = None

    def __post_init__(self) -> None:
        if self.question is None and self.prompt is None:
            raise ValueError("missing key 'question' or 'prompt'")
        whole = self.completion.lstrip().startswith(OPEN)
        whole = whole and split(self.completion).outcome == "closed"
        expected = "<think>, the reasoning, </think>, the response (some templates keep <think> in the prompt: put it back)"
        require(whole, "completion", f"{self.completion[:40]}...", expected)


@SOURCES.register("traces")
@dataclass(frozen=True)
class Traces:
    """path: a file of JSON lines; num_rows: how many traces, from its start, None for all."""

    path: str
    num_rows: int | None = None

    has_targets = True
    generated = False

    def __post_init__(self) -> None:
        if self.num_rows is not None:
            above_zero(num_rows=self.num_rows)

    def __len__(self) -> int:
        if self.num_rows is not None:
            return self.num_rows
        with self._file().open("rb") as file:
            return sum(bool(line.strip()) for line in file)

    def load(self, seed: int) -> Iterator[Example]:
        for number, row in enumerate(islice(json_lines(self._file()), self.num_rows)):
            yield _example(row, number)

    def _file(self) -> Path:
        """Raises UserError when there is none."""
        path = Path(self.path)
        if not path.is_file():
            raise UserError(f"data {path}: no such file; scripts/traces.py writes one")
        return path


def _example(row: Row, number: int) -> Example:
    keys = TraceRow.__dataclass_fields__
    given = {key: row.values[key] for key in keys if key in row.values}
    trace = build(TraceRow, given, row.where)
    return Example(
        id=f"traces-{number if trace.id is None else trace.id}",
        source="traces",
        question=trace.question or trace.prompt or "",
        answer=None if trace.answer is None else str(trace.answer),
        completion=trace.completion,
        text=trace.prompt,
    )
