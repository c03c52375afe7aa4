"""IFEval (https://arxiv.org/abs/2311.07911): 541 prompts with 1 to 3 of 25 verifiable instructions; no answers.

Its four accuracies are hacc and sacc of the official verdicts, strict and loose: prompt level is hacc; instruction level is
over all 834 instructions (eval/score.py prints it). Keyed by position, because 17 prompts repeat an id.
"""

from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

from data.constraints.base import from_spec
from data.example import Example
from data.held_out import QUESTION_SETS, QuestionSet
from data.mirror import Row
from eval.benchmarks import BENCHMARKS
from eval.benchmarks.base import require_only
from eval.records import Condition, Rules
from recipes.errors import UserError


@dataclass(frozen=True)
class Instructions:
    """Prompts that spell their constraints out. limit: that many from the start, None for all."""

    limit: int | None = None
    conditions: tuple[Condition, ...] = ("with",)

    rules: ClassVar[Rules] = Rules(official="last_think", loose=True)
    questions: ClassVar[str]

    def __post_init__(self) -> None:
        require_only("with", self.conditions, "the prompts hold their constraints")

    @property
    def label(self) -> str:
        return self.questions

    def examples(self, seed: int) -> list[Example]:
        source: QuestionSet = QUESTION_SETS[self.questions]()
        rows = enumerate(islice(source.rows(), self.limit))
        return [self._example(f"{self.questions}/{number}", row) for number, (_, row) in rows]

    def _example(self, key: str, row: Row) -> Example:
        names, kwargs = (row.values.get(part) for part in ("instruction_id_list", "kwargs"))
        if not isinstance(names, list) or not isinstance(kwargs, list) or len(names) != len(kwargs):
            raise UserError(
                f"{row.where}: instruction_id_list, kwargs: expected two lists of one length"
            )
        pairs = zip(names, kwargs, strict=True)
        return Example(
            id=key,
            source=self.questions,
            question=row.values["prompt"],
            answer=None,
            constraints=tuple(from_spec(name, given, row.where) for name, given in pairs),
            text=row.values["prompt"],
        )


@BENCHMARKS.register("ifeval")
@dataclass(frozen=True)
class IFEval(Instructions):
    questions = "ifeval"
