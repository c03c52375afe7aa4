"""Scores of one checkpoint from its records, with 95 % intervals by bootstrap over problems.

Problems are resampled within their strata (difficulty x number of constraints), because the
benchmark fixes how many there are of each; all records of a problem move together. HAcc and SAcc as
in MathIF (https://arxiv.org/abs/2505.14810).
"""

from collections.abc import Callable, Iterable
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


def scores(records: list[Record], seed: int = 0) -> list[Score]:
    """Every metric, overall and by difficulty, number of constraints and source; compliance also by
    kind."""
    found: list[Score] = []
    for metric, measure in METRICS.items():
        found += _score(metric, "all", records, measure, seed)
        for name, key in SLICES.items():
            for value in sorted({key(r) for r in records}, key=str):
                part = [r for r in records if key(r) == value]
                found += _score(metric, f"{name}={value}", part, measure, seed)
    for kind in sorted({kind for r in records for kind in r.kinds}):
        part = [r for r in records if kind in r.kinds]
        found += _score("met", f"kind={kind}", part, lambda r, kind=kind: _kind_met(r, kind), seed)  # type: ignore[misc]
    return found


def _kind_met(record: Record, kind: str) -> float:
    verdicts = [met for name, met in zip(record.kinds, record.met, strict=True) if name == kind]
    return 100.0 * sum(verdicts) / len(verdicts)


def _score(
    metric: str, name: str, records: Iterable[Record], measure: Measure, seed: int
) -> list[Score]:
    values: dict[str, list[float]] = {}
    strata: dict[str, tuple[int, int]] = {}
    for record in records:
        value = measure(record)
        if value is not None:
            values.setdefault(record.problem, []).append(value)
            strata[record.problem] = (record.difficulty, record.num_constraints)
    if not values:
        return []
    sums = np.array([sum(found) for found in values.values()])
    counts = np.array([len(found) for found in values.values()])
    groups = [strata[problem] for problem in values]
    low, high = bootstrap(sums, counts, groups, seed)
    if metric not in LENGTHS:
        low, high = _open_ended(low, high, len(values))
    return [Score(metric, name, float(sums.sum() / counts.sum()), low, high, len(values))]


def _open_ended(low: float, high: float, n: int) -> tuple[float, float]:
    """At 0 % and 100 % the bootstrap has no width; the exact (Clopper-Pearson) bound for n problems has."""
    if low == high == 0.0:
        return 0.0, 100.0 * (1 - 0.025 ** (1 / n))
    if low == high == 100.0:
        return 100.0 * 0.025 ** (1 / n), 100.0
    return low, high


def bootstrap(
    sums: np.ndarray,
    counts: np.ndarray,
    strata: list[tuple[int, int]],
    seed: int = 0,
    resamples: int = NUM_RESAMPLES,
) -> tuple[float, float]:
    """95 % percentile interval of sum(sums) / sum(counts) when problems are resampled within
    strata.

    sums, counts: (num_problems,): the total and the number of records of each problem.
    """
    rng = np.random.default_rng(seed)
    labels = {stratum: index for index, stratum in enumerate(dict.fromkeys(strata))}
    codes = np.array([labels[stratum] for stratum in strata])
    totals, sizes = np.zeros(resamples), np.zeros(resamples)
    for code in range(len(labels)):
        members = np.flatnonzero(codes == code)
        drawn = members[rng.integers(len(members), size=(resamples, len(members)))]
        totals += sums[drawn].sum(axis=1)
        sizes += counts[drawn].sum(axis=1)
    low, high = np.percentile(totals / sizes, [2.5, 97.5])
    return float(low), float(high)
