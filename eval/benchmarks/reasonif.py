"""ReasonIF (https://arxiv.org/abs/2510.15211): 300 questions of five sources, each with one constraint on the chain of
thought.

HAcc is its instruction-following score; an empty trace follows nothing. The word limits in its file are gpt-oss-120b's,
about the 20th percentile of that model's traces: `word_limits` replaces them, by source, and figures compare only at equal
limits.
"""

from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar

from data.constraints.base import from_spec
from data.example import Example
from data.held_out import QUESTION_SETS, QuestionSet
from data.mirror import Row
from eval.benchmarks import BENCHMARKS
from eval.benchmarks.base import require_only, text_of
from eval.records import Condition, Rules
from recipes.errors import UserError

SOURCES = ("gsm8k", "arc", "amc", "aime", "gpqa")  # roughly from easy to hard
WORDS = "length_constraint_checkers:number_words"


@BENCHMARKS.register("reasonif")
@dataclass(frozen=True)
class ReasonIF:
    """limit: that many from the start of the file; word_limits: source -> words, None for the file's."""

    limit: int | None = None
    word_limits: dict[str, int] | None = None
    label: str = "reasonif"
    conditions: tuple[Condition, ...] = ("with",)

    rules: ClassVar[Rules] = Rules(official="reasoning", reasoning=True, fallbacks=True)

    def __post_init__(self) -> None:
        require_only("with", self.conditions, "the prompts hold their constraint")
        if unknown := set(self.word_limits or {}) - set(SOURCES):
            raise ValueError(
                f"word_limits: found {', '.join(sorted(unknown))}; expected some of {', '.join(SOURCES)}"
            )

    def __hash__(self) -> int:
        return hash((self.limit, str(self.word_limits), self.label))

    def examples(self, seed: int) -> list[Example]:
        source: QuestionSet = QUESTION_SETS["reasonif"]()
        return [self._example(key, row) for key, row in islice(source.rows(), self.limit)]

    def _example(self, key: str, row: Row) -> Example:
        values = row.values
        names, arguments = values.get("constraint_name"), values.get("constraint_args")
        if not (isinstance(names, list) and isinstance(arguments, list)) or len(names) != len(
            arguments
        ):
            raise UserError(
                f"{row.where}: constraint_name, constraint_args: expected two lists of one length"
            )
        origin = str(values.get("source"))
        given = [
            self._given(name, one or {}, origin) for name, one in zip(names, arguments, strict=True)
        ]
        text = text_of(row, "prompt")
        if WORDS in names and self.word_limits:
            old, new = (
                arguments[names.index(WORDS)]["num_words"],
                given[names.index(WORDS)]["num_words"],
            )
            text = text.replace(f"less than {old} words", f"less than {new} words")
        return Example(
            id=f"reasonif/{key}",
            source=origin,
            question=values["question"],
            answer=text_of(row, "answer"),
            constraints=tuple(
                from_spec(name, one, row.where) for name, one in zip(names, given, strict=True)
            ),
            difficulty=SOURCES.index(origin) + 1 if origin in SOURCES else 0,
            text=text,
        )

    def _given(self, name: str, arguments: dict[str, Any], origin: str) -> dict[str, Any]:
        """Its word limits are all upper ones."""
        if name != WORDS:
            return arguments
        limit = (self.word_limits or {}).get(origin, arguments.get("num_words"))
        return {"num_words": limit, "relation": "less than"}
