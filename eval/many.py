"""The picture of a study with more regimes than a legend can tell apart: the last checkpoint of each as a numbered point.

Three panels: accuracy and HAcc over the tokens of the chain of thought, and HAcc over accuracy. Numbers are explained beside
them; grey crosses are 95 % intervals. The axes show where most regimes are; one far away is drawn at the edge, in white,
with its coordinates, since a collapsed run would press all others into one dot.
"""

from pathlib import Path
from statistics import median
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from eval.figures import cross, plain, save, staircase
from eval.pareto import on_front
from eval.scores import Score

TOKENS, ACCURACY, HACC = "reasoning_tokens", "accuracy_with", "hacc"
NAMES = {
    TOKENS: "CoT tokens",
    ACCURACY: "accuracy with constraints (%)",
    HACC: "all constraints met, HAcc (%)",
}
PANELS = ((TOKENS, ACCURACY), (TOKENS, HACC), (ACCURACY, HACC))
COLOR, BASE_COLOR = "#0072B2", "#D55E00"


class Entry(NamedTuple):
    """One regime's last checkpoint: scores by metric."""

    label: str
    scores: dict[str, Score]


def draw_many(entries: list[Entry], title: str, out: Path) -> None:
    """curve.png, .svg and .pdf in `out`. The entry that is labelled "base" is where all started."""
    rows = [entry for entry in entries if entry.label != "base"]
    figure, panels = plt.subplots(1, 3, figsize=(15.5, 5.2), constrained_layout=True)
    for axes, (x, y) in zip(panels, PANELS, strict=True):
        axes.set_xlim(*_limits([entry.scores[x] for entry in rows]))
        axes.set_ylim(*_limits([entry.scores[y] for entry in rows]))
        for number, entry in enumerate(rows, start=1):
            _point(axes, entry.scores[x], entry.scores[y], str(number), COLOR)
        for entry in entries:
            if entry.label == "base":
                _point(axes, entry.scores[x], entry.scores[y], "start", BASE_COLOR)
        axes.set_xlabel(NAMES[x])
        axes.set_ylabel(NAMES[y])
        plain(axes)
    values = np.array(
        [(entry.scores[ACCURACY].value, entry.scores[HACC].value) for entry in entries]
    )
    front = sorted(map(tuple, values[on_front(values)].tolist()))
    staircase(panels[-1], front, "Pareto front")
    panels[-1].legend(fontsize=8, frameon=False, loc="lower left")
    figure.suptitle(title, fontsize=10, x=0.01, ha="left")
    names = [f"{number:2d}  {entry.label}" for number, entry in enumerate(rows, start=1)]
    figure.text(1.005, 0.5, "\n".join(names), fontsize=8.5, va="center", family="monospace")
    save(figure, out, dpi=160, bbox_inches="tight")


def _limits(scores: list[Score]) -> tuple[float, float]:
    """Around the middle 80 % of the values: as far again on each side, and at least their intervals."""
    values = sorted(score.value for score in scores)
    cut = len(values) // 10
    low, high = values[cut], values[-1 - cut]
    half_width = median((score.high - score.low) / 2 for score in scores)
    margin = max(0.6 * (high - low), 1.2 * half_width)
    return low - margin, high + margin


def _point(axes: Axes, x: Score, y: Score, text: str, color: str) -> None:
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    at = min(max(x.value, left), right), min(max(y.value, bottom), top)
    inside = at == (x.value, y.value)
    if inside:
        cross(axes, x, y, "#999999", lw=0.6, alpha=0.5)
    else:
        text = f"{text}: {x.value:.0f}, {y.value:.0f}"
    box = {
        "boxstyle": "round,pad=0.2" if len(text) > 2 else "circle,pad=0.2",
        "fc": color if inside else "white",
        "ec": "white" if inside else color,
        "alpha": 0.8,
    }
    # Labels at an edge grow inwards.
    across = "right" if at[0] == right else "left" if at[0] == left else "center"
    upright = "top" if at[1] == top else "bottom" if at[1] == bottom else "center"
    axes.annotate(
        text,
        at,
        fontsize=7.5,
        color="white" if inside else color,
        ha=across,
        va=upright,
        zorder=3,
        bbox=box,
    )
