"""Resamples of a benchmark's problems, and 95 % intervals from them.

Problems are drawn within their strata (difficulty x number of constraints), because the benchmark fixes how many there are
of each; whatever belongs to a problem, all of its samples included, moves with it. Of a stratum's m problems m - 1 are
drawn, each counting m / (m - 1): the rescaled bootstrap (Rao and Wu 1988, https://doi.org/10.1080/01621459.1988.10478591).
Its variance is right for a mean also where m is small; the plain one is short by (m - 1) / m, and sees none at m = 1.
"""

from functools import lru_cache

import numpy as np

NUM_RESAMPLES = 2000
BOUNDS = (2.5, 97.5)  # percentiles of a 95 % interval
DIGITS = 9  # weights are no whole numbers: a column of 100s has a mean of 100 after rounding only
Stratum = tuple[int, int]  # difficulty, number of constraints


def groups(strata: tuple[Stratum, ...]) -> list[np.ndarray]:
    """Indices of the problems of each stratum. Strata of one problem are taken together; if that is still one, it joins
    the largest."""
    members: dict[Stratum, list[int]] = {}
    for index, stratum in enumerate(strata):
        members.setdefault(stratum, []).append(index)
    found = [np.array(some) for some in members.values() if len(some) > 1]
    alone = np.array([some[0] for some in members.values() if len(some) == 1], dtype=int)
    if len(alone) > 1 or (len(alone) and not found):
        found.append(alone)
    elif len(alone):
        largest = max(range(len(found)), key=lambda index: len(found[index]))
        found[largest] = np.concatenate([found[largest], alone])
    return found


@lru_cache(maxsize=4)
def resamples(strata: tuple[Stratum, ...], seed: int) -> np.ndarray:
    """How much each problem counts in each resample, 1 on average: (num_problems, NUM_RESAMPLES)."""
    rng = np.random.default_rng(seed)
    weights = np.ones((len(strata), NUM_RESAMPLES))
    for members in groups(strata):
        m = len(members)
        if m > 1:
            drawn = rng.multinomial(m - 1, np.full(m, 1 / m), size=NUM_RESAMPLES)
            weights[members] = drawn.T * (m / (m - 1))
    return weights


def ratios(sums: np.ndarray, counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """sum(sums) / sum(counts) of every column and resample: (num_columns, num_resamples). NaN where a resample holds no
    record of a column: it says nothing about it.

    sums, counts: (num_problems, num_columns), the total and the number of records of each problem.
    """
    first: dict[bytes, int] = {}  # most metrics share their counts with another
    which = [first.setdefault(counts[:, k].tobytes(), len(first)) for k in range(counts.shape[1])]
    distinct = counts[:, [which.index(number) for number in range(len(first))]]
    totals, sizes = sums.T @ weights, (distinct.T @ weights)[which]
    return np.divide(totals, sizes, out=np.full_like(totals, np.nan), where=sizes > 0)


def percentiles(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) of each row of (num_columns, num_resamples); NaN is left out, and a row of nothing else is NaN."""
    low, high = np.percentile(values, BOUNDS, axis=1)
    for row in np.flatnonzero(np.isnan(low)):
        present = values[row, ~np.isnan(values[row])]
        if len(present):
            low[row], high[row] = np.percentile(present, BOUNDS)
    return np.round(low, DIGITS), np.round(high, DIGITS)


def intervals(
    sums: np.ndarray, counts: np.ndarray, strata: tuple[Stratum, ...], seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """95 % percentile intervals of sum(sums) / sum(counts), per column: (low, high), each (num_columns,)."""
    return percentiles(ratios(sums, counts, resamples(strata, seed)))
