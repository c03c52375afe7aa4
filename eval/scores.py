"""Scores of one checkpoint from its records, with 95 % intervals by bootstrap over problems (eval/resamples.py).

A score is the mean over records. With k samples of every problem that is avg@k; where problems have different numbers of
records (undecided gradings and, for `_completed`, truncated records are left out) it stays the share among those records.
All metrics and slices see the same resamples.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from data.constraints.base import CONSTRAINTS
from eval.measured import (
    COMPLETED,
    LENGTHS,
    PLACE,
    QUESTION_MET,
    QUESTIONS,
    Measured,
    measure,
)
from eval.records import Record
from eval.resamples import intervals

COT_BINS = 6  # as in MathIF's figure 6
# 0 among completed records, whatever they are; or of several records together.
NEVER_COMPLETED = ("truncation_rate", *QUESTIONS, QUESTION_MET)


class Score(NamedTuple):
    """`metric` ends in `_completed` where truncated records are left out; `slice` is "all" or e.g. "difficulty=3"; value,
    low and high in the metric's own unit; n problems behind it."""

    metric: str
    slice: str
    value: float
    low: float
    high: float
    n: int


class _Column(NamedTuple):
    """values: of the records that say something; problem: whose they are (parallel)."""

    metric: str
    slice: str
    problem: np.ndarray
    values: np.ndarray


def scores(records: Sequence[Record], seed: int = 0) -> list[Score]:
    """`scores_of` records that are in memory, with CoT-length bins of their own."""
    measured = measure(records)
    return scores_of(measured, cot_edges([measured]), seed)


def cot_edges(measured: Iterable[Measured]) -> tuple[float, ...]:
    """Inner edges of COT_BINS equally full bins of reasoning tokens over all records; fewer where lengths coincide."""
    lengths = [part.values[:, PLACE["reasoning_tokens"]] for part in measured]
    inner = np.arange(1, COT_BINS) / COT_BINS
    return tuple(np.unique(np.quantile(np.concatenate(lengths), inner, method="lower")).tolist())


def scores_of(measured: Measured, edges: tuple[float, ...], seed: int = 0) -> list[Score]:
    """Every metric and its `_completed`, overall and by difficulty, number of constraints, source and CoT length (`edges`:
    of the whole sweep, so that bins are the same for all checkpoints); compliance also by kind and polarity. What no record
    speaks about is left out."""
    columns = [column for column in _columns(measured, edges) if len(column.values)]
    sums, counts = np.zeros((2, len(measured.problems), len(columns)))
    for number, column in enumerate(columns):
        sums[:, number] = np.bincount(column.problem, column.values, len(measured.problems))
        counts[:, number] = np.bincount(column.problem, minlength=len(measured.problems))
    low, high = intervals(sums, counts, measured.strata, seed)
    return [
        _score(column, int(n), bounds)
        for column, n, *bounds in zip(columns, (counts > 0).sum(axis=0), low, high, strict=True)
    ]


def _score(column: _Column, n: int, bounds: list[float]) -> Score:
    low, high = map(float, bounds)
    if column.metric.removesuffix(COMPLETED) not in LENGTHS:
        low, high = _open_ended(low, high, n)
    return Score(column.metric, column.slice, float(column.values.mean()), low, high, n)


def _columns(measured: Measured, edges: tuple[float, ...]) -> Iterator[_Column]:
    slices = [(name, np.flatnonzero(mask)) for name, mask in _slices(measured, edges)]
    for metric in PLACE:
        for completed in (False, True) if metric not in NEVER_COMPLETED else (False,):
            label = metric + COMPLETED * completed
            values = measured.column(label)
            known = ~np.isnan(values)
            for name, rows in slices:
                found = rows[known[rows]]
                yield _Column(label, name, measured.problem[found], values[found])
    for metric, name, rows, met in _by_kind(measured):
        yield _Column(metric, name, measured.problem[rows], met)
        if metric in NEVER_COMPLETED:
            continue
        whole = ~measured.truncated[rows]
        yield _Column(metric + COMPLETED, name, measured.problem[rows[whole]], met[whole])


@cache
def forbidding() -> frozenset[str]:
    """Kinds of negative constraints."""
    classes: dict[str, Any] = {kind: CONSTRAINTS[kind] for kind in CONSTRAINTS}
    return frozenset(kind for kind, found in classes.items() if found.forbids)


def _by_kind(measured: Measured) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
    """Metric, slice, record and verdict of every constraint: of each kind, of those that forbid something and of those that
    ask for something, and of all (IFEval's instruction level)."""
    together: dict[tuple[str, str], list[tuple[np.ndarray, np.ndarray]]] = {}
    for (metric, kind), found in measured.kinds.items():
        yield metric, f"kind={kind}", *found
        polarity = "negative" if kind in forbidding() else "positive"
        for name in ("all", f"polarity={polarity}"):
            together.setdefault((metric, name), []).append(found)
    for (metric, name), parts in sorted(together.items()):
        rows, met = map(np.concatenate, zip(*parts, strict=True))
        yield metric, name, rows, met


def _slices(measured: Measured, edges: tuple[float, ...]) -> Iterator[tuple[str, np.ndarray]]:
    """Names, and which records (a mask) they hold."""
    yield "all", np.ones(len(measured.keys), bool)
    for name, found in measured.slices.items():
        for value in sorted(set(found), key=str):
            yield f"{name}={value}", found == value
    lengths = measured.values[:, PLACE["reasoning_tokens"]]
    bins = np.searchsorted(edges, lengths, side="left")
    for number in range(len(edges) + 1):
        yield f"cot_bin={number + 1} ({_span(edges, number)})", bins == number


def _span(edges: tuple[float, ...], number: int) -> str:
    """`36-80`: the whole numbers of tokens that lie above one edge and not above the next."""
    low = int(edges[number - 1]) + 1 if number else 0
    return f"{low}-{int(edges[number])}" if number < len(edges) else f"{low}-"


def _open_ended(low: float, high: float, n: int) -> tuple[float, float]:
    """At 0 % and 100 % the bootstrap has no width; the exact (Clopper-Pearson) bound for n problems has."""
    if low == high == 0.0:
        return 0.0, 100.0 * (1 - 0.025 ** (1 / n))
    if low == high == 100.0:
        return 100.0 * 0.025 ** (1 / n), 100.0
    return low, high
