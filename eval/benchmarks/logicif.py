"""LogicIF (https://arxiv.org/abs/2508.09125): procedures to carry out by hand, with state trackers; compliance.

What has to be stated are two constraints on the response, `logic:output` and `logic:state`, so that HAcc is the paper's Both
on the level of cases, and the rates of the two kinds are Output and State. Its question level (all cases of a function) is
`question_hacc`, and `question_met` of the two kinds; functions are what intervals resample. More cases make a function
harder: figures compare at equal numbers of cases only.

Without `rows` the functions are ours (data/logic/benchmark.py); upstream's rows are theirs to give.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Self

from data.constraints.base import Constraint, Space
from data.example import Example
from data.logic import benchmark
from data.logic.answer import Rule, Score, Stated, score
from data.logic.difficulty import LEVELS, Level, terciles
from data.logic.program import constructs
from data.logic.tiers import HELD_OUT_CONSTRUCTS, TierName
from data.mirror import Row, json_lines
from eval.benchmarks import BENCHMARKS
from eval.benchmarks.base import require_only
from eval.records import Condition, Rules
from recipes.errors import UserError

GOLD = {"output", "stats"}
HELD_OUT = (
    "logicif, held-out constructs"  # source of functions with one that no training program has
)


@lru_cache(maxsize=4096)
def _scored(response: str, gold: str, rule: Rule) -> Score:
    """Both constraints ask for it."""
    return score(response, Stated.loads(gold), rule)


@dataclass(frozen=True)
class Asked(Constraint):
    """gold: JSON {output, stats}; rule: data.logic.answer. It belongs to its prompt and cannot be composed."""

    gold: str
    rule: Rule = "strict"

    def found(self, response: str) -> Score:
        return _scored(response, self.gold, self.rule)

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        raise NotImplementedError(f"{cls.name} comes with a procedure")


class Output(Asked):
    name = "logic:output"

    def official(self, response: str) -> bool:
        return self.found(response).output

    def describe(self) -> str:
        return f"The output is {Stated.loads(self.gold).output!r}."


class State(Asked):
    name = "logic:state"

    def official(self, response: str) -> bool:
        return self.found(response).state

    def describe(self) -> str:
        stats = Stated.loads(self.gold).stats
        return f"The counts are {', '.join(f'{key} = {value!r}' for key, value in stats.items())}."


@BENCHMARKS.register("logicif")
@dataclass(frozen=True)
class LogicIF:
    """tier, levels, plain: of ours; full, or tiny for the tiny world's model; in one plain wording, which is not held out.
    limit: that many functions of each level, None for all 100. rows: a file of upstream's rows (task_id, test_case_id,
    instruction, code_output), which upstream's equality scores; its levels are terciles of its scores of difficulty, as in
    the paper. None for ours
    """

    tier: TierName = "full"
    limit: int | None = None
    levels: tuple[Level, ...] = LEVELS
    plain: bool = False
    rows: str | None = None
    label: str = "logicif"
    conditions: tuple[Condition, ...] = ("with",)

    rules: ClassVar[Rules] = Rules(official="last_think")

    def __post_init__(self) -> None:
        require_only("with", self.conditions, "what has to be stated is the task itself")
        if self.limit is not None and self.limit < 1:
            raise ValueError(f"limit: found {self.limit}; expected at least 1")

    def examples(self, seed: int) -> list[Example]:
        return list(self._ours() if self.rows is None else self._theirs(Path(self.rows)))

    def _ours(self) -> Iterator[Example]:
        """Of each level the same number, with as large a share of held-out constructs as in the whole."""
        for level in self.levels:
            found = [
                one for one in benchmark.instances(self.tier, self.plain) if one.level == level
            ]
            count = len(found) if self.limit is None else min(self.limit, len(found))
            for place in range(count):
                instance = found[place * len(found) // count]
                source = (
                    HELD_OUT if constructs(instance.program) & {*HELD_OUT_CONSTRUCTS} else "logicif"
                )
                for row in instance.rows():
                    yield _example(row, source, LEVELS.index(level) + 1, "strict")

    def _theirs(self, path: Path) -> Iterator[Example]:
        if not path.is_file():
            raise UserError(f"logicif: rows: {path}: no such file; expected upstream's JSON lines")
        found = [_checked(row) for row in json_lines(path)]
        scores = {row["task_id"]: _difficulty(row) for row in found}
        levels = dict(zip(scores, terciles(list(scores.values())), strict=True))
        for row in found:
            yield _example(row, "logicif", LEVELS.index(levels[row["task_id"]]) + 1, "upstream")


def _checked(row: Row) -> dict[str, Any]:
    values = row.values
    for key, kind in (("task_id", str), ("test_case_id", int), ("instruction", str), ("code_output", dict)):  # fmt: skip
        if not isinstance(values.get(key), kind):
            raise UserError(
                f"{row.where}: {key}: found {values.get(key)!r}; expected {kind.__name__}, as in LogicIF's rows"
            )
    if values["code_output"].keys() != GOLD or not isinstance(values["code_output"]["stats"], dict):
        raise UserError(f"{row.where}: code_output: expected keys output and stats, a mapping")
    return values


def _difficulty(row: dict[str, Any]) -> float:
    """Older rows have `complexity_score`."""
    metrics = row.get("complexity_metrics") or {}
    return float(metrics.get("code_complexity_score", row.get("complexity_score", 0.0)))


def _example(row: dict[str, Any], source: str, difficulty: int, rule: Rule) -> Example:
    gold = Stated(row["code_output"]["output"], row["code_output"]["stats"]).dumps()
    return Example(
        id=f"logicif/{row['task_id']}/{row['test_case_id']}",
        source=source,
        question=row["instruction"],
        answer=None,
        constraints=(Output(gold, rule), State(gold, rule)),
        difficulty=difficulty,
        text=row["instruction"],
        problem_id=f"logicif/{row['task_id']}",
    )
