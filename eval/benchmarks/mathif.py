"""MathIF (https://arxiv.org/abs/2505.14810): 420 problems of five sources with 1 to 3 constraints.

Four of them no response can satisfy: `official` figures are of all 420, and both scorers' of the other 416 too (slice
satisfiable=True). Its files: data/held_out/mathif.py.
"""

from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

from data.compose import conflicts
from data.constraints.base import Constraint, from_spec
from data.example import Example
from data.held_out.mathif import COUNTS, SOURCES, read_file
from data.mirror import Row
from eval.benchmarks import BENCHMARKS
from eval.records import BOXED, Condition, Rules
from recipes.errors import UserError

_KEYS = ("question", "answer", "constraint_desc", "constraint_name", "constraint_args")


@BENCHMARKS.register("mathif")
@dataclass(frozen=True)
class MathIF:
    """limit: rows per file (30 or 20 each), None for all 420."""

    limit: int | None = None
    label: str = "mathif"
    conditions: tuple[Condition, ...] = ("with", "without")

    rules: ClassVar[Rules] = BOXED

    def examples(self, seed: int) -> list[Example]:
        found: list[Example] = []
        for level, source in enumerate(SOURCES, start=1):
            for count in COUNTS:
                rows = islice(read_file(source, count, _KEYS), self.limit)
                found += [_example(key, row, source, level) for key, row in rows]
        return found


def _example(key: str, row: Row, source: str, level: int) -> Example:
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
        id=key,
        source=source,
        question=values["question"],
        answer=str(values["answer"]),
        constraints=constraints,
        difficulty=level,
        satisfiable=not conflicts(constraints, values["question"]),
    )
