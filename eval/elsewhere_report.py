"""The table that `eval.score mathif | ifeval | ...` prints: each figure with its 95 % interval over problems."""

from collections.abc import Callable

import numpy as np
from rich.table import Table

from eval.records import Record, Rules
from eval.resamples import intervals

Counts = tuple[float, float]  # met, of how many
Figure = tuple[str, Callable[[Record], Counts | None]]


def _prompt(verdicts: Callable[[Record], list[bool]]) -> Callable[[Record], Counts | None]:
    """Share of prompts of which all constraints are met."""
    return lambda record: (float(all(verdicts(record))), 1) if verdicts(record) else None


def _instruction(verdicts: Callable[[Record], list[bool]]) -> Callable[[Record], Counts | None]:
    """Share of constraints that are met, each counted once (IFEval's instruction level)."""
    return lambda record: (float(sum(verdicts(record))), len(verdicts(record))) if verdicts(record) else None  # fmt: skip


def _mean(verdicts: Callable[[Record], list[bool]]) -> Callable[[Record], Counts | None]:
    """Mean over prompts of the share that is met (MathIF's SAcc)."""
    return lambda record: (sum(verdicts(record)) / len(verdicts(record)), 1) if verdicts(record) else None  # fmt: skip


def _satisfiable(
    measure: Callable[[Record], Counts | None],
) -> Callable[[Record], Counts | None]:
    return lambda record: measure(record) if record.satisfiable else None


def _accuracy(condition: str) -> Callable[[Record], Counts | None]:
    return lambda r: (float(r.correct), 1) if r.condition == condition and r.correct is not None else None  # fmt: skip


def _joint(correct: bool, followed: bool) -> Callable[[Record], Counts | None]:
    def measure(record: Record) -> Counts | None:
        if record.correct is None or not record.met_official:
            return None
        found = (record.correct, all(record.met_official))
        return float(found == (correct, followed)), 1

    return measure


def official(record: Record) -> list[bool]:
    return record.met_official


def repaired(record: Record) -> list[bool]:
    return record.met


def loose(record: Record) -> list[bool]:
    return record.met_loose


def figures(rules: Rules) -> list[Figure]:
    if rules.loose:
        return [
            ("prompt strict", _prompt(official)),
            ("instruction strict", _instruction(official)),
            ("prompt loose", _prompt(loose)),
            ("instruction loose", _instruction(loose)),
            ("prompt strict, repaired checkers", _prompt(repaired)),
            ("instruction strict, repaired checkers", _instruction(repaired)),
        ]
    return [
        ("HAcc, official", _prompt(official)),
        ("SAcc, official", _mean(official)),
        ("HAcc, official, satisfiable rows", _satisfiable(_prompt(official))),
        ("HAcc, repaired, satisfiable rows", _satisfiable(_prompt(repaired))),
        ("SAcc, repaired, satisfiable rows", _satisfiable(_mean(repaired))),
        ("correct, with constraints", _accuracy("with")),
        ("correct, without", _accuracy("without")),
        ("correct and followed", _joint(True, True)),
        ("correct, not followed", _joint(True, False)),
        ("followed, not correct", _joint(False, True)),
        ("neither", _joint(False, False)),
    ]


def table(records: list[Record], rules: Rules, title: str) -> Table:
    """Figures about which no record says anything are left out."""
    found = Table("", "%", "95 % interval", "of", title=title)
    problems = {record.problem: (record.difficulty, record.num_constraints) for record in records}
    place = {problem: index for index, problem in enumerate(problems)}
    asked = figures(rules)
    sums, counts = np.zeros((2, len(problems), len(asked)))
    for record in records:
        for column, (_, measure) in enumerate(asked):
            if (value := measure(record)) is not None:
                sums[place[record.problem], column] += 100 * value[0]
                counts[place[record.problem], column] += value[1]
    low, high = intervals(sums, counts, tuple(problems.values()))
    for column, (name, _) in enumerate(asked):
        if total := counts[:, column].sum():
            value = sums[:, column].sum() / total
            found.add_row(
                name, f"{value:.2f}", f"{low[column]:.2f} to {high[column]:.2f}", f"{total:,.0f}"
            )
    return found
