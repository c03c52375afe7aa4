"""How good a classifier is on prompts that it has not seen, and over several splits."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import t

from data.sweep_records import Compared
from train.reason.labels import outcome

LEVEL = 0.95


class Measured(NamedTuple):
    """accuracy, majority_rate (of always saying what most training labels are), precision and recall of "reason": over
    the prompts that are no ties, None where there is nothing to divide by; met_*: mean share of constraints met over all
    prompts, when the classifier chooses, always with reasoning, always without, and at best"""

    num_train: int
    num_test: int
    num_ties: int
    accuracy: float | None
    majority_rate: float | None
    precision: float | None
    recall: float | None
    met_chosen: float
    met_cot: float
    met_direct: float
    met_oracle: float


class Estimate(NamedTuple):
    """The mean over splits with its 95 % interval; num_splits: those that say something."""

    mean: float
    low: float
    high: float
    num_splits: int


def measured(
    rows: Sequence[Compared], probabilities: Sequence[float], train_labels: Sequence[int]
) -> Measured:
    chosen = [p >= 0.5 for p in probabilities]
    pairs = [
        (reason, row.cot > row.direct)
        for row, reason in zip(rows, chosen, strict=True)
        if outcome(row) != "tie"
    ]
    right = sum(said == better for said, better in pairs)
    hits = sum(said and better for said, better in pairs)
    most = sum(train_labels) * 2 > len(train_labels)
    return Measured(
        len(train_labels),
        len(pairs),
        len(rows) - len(pairs),
        _share(right, len(pairs)),
        _share(sum(better is most for _, better in pairs), len(pairs)),
        _share(hits, sum(said for said, _ in pairs)),
        _share(hits, sum(better for _, better in pairs)),
        _mean(
            [row.cot if reason else row.direct for row, reason in zip(rows, chosen, strict=True)]
        ),
        _mean([row.cot for row in rows]),
        _mean([row.direct for row in rows]),
        _mean([max(row.cot, row.direct) for row in rows]),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def estimate(values: Sequence[float], num_train: float, num_test: float) -> Estimate:
    """Over random splits of the same rows, which overlap: the variance of their mean is not s^2 / J but
    s^2 (1 / J + num_test / num_train) (Nadeau and Bengio 2003, https://doi.org/10.1023/A:1024068626366).

    values: one per split, at least two
    """
    count = len(values)
    deviation = float(np.std(values, ddof=1)) * math.sqrt(1 / count + num_test / num_train)
    half = float(t.ppf((1 + LEVEL) / 2, count - 1)) * deviation
    mean = _mean(values)
    return Estimate(mean, mean - half, mean + half, count)
