"""How good probabilities are as verdicts: accuracy, AUROC and calibration, with intervals over seeds."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import brier_score_loss, roc_auc_score

NUM_BINS = 10
NUM_RESAMPLES = 1000
LEVEL = 0.95
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")  # Okabe and Ito's
MARKERS = "osD^vP"
Array = np.ndarray


@dataclass(frozen=True)
class Score:
    """With its 95 % interval by resampling seeds; NaN where it is not defined (AUROC of one class)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Quality:
    """num: pairs; positive: share of label 1; accuracy: of p >= 0.5; auroc: 0.5 is chance; ece: expected calibration error
    over ten bins of one width (Guo et al. 2017, https://arxiv.org/abs/1706.04599, equation 3); brier: mean squared error"""

    num: int
    positive: float
    accuracy: Score
    auroc: Score
    ece: Score
    brier: Score


def quality(labels: Sequence[int], probabilities: Sequence[float], seeds: Sequence[str]) -> Quality:
    """All of one length, at least one; seeds: pairs of one seed are resampled together."""
    y, p = np.asarray(labels), np.asarray(probabilities, dtype=float)
    _, group = np.unique(np.asarray(seeds), return_inverse=True)
    rows = [np.flatnonzero(group == number) for number in range(group.max() + 1)]
    rng = np.random.default_rng(0)
    drawn = [
        np.concatenate([rows[number] for number in rng.integers(len(rows), size=len(rows))])
        for _ in range(NUM_RESAMPLES)
    ]

    def scored(measure: Callable[[Array, Array], float]) -> Score:
        values = np.array([measure(y[one], p[one]) for one in drawn])
        known = values[~np.isnan(values)]
        low, high = (
            np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) if len(known) else (np.nan,) * 2
        )
        return Score(measure(y, p), float(low), float(high))

    return Quality(
        len(y), float(y.mean()), scored(accuracy), scored(auroc), scored(ece), scored(brier)
    )


def accuracy(y: Array, p: Array) -> float:
    return float(((p >= 0.5) == y).mean())


def auroc(y: Array, p: Array) -> float:
    return float("nan") if y.min() == y.max() else float(roc_auc_score(y, p))


def brier(y: Array, p: Array) -> float:
    return float(brier_score_loss(y, p, labels=[0, 1]))


class Bin(NamedTuple):
    """Of the probabilities of one bin: how many, their mean, and the share of label 1."""

    num: int
    mean: float
    positive: float


def bins(y: Array, p: Array) -> list[Bin]:
    """Those that are not empty."""
    place = np.minimum((p * NUM_BINS).astype(int), NUM_BINS - 1)
    return [
        Bin(int(rows.sum()), float(p[rows].mean()), float(y[rows].mean()))
        for rows in (place == number for number in range(NUM_BINS))
        if rows.any()
    ]


def ece(y: Array, p: Array) -> float:
    return sum(one.num * abs(one.mean - one.positive) for one in bins(y, p)) / len(y)


def draw(sets: Mapping[str, tuple[Sequence[int], Sequence[float]]], path: Path) -> None:
    """A reliability diagram: how often label 1 is true where the model says p; larger marks hold more. path: .png or .svg"""
    figure, axes = plt.subplots(figsize=(5, 6), layout="constrained")
    axes.plot([0, 1], [0, 1], color="0.7", linestyle="--", label="calibrated")
    for number, (name, (labels, p)) in enumerate(sets.items()):
        found = bins(np.asarray(labels), np.asarray(p))
        means, shares = [one.mean for one in found], [one.positive for one in found]
        colour = COLOURS[number % len(COLOURS)]
        sizes = [120 * math.sqrt(one.num / len(labels)) for one in found]
        axes.plot(means, shares, color=colour, linewidth=1, alpha=0.6)
        axes.scatter(
            means, shares, sizes, color=colour, marker=MARKERS[number % len(MARKERS)], clip_on=False,
            label=f"{name} ({len(labels):,})",
        )  # fmt: skip
    axes.set(
        xlabel="P(followed) by the reward model", ylabel="share that is", xlim=(0, 1), ylim=(0, 1),
        aspect="equal",
    )  # fmt: skip
    legend = figure.legend(loc="outside lower center", ncols=2, fontsize=8)
    for handle in legend.legend_handles[1:]:
        handle.set_sizes([30])  # one size, whatever the bins hold
    figure.savefig(path, dpi=150)
    plt.close(figure)
