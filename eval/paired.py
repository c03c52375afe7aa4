"""Two checkpoints or regimes on the same prompts: differences with 95 % intervals, a verdict for each metric, the number of
problems that a claim would need, and how probable it is that one dominates the other.

Records are paired by (problem, condition, sample, case); where a regime has several seeds, their mean stands for it. The
intervals resample problems (eval/resamples.py). A verdict needs two things: the interval excludes 0, and the sign-flip test
over problems (exact where few differ) has p < 0.05 after Holm's correction over the metrics shown. The interval alone is
too sure of itself where few problems differ: five of five in one direction have p = 0.0625.
"""

import math
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Literal, NamedTuple

import numpy as np
from statsmodels.stats.power import TTestPower

from eval.measured import COMPLETED, LENGTHS, Key, Measured
from eval.resamples import DIGITS, Stratum, groups, percentiles, ratios, resamples

ALPHA, POWER = 0.05, 0.8
NUM_FLIPS, CHUNK = 10_000, 1_000
MOST_EXACT = 12
MOST_PROBLEMS = 10_000_000  # beyond it no benchmark helps
LOWER_IS_BETTER = (
    "truncation_rate", "unterminated_rate", "undecided", "incorrect_not_hacc", "unparsed_rate"
)  # fmt: skip
# More is neither better nor worse.
NEUTRAL = (*LENGTHS, "correct_not_hacc", "incorrect_and_hacc")
Verdict = Literal["better", "worse", "higher", "lower", "within noise"]


class Difference(NamedTuple):
    """Of one metric, in its own unit: a and b are the means over the pairs, difference is a - b with its interval; p is
    Holm's; n problems have pairs; needed: of them, for 80 % power at 5 % to see this difference, None if out of reach."""

    metric: str
    a: float
    b: float
    difference: float
    low: float
    high: float
    p: float
    verdict: Verdict
    n: int
    needed: int | None


class Dominance(NamedTuple):
    """Shares of the resamples in which one is at least as good on both axes and better on one."""

    a: float
    b: float


class Sums(NamedTuple):
    """Of one metric, per problem: totals over the pairs of a and of b, and the number of pairs."""

    a: np.ndarray
    b: np.ndarray
    counts: np.ndarray


@dataclass(frozen=True)
class Pairs:
    """What two sets of records share. rows_a, rows_b: of each key, the rows of `a` and `b` (parallel to keys)."""

    a: Measured
    b: Measured
    keys: tuple[Key, ...]
    only_a: tuple[Key, ...]
    only_b: tuple[Key, ...]
    problems: tuple[str, ...]  # sorted, so that the resamples do not depend on who is a
    strata: tuple[Stratum, ...]

    def sums(self, metric: str) -> Sums:
        """Over the pairs of which both records say something. Raises KeyError for an unknown metric."""
        place = {problem: number for number, problem in enumerate(self.problems)}
        problem = np.array([place[key[0]] for key in self.keys], dtype=int)
        of_a, of_b = (_means(one, metric, self.keys) for one in (self.a, self.b))
        both = ~(np.isnan(of_a) | np.isnan(of_b))
        at, num = problem[both], len(self.problems)
        return Sums(
            np.bincount(at, of_a[both], num),
            np.bincount(at, of_b[both], num),
            np.bincount(at, minlength=num).astype(float),
        )


def pair(a: Measured, b: Measured) -> Pairs:
    """Raises ValueError where nothing can be paired."""
    in_a, in_b = set(a.keys), set(b.keys)
    shared = tuple(sorted(in_a & in_b))
    if not shared:
        raise ValueError(
            f"no prompt in common: {len(in_a)} and {len(in_b)} keys, e.g. {min(in_a, default=None)} "
            f"and {min(in_b, default=None)}"
        )
    problems = tuple(sorted({key[0] for key in shared}))
    stratum = dict(zip(a.problems, a.strata, strict=True))
    strata = tuple(stratum[problem] for problem in problems)
    return Pairs(
        a, b, shared, tuple(sorted(in_a - in_b)), tuple(sorted(in_b - in_a)), problems, strata
    )


def _means(measured: Measured, metric: str, keys: tuple[Key, ...]) -> np.ndarray:
    """(len(keys),): the mean of a metric over the records of each key, NaN where none says anything."""
    place = {key: number for number, key in enumerate(keys)}
    at = np.array([place.get(key, -1) for key in measured.keys], dtype=int)
    values = measured.column(metric)
    known = (at >= 0) & ~np.isnan(values)
    totals = np.bincount(at[known], values[known], len(keys))
    counts = np.bincount(at[known], minlength=len(keys))
    return np.divide(totals, counts, out=np.full(len(keys), np.nan), where=counts > 0)


def differences(pairs: Pairs, metrics: list[str], seed: int = 0) -> list[Difference]:
    """In the order of `metrics`; those without a pair are left out."""
    sums = {metric: pairs.sums(metric) for metric in metrics}
    sums = {metric: found for metric, found in sums.items() if found.counts.any()}
    if not sums:
        return []
    apart = np.column_stack([found.a - found.b for found in sums.values()])
    counts = np.column_stack([found.counts for found in sums.values()])
    low, high = percentiles(ratios(apart, counts, resamples(pairs.strata, seed)))
    corrected = holm(sign_flip(apart, seed))
    return [
        _difference(metric, found, (float(lo), float(hi)), float(p), pairs.strata)
        for (metric, found), lo, hi, p in zip(sums.items(), low, high, corrected, strict=True)
    ]


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's step-down p-values (1979), (num_tests,). statsmodels agrees, but collects garbage at each call, which takes
    longer than all else of a comparison."""
    order = np.argsort(p)
    steps = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    found = np.empty_like(p)
    found[order] = np.minimum(steps, 1)
    return found


def _difference(
    metric: str, sums: Sums, bounds: tuple[float, float], p: float, strata: tuple[Stratum, ...]
) -> Difference:
    total = sums.counts.sum()
    a, b = float(sums.a.sum() / total), float(sums.b.sum() / total)
    apart = round(a - b, DIGITS)
    needed = problems_needed(apart, spread(sums, strata))
    n = int((sums.counts > 0).sum())
    return Difference(metric, a, b, apart, *bounds, p, _verdict(metric, bounds, p), n, needed)


def _verdict(metric: str, bounds: tuple[float, float], p: float) -> Verdict:
    low, high = bounds
    if p >= ALPHA or low <= 0 <= high:
        return "within noise"
    name = metric.removesuffix(COMPLETED)
    if name in NEUTRAL:
        return "higher" if low > 0 else "lower"
    return "better" if (low > 0) is not (name in LOWER_IS_BETTER) else "worse"


def sign_flip(apart: np.ndarray, seed: int = 0) -> np.ndarray:
    """Two-sided p of each column's total, were the sign of each problem's difference a coin's: exact where at most
    MOST_EXACT problems differ, else from NUM_FLIPS draws, the same for all columns. scipy's permutation_test agrees, but
    takes tens of times as long.

    apart: (num_problems, num_columns) -> (num_columns,)
    """
    total = np.abs(apart.sum(axis=0))
    least = total - 1e-9 * np.maximum(total, 1)
    rng = np.random.default_rng(seed)
    extreme = np.ones(apart.shape[1])  # the observed signs are one of the draws
    for _ in range(NUM_FLIPS // CHUNK):
        signs = 2.0 * rng.integers(0, 2, (CHUNK, len(apart))) - 1
        extreme += (np.abs(signs @ apart) >= least).sum(axis=0)
    p = extreme / (NUM_FLIPS // CHUNK * CHUNK + 1)
    for column, some in enumerate(apart.T):
        some = some[some != 0]
        if len(some) <= MOST_EXACT:
            signs = np.array(list(product((1.0, -1.0), repeat=len(some))))
            p[column] = np.mean(np.abs(signs @ some) >= least[column])
    return p


def spread(sums: Sums, strata: tuple[Stratum, ...]) -> float:
    """The standard deviation of one problem's difference, within strata: the difference of n problems has standard error
    spread / sqrt(n). Where problems have unequal numbers of pairs: of the ratio's linear part."""
    known = np.flatnonzero(sums.counts > 0)
    if len(known) < 2:
        return math.inf
    counts = sums.counts[known]
    apart = (sums.a - sums.b)[known]
    residual = (apart - apart.sum() / counts.sum() * counts) / counts.mean()
    members = groups(tuple(strata[index] for index in known))
    return math.sqrt(sum(len(m) * residual[m].var(ddof=1) for m in members) / len(known))


def problems_needed(difference: float, deviation: float) -> int | None:
    """Problems, each paired with itself, for POWER at two-sided ALPHA: a paired t-test's. None beyond MOST_PROBLEMS."""
    if difference == 0 or not math.isfinite(deviation):
        return None
    return _needed(abs(difference) / deviation) if deviation > 0 else 2


@cache
def _needed(effect: float) -> int | None:
    """effect: the difference in standard deviations of one problem's"""
    # Not statsmodels' solve_power: for some effects its root finder gives NaN.
    numbers = range(2, MOST_PROBLEMS + 1)
    at = bisect_left(numbers, POWER, key=lambda number: _power(effect, number))
    return numbers[at] if at < len(numbers) else None


def _power(effect: float, number: int) -> float:
    """Of a paired t-test. The noncentral t gives NaN for some large effects: those are seen, by more than three problems."""
    found = float(TTestPower().power(effect, number, ALPHA))
    return float(number > 3) if math.isnan(found) else found


def dominance(pairs: Pairs, axes: tuple[str, str], seed: int = 0) -> Dominance | None:
    """None where an axis has no pairs."""
    found = [pairs.sums(metric) for metric in axes]
    if not all(sums.counts.any() for sums in found):
        return None
    apart = np.column_stack([sums.a - sums.b for sums in found])
    counts = np.column_stack([sums.counts for sums in found])
    drawn = np.round(ratios(apart, counts, resamples(pairs.strata, seed)), DIGITS)  # (2, resamples)
    a = (drawn >= 0).all(axis=0) & (drawn > 0).any(axis=0)
    b = (drawn <= 0).all(axis=0) & (drawn < 0).any(axis=0)
    return Dominance(float(a.mean()), float(b.mean()))
