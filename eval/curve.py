"""The trade-off curve: capability (x) against compliance (y), a line per regime, checkpoints in
order, Pareto front, intervals.

Capability is accuracy without constraints, compliance is MathIF's HAcc. `report` writes scores.csv,
curve.csv, curve.png, curve.svg and table.md, and prints the table.
"""

import csv
import io
import statistics
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from rich.console import Console
from rich.table import Table

from eval.figures import cross, plain, save
from eval.many import Entry, draw_many
from eval.measured import Measured
from eval.scores import Score
from recipes.run import write_atomically
from recipes.schema import SweepRecipe

CAPABILITY, COMPLIANCE = "accuracy_without", "hacc"
COLUMNS = {
    "acc": "accuracy_without",
    "acc with": "accuracy_with",
    "HAcc": "hacc",
    "SAcc": "sacc",
    "CoT tokens": "reasoning_tokens",
    "resp. tokens": "response_tokens",
    "trunc.": "truncation_rate",
}
# Okabe and Ito's palette (distinguishable with colour-blindness), and a marker each, so that a grey
# print works too.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
MARKERS = "osD^vPX*"


class CheckpointScores(NamedTuple):
    """Scores of one checkpoint, or (run is None) of one step of a regime, pooled over its seeds. measured: what they were
    made from, for comparisons on the same problems."""

    label: str
    run: str | None
    step: int
    benchmark: str
    scores: tuple[Score, ...]
    measured: Measured | None = None

    def get(self, metric: str, name: str = "all") -> Score | None:
        return next(
            (score for score in self.scores if (score.metric, score.slice) == (metric, name)), None
        )


class Point(NamedTuple):
    """One checkpoint on the plane; both coordinates are Scores in percent."""

    label: str
    run: str | None
    step: int
    x: Score
    y: Score


def pareto(points: list[Point]) -> list[Point]:
    """Points that no other beats on one axis without losing on the other, by rising x."""
    front: list[Point] = []
    best = float("-inf")
    for point in sorted(points, key=lambda p: (-p.x.value, -p.y.value)):
        if point.y.value > best:
            front.append(point)
            best = point.y.value
    return front[::-1]


def curve_points(checkpoints: list[CheckpointScores], benchmark: str) -> list[Point]:
    found = []
    for checkpoint in checkpoints:
        x, y = checkpoint.get(CAPABILITY), checkpoint.get(COMPLIANCE)
        if checkpoint.benchmark == benchmark and x and y:
            found.append(Point(checkpoint.label, checkpoint.run, checkpoint.step, x, y))
    return found


def draw(points: list[Point], title: str, out: Path) -> None:
    """curve.png and curve.svg. Thick lines: regimes, starting at the base model; thin lines: their
    seeds, if several."""
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
    axes.plot([p.x.value for p in front], [p.y.value for p in front], color="#BBBBBB", lw=6, alpha=0.5, zorder=0,
              solid_capstyle="round", label="Pareto front")  # fmt: skip
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


def report(
    checkpoints: list[CheckpointScores], recipe: SweepRecipe, out: Path, console: Console
) -> None:
    """All of the sweep's outputs; the curve is drawn for the first benchmark of the recipe."""
    write_atomically(out / "scores.csv", _scores_csv(checkpoints))
    main = checkpoints[0].benchmark
    points = curve_points(checkpoints, main)
    if points:
        write_atomically(out / "curve.csv", _curve_csv(points))
        title = recipe.title or recipe.name
        _draw(checkpoints, points, f"{title} ({points[0].y.n} problems, 95 % intervals)", out)
    for benchmark in dict.fromkeys(checkpoint.benchmark for checkpoint in checkpoints):
        rows = [c for c in checkpoints if c.benchmark == benchmark]
        console.print(_table(rows, benchmark))
    write_atomically(out / "table.md", _markdown([c for c in checkpoints if c.benchmark == main]))
    console.print(
        f"wrote {out}/curve.png, curve.svg, curve.csv, scores.csv, table.md", highlight=False
    )


def _draw(checkpoints: list[CheckpointScores], points: list[Point], title: str, out: Path) -> None:
    """Lines while colours can tell them apart, else numbered points."""
    if len({point.label for point in points}) <= len(COLORS) + 1:
        draw(points, title, out)
        return
    main = [c for c in checkpoints if c.benchmark == checkpoints[0].benchmark and c.run is None]
    last = {checkpoint.label: checkpoint for checkpoint in main}
    entries = [
        Entry(label, {score.metric: score for score in checkpoint.scores if score.slice == "all"})
        for label, checkpoint in last.items()
    ]
    draw_many(entries, title, out)


def interval(score: Score | None) -> str:
    """`71.3 ± 2.4`, the half-width of the 95 % interval."""
    return "" if score is None else f"{score.value:.1f} ± {(score.high - score.low) / 2:.1f}"


def seed_spread(rows: list[CheckpointScores], pooled: CheckpointScores, metric: str) -> str:
    """` (sd 1.2)`: the standard deviation over the seeds of a regime at one step; "" with fewer
    than two."""
    seeds = [
        r for r in rows if r.run is not None and (r.label, r.step) == (pooled.label, pooled.step)
    ]
    values = [score.value for row in seeds if (score := row.get(metric))]
    return f" (sd {statistics.stdev(values):.1f})" if len(values) > 1 else ""


def _cells(rows: list[CheckpointScores], row: CheckpointScores) -> list[str]:
    return [
        interval(row.get(metric)) + (seed_spread(rows, row, metric) if row.get(metric) else "")
        for metric in COLUMNS.values()
    ]


def _table(rows: list[CheckpointScores], title: str) -> Table:
    table = Table(title=f"{title} (95 % intervals)")
    for heading in ("regime", "step", *COLUMNS):
        table.add_column(heading, justify="left" if heading == "regime" else "right")
    previous = None
    for row in rows:
        if row.run is None:
            if previous not in (None, row.label):
                table.add_section()
            previous = row.label
            table.add_row(row.label, str(row.step), *_cells(rows, row))
    return table


def _markdown(rows: list[CheckpointScores]) -> str:
    """The last checkpoint of every regime."""
    lines = ["| regime | step | " + " | ".join(COLUMNS) + " |", "|---|---|" + "---|" * len(COLUMNS)]
    for row in {row.label: row for row in rows if row.run is None}.values():
        lines.append(f"| {row.label} | {row.step} | " + " | ".join(_cells(rows, row)) + " |")
    return "\n".join(lines) + "\n"


def _scores_csv(checkpoints: list[CheckpointScores]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["label", "run", "step", "benchmark", *Score._fields])
    for label, run, step, benchmark, found, _ in checkpoints:
        for metric, name, value, low, high, n in found:
            numbers = [f"{number:.3f}" for number in (value, low, high)]
            writer.writerow([label, run or "all seeds", step, benchmark, metric, name, *numbers, n])
    return text.getvalue()


def _curve_csv(points: list[Point]) -> str:
    front = {(point.label, point.step) for point in pareto([p for p in points if p.run is None])}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    axes = [
        f"{axis}{bound}" for axis in ("capability", "compliance") for bound in ("", "_low", "_high")
    ]
    writer.writerow(["label", "run", "step", *axes, "pareto"])
    for label, run, step, x, y in points:
        numbers = [f"{number:.3f}" for number in (x.value, x.low, x.high, y.value, y.low, y.high)]
        writer.writerow(
            [label, run or "all seeds", step, *numbers, int(run is None and (label, step) in front)]
        )
    return text.getvalue()
