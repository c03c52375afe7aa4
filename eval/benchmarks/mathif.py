"""MathIF (https://arxiv.org/abs/2505.14810): 420 problems of five sources with 1 to 3 constraints.

Scored with the `repaired` checkers. Rows are keyed by (file, id), because ids of gsm8k_double
repeat those of gsm8k_single.
"""

from dataclasses import dataclass

from data.constraints.base import Constraint, from_spec
from data.example import Example
from data.mirror import Row, read_rows
from eval.benchmarks import BENCHMARKS
from eval.records import Condition
from recipes.errors import UserError

SOURCES = (
    "gsm8k",
    "math500",
    "minerva",
    "olympiad",
    "aime",
)  # in order of difficulty, as the paper has them
COUNTS = ("single", "double", "triple")
HUB = "TingchenFu/MathIF"
_KEYS = ("id", "question", "answer", "constraint_desc", "constraint_name", "constraint_args")


@BENCHMARKS.register("mathif")
@dataclass(frozen=True)
class MathIF:
    """limit: rows per file (30 or 20 each), None for all 420."""

    limit: int | None = None
    label: str = "mathif"
    conditions: tuple[Condition, ...] = ("with", "without")

    def examples(self, seed: int) -> list[Example]:
        found: list[Example] = []
        for level, source in enumerate(SOURCES, start=1):
            for count in COUNTS:
                file = f"{source}_{count}"
                rows = list(read_rows(f"mathif/{file}.jsonl", (HUB, f"{file}.jsonl"), _KEYS))
                found += [_example(row, file, source, level) for row in rows[: self.limit]]
        return found


def _example(row: Row, file: str, source: str, level: int) -> Example:
    values = row.values
    names, arguments, texts = (values[f"constraint_{part}"] for part in ("name", "args", "desc"))
    if not len(names) == len(arguments) == len(texts):
        raise UserError(
            f"{row.where}: constraint_name, _args, _desc: found {len(names)}, {len(arguments)}, {len(texts)}"
        )
    constraints: tuple[Constraint, ...] = tuple(
        from_spec(name, kwargs, row.where) for name, kwargs in zip(names, arguments, strict=True)
    )
    for constraint, text in zip(constraints, texts, strict=True):
        if constraint.describe() != text:
            raise UserError(
                f"{row.where}: {constraint.name}: found {text!r}; our wording is {constraint.describe()!r}"
            )
    return Example(
        id=f"{file}/{values['id']}",
        source=source,
        question=values["question"],
        answer=str(values["answer"]),
        constraints=constraints,
        difficulty=level,
    )
