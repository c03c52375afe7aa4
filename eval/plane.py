"""The picture of the plane: a line per regime, checkpoints in order, intervals as crosses, the Pareto front and its
hypervolume."""

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from eval.figures import cross, plain, save, staircase
from eval.pareto import Hypervolume
from eval.points import Point, pareto

# Okabe and Ito's palette (distinguishable with colour-blindness), and a marker each, so that a grey
# print works too.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
MARKERS = "osD^vPX*"


def draw(points: list[Point], title: str, out: Path, volume: Hypervolume | None = None) -> None:
    """curve.png, .svg and .pdf. Thick lines: regimes, starting at the base model; thin lines: their seeds, if several.
    volume: of all checkpoints' front, named in the legend."""
    figure, axes = plt.subplots(figsize=(8.6, 4.8), constrained_layout=True)
    pooled = [point for point in points if point.run is None]
    base = [point for point in pooled if point.label == "base"]
    for index, label in enumerate(
        dict.fromkeys(point.label for point in pooled if point.label != "base")
    ):
        own = [point for point in points if point.label == label]
        _regime(axes, base, own, label, COLORS[index % len(COLORS)], MARKERS[index % len(MARKERS)])
    for point in base:
        cross(axes, point.x, point.y, "#444444", lw=0.8, alpha=0.8)
        axes.plot(
            point.x.value,
            point.y.value,
            "*",
            ms=15,
            mfc="white",
            mec="#222222",
            zorder=6,
            label="base model",
        )
    front = pareto(pooled)
    label = "Pareto front"
    if volume is not None:
        label += f"\nhypervolume {volume.value:.1f} %\n[{volume.low:.1f}, {volume.high:.1f}]"
    staircase(axes, [(p.x.value, p.y.value) for p in front], label)
    axes.set_xlabel("capability: accuracy without constraints (%)")
    axes.set_ylabel("compliance: all constraints met, HAcc (%)")
    axes.set_title(title, fontsize=9.5, loc="left")
    plain(axes)
    axes.legend(fontsize=8.5, frameon=False, loc="center left", bbox_to_anchor=(1.01, 0.5))
    save(figure, out, dpi=180)


def _regime(
    axes: Axes, base: list[Point], own: list[Point], label: str, color: str, marker: str
) -> None:
    """Small markers in step order, the last checkpoint large; intervals at every checkpoint, the last in bold."""
    seeds = list(dict.fromkeys(point.run for point in own if point.run is not None))
    if len(seeds) > 1:
        for seed in seeds:
            _path(axes, [*base, *(p for p in own if p.run == seed)], color, lw=0.6, alpha=0.45)
    mean = [point for point in own if point.run is None]
    _path(axes, [*base, *mean], color, lw=1.6, alpha=0.9)
    axes.scatter(
        [p.x.value for p in mean[:-1]],
        [p.y.value for p in mean[:-1]],
        s=16,
        c=color,
        marker=marker,
        zorder=4,
    )
    axes.scatter(
        mean[-1].x.value,
        mean[-1].y.value,
        s=70,
        c=color,
        marker=marker,
        zorder=5,
        label=label,
        ec="white",
    )
    for point in mean:
        cross(axes, point.x, point.y, color, lw=0.8, alpha=0.8 if point is mean[-1] else 0.25)


def _path(axes: Axes, points: list[Point], color: str, lw: float, alpha: float) -> None:
    axes.plot(
        [p.x.value for p in points],
        [p.y.value for p in points],
        color=color,
        lw=lw,
        alpha=alpha,
        zorder=2,
    )
