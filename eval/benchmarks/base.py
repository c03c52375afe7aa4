"""What a benchmark is, and the ones that are a file of problems with answers."""

from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar, Protocol

from data.example import Example
from data.held_out import QUESTION_SETS, QuestionSet
from data.mirror import Row
from eval.records import BOXED, Condition, Rules
from recipes.errors import UserError


class Benchmark(Protocol):
    """label: the name of its slice in tables and files. conditions: with constraints, without, or both. rules: how its
    completions are judged."""

    label: str
    conditions: tuple[Condition, ...]
    rules: ClassVar[Rules]

    def examples(self, seed: int) -> list[Example]: ...

    def __hash__(self) -> int: ...


def require_only(condition: Condition, found: tuple[Condition, ...], why: str) -> None:
    """Raises ValueError for a benchmark that is asked under another condition than its one."""
    if set(found) != {condition}:
        raise ValueError(f"conditions: found {list(found)}; expected [{condition}]: {why}")


@dataclass(frozen=True)
class ProblemSet:
    """Problems with an answer and without constraints: capability.

    limit: that many from the start of the file, None for all. Not in a recipe: `questions` of data/held_out, the key of the
    answer in a row.
    """

    limit: int | None = None
    conditions: tuple[Condition, ...] = ("without",)

    rules: ClassVar[Rules] = BOXED
    questions: ClassVar[str]
    answer_key: ClassVar[str] = "answer"

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise ValueError(f"limit: found {self.limit}; expected at least 1")
        require_only("without", self.conditions, "there are no constraints")

    @property
    def label(self) -> str:
        return self.questions

    def examples(self, seed: int) -> list[Example]:
        source: QuestionSet = QUESTION_SETS[self.questions]()
        return [
            self.example(key, row, source.key) for key, row in islice(source.rows(), self.limit)
        ]

    def example(self, key: str, row: Row, question_key: str) -> Example:
        return Example(
            id=f"{self.questions}/{key}",
            source=self.questions,
            question=str(row.values[question_key]).strip(),
            answer=self.gold(row),
        )

    def gold(self, row: Row) -> str:
        """Of a row. Raises UserError where there is none."""
        return text_of(row, self.answer_key)


def text_of(row: Row, key: str) -> str:
    """A text or a number of a row; of a list its only entry. Raises UserError for anything else."""
    value: Any = row.values.get(key)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if (
        isinstance(value, bool)
        or not isinstance(value, (str, int, float))
        or not str(value).strip()
    ):
        raise UserError(f"{row.where}: {key}: found {value!r}; expected an answer")
    return str(value).strip()
