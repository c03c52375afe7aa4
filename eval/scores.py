"""Scores of one checkpoint from its records, with 95 % intervals by bootstrap over problems.

Problems are resampled within their strata (difficulty x number of constraints), because the
benchmark fixes how many there are of each; all records of a problem move together, and all metrics and
slices see the same resamples. HAcc and SAcc as in MathIF (https://arxiv.org/abs/2505.14810).
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from eval.records import Record

NUM_RESAMPLES = 2000


class Score(NamedTuple):
    """`slice` is "all" or e.g. "difficulty=3"; value, low and high in the metric's own unit; n
    problems behind it."""

    metric: str
    slice: str
    value: float
    low: float
    high: float
    n: int


Stratum = tuple[int, int]  # difficulty, number of constraints
Measure = Callable[[Record], float | None]


def _accuracy(condition: str) -> Measure:
    def measure(record: Record) -> float | None:
        if record.condition != condition or record.correct is None:
            return None  # an undecided grading is left out; `undecided` counts it
        return 100.0 * record.correct

    return measure


def _with_constraints(value: Callable[[Record], float]) -> Measure:
    return lambda record: value(record) if record.met else None


# Percentages for rates, tokens for lengths. None: the record says nothing about this metric.
METRICS: dict[str, Measure] = {
    "accuracy_without": _accuracy("without"),
    "accuracy_with": _accuracy("with"),
    "hacc": _with_constraints(lambda r: 100.0 * all(r.met)),
    "sacc": _with_constraints(lambda r: 100.0 * sum(r.met) / len(r.met)),
    "correct_and_hacc": _with_constraints(lambda r: 100.0 * (all(r.met) and r.correct is True)),
    "reasoning_tokens": lambda r: float(r.reasoning_tokens),
    "response_tokens": lambda r: float(r.response_tokens),
    "truncation_rate": lambda r: 100.0 * r.truncated,
    "unterminated_rate": lambda r: 100.0 * (r.outcome == "unterminated"),
    "undecided": lambda r: 100.0 * (r.correct is None),
}
LENGTHS = ("reasoning_tokens", "response_tokens")
SLICES: dict[str, Callable[[Record], object]] = {
    "difficulty": lambda r: r.difficulty,
    "num_constraints": lambda r: r.num_constraints,
    "source": lambda r: r.source,
}


Column = tuple[str, str, Measure]  # metric, slice, measure


def scores(records: list[Record], seed: int = 0) -> list[Score]:
    """Every metric, overall and by difficulty, number of constraints and source; compliance also by
    kind. Metrics about which no record says anything are left out."""
    problems = {record.problem: (record.difficulty, record.num_constraints) for record in records}
    place = {problem: index for index, problem in enumerate(problems)}
    columns = _columns(records)
    sums, counts = np.zeros((2, len(problems), len(columns)))
    for number, (_, _, measure) in enumerate(columns):
        for record in records:
            if (value := measure(record)) is not None:
                sums[place[record.problem], number] += value
                counts[place[record.problem], number] += 1
    low, high = intervals(sums, counts, tuple(problems.values()), seed)
    found: list[Score] = []
    for number, (metric, name, _) in enumerate(columns):
        if n := int((counts[:, number] > 0).sum()):
            value = float(sums[:, number].sum() / counts[:, number].sum())
            bounds = float(low[number]), float(high[number])
            if metric not in LENGTHS:
                bounds = _open_ended(*bounds, n)
            found.append(Score(metric, name, value, *bounds, n))
    return found


def _columns(records: list[Record]) -> list[Column]:
    found: list[Column] = []
    for metric, measure in METRICS.items():
        found.append((metric, "all", measure))
        for name, key in SLICES.items():
            for value in sorted({key(r) for r in records}, key=str):
                found.append((metric, f"{name}={value}", _only(measure, key, value)))
    for kind in sorted({kind for r in records for kind in r.kinds}):
        found.append(("met", f"kind={kind}", _kind_met(kind)))
    return found


def _only(measure: Measure, key: Callable[[Record], object], value: object) -> Measure:
    return lambda record: measure(record) if key(record) == value else None


def _kind_met(kind: str) -> Measure:
    def measure(record: Record) -> float | None:
        met = [ok for name, ok in zip(record.kinds, record.met, strict=True) if name == kind]
        return 100.0 * sum(met) / len(met) if met else None

    return measure


def _open_ended(low: float, high: float, n: int) -> tuple[float, float]:
    """At 0 % and 100 % the bootstrap has no width; the exact (Clopper-Pearson) bound for n problems has."""
    if low == high == 0.0:
        return 0.0, 100.0 * (1 - 0.025 ** (1 / n))
    if low == high == 100.0:
        return 100.0 * 0.025 ** (1 / n), 100.0
    return low, high


def intervals(
    sums: np.ndarray, counts: np.ndarray, strata: tuple[Stratum, ...], seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """95 % percentile intervals of sum(sums) / sum(counts), per column, when problems are resampled
    within strata.

    sums, counts: (num_problems, num_columns): the total and the number of records of each problem.
    Returns (low, high), each (num_columns,); NaN for a column without records.
    """
    drawn = _resamples(strata, seed)
    totals, sizes = drawn @ sums, drawn @ counts
    # A resample may miss a rare column altogether: it says nothing about it.
    values = np.divide(totals, sizes, out=np.full_like(totals, np.nan), where=sizes > 0)
    empty = ~(counts > 0).any(axis=0)
    values[:, empty] = 0.0
    low, high = np.nanpercentile(values, [2.5, 97.5], axis=0)
    low[empty] = high[empty] = np.nan
    return low, high


@lru_cache(maxsize=8)
def _resamples(strata: tuple[Stratum, ...], seed: int) -> np.ndarray:
    """How often each problem was drawn: (NUM_RESAMPLES, num_problems)."""
    rng = np.random.default_rng(seed)
    drawn = np.zeros((NUM_RESAMPLES, len(strata)))
    for stratum in dict.fromkeys(strata):
        members = np.flatnonzero([other == stratum for other in strata])
        share = np.full(len(members), 1 / len(members))
        drawn[:, members] = rng.multinomial(len(members), share, size=NUM_RESAMPLES)
    return drawn
