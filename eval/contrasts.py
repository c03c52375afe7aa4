"""Differences between slices of records and between differences, with 95 % intervals over problems: what paired.py, which
compares whole checkpoints, does not say."""

from typing import NamedTuple

import numpy as np

from eval.measured import Measured
from eval.resamples import Stratum, percentiles, ratios, resamples

Rows = tuple[np.ndarray, np.ndarray]  # the problem of each value, the values


class Estimate(NamedTuple):
    """With its 95 % interval; n problems."""

    value: float
    low: float
    high: float
    n: int


def apart(strata: tuple[Stratum, ...], first: Rows, second: Rows | None = None) -> Estimate:
    """The mean of the first values less that of the second, NaN left out; second: None for nothing that is taken off."""
    sums, counts = np.zeros((2, len(strata), 2))
    counts[:, 1] = second is None
    seen: set[int] = set()
    for column, (problem, values) in enumerate([first, *([second] if second else [])]):
        known = ~np.isnan(values)
        sums[:, column] = np.bincount(problem[known], values[known], len(strata))
        counts[:, column] = np.bincount(problem[known], minlength=len(strata))
        seen.update(problem[known])
    drawn = ratios(sums, counts, resamples(strata, 0))
    value = np.subtract(*(sums.sum(0) / counts.sum(0)))
    low, high = percentiles((drawn[0] - drawn[1])[None])
    return Estimate(float(value), float(low[0]), float(high[0]), len(seen))


def rows(of: Measured, metric: str, mask: np.ndarray | None = None) -> Rows:
    """The values of a metric; mask: of those records, None for all."""
    values = of.column(metric)
    return (of.problem, values) if mask is None else (of.problem[mask], values[mask])


def contrast(of: Measured, metric: str, a: np.ndarray, b: np.ndarray) -> Estimate:
    """The mean of a metric over the rows a less that over the rows b (masks)."""
    return apart(of.strata, rows(of, metric, a), rows(of, metric, b))


def less(first: Rows, second: Rows) -> Rows:
    """Values whose mean is the mean of the first less that of the second, so that two differences can be held apart."""
    whole = len(first[1]) + len(second[1])
    scaled = [
        sign * values * whole / len(values) for sign, (_, values) in ((1.0, first), (-1.0, second))
    ]
    return np.concatenate([first[0], second[0]]), np.concatenate(scaled)
