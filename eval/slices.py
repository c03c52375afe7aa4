"""A score by length of the chain of thought, by difficulty and by number of constraints, as curves and as a table.

    python -m eval.slices SWEEP [--metric hacc] [--benchmark NAME]

Reads runs/SWEEP/scores.parquet, of which it takes the last checkpoint of every regime, seeds pooled; writes
slices_<metric>.png, .svg and .pdf beside it and prints a markdown table. CoT bins are equally full over all checkpoints of
the sweep (MathIF's figure 6, https://arxiv.org/abs/2505.14810); 95 % intervals are those of the sweep.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import pyarrow.parquet as pq

from eval.export import ALL_SEEDS
from eval.figures import plain, save
from eval.plane import COLORS, MARKERS
from recipes.cli import described, guard
from recipes.errors import UserError
from recipes.registry import did_you_mean
from recipes.run import RunDir

AXES = {
    "cot_bin": "reasoning tokens",
    "difficulty": "difficulty",
    "num_constraints": "number of constraints",
}
NAMES = {"hacc": "HAcc", "sacc": "SAcc"}


class Row(NamedTuple):
    """A score of one regime's last checkpoint; axis: one of AXES; place: where on it, from 0; at: its name there."""

    regime: str
    axis: str
    place: int
    at: str
    value: float
    low: float
    high: float
    n: int


def main(sweep: str, metric: str, benchmark: str | None) -> None:
    out = RunDir.named(sweep).path
    rows = slices(out / "scores.parquet", metric, benchmark)
    draw(rows, metric, out)
    print(markdown(rows, metric))
    print(f"\nwrote {out}/slices_{metric}.png, .svg, .pdf")


def slices(path: Path, metric: str, benchmark: str | None = None) -> list[Row]:
    """benchmark: None for the first. Raises UserError where there is no such file, benchmark or metric."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; expected a finished sweep (python -m eval.sweep)")
    found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    label = benchmark or found[0]["benchmark"]
    for key, value in (("benchmark", label), ("metric", metric)):
        known = list(dict.fromkeys(row[key] for row in found))
        if value not in known:
            raise UserError(f"{path}: {key}: found no {value!r}.{did_you_mean(value, known)}")
    own = [
        r
        for r in found
        if (r["benchmark"], r["metric"]) == (label, metric) and r["run"] == ALL_SEEDS
    ]
    last = {row["label"]: row["step"] for row in sorted(own, key=lambda row: row["step"])}
    rows = [
        (*row["slice"].split("=", 1), row)
        for row in own
        if row["step"] == last[row["label"]] and "=" in row["slice"]
    ]
    return [
        Row(
            row["label"], axis, *_place(axis, text), row["value"], row["low"], row["high"], row["n"]
        )
        for axis, text, row in rows
        if axis in AXES
    ]


def _place(axis: str, text: str) -> tuple[int, str]:
    """`2 (30-34)` of a bin, else a number."""
    number, _, span = text.partition(" ")
    return int(number), span.strip("()") if axis == "cot_bin" else number


def draw(rows: Sequence[Row], metric: str, out: Path) -> None:
    figure, panels = plt.subplots(
        1, len(AXES), figsize=(10, 3.4), sharey=True, layout="constrained"
    )
    regimes = list(dict.fromkeys(row.regime for row in rows))
    for axes, (axis, title) in zip(panels, AXES.items(), strict=True):
        own = [row for row in rows if row.axis == axis]
        places = {row.place: row.at for row in sorted(own, key=lambda row: row.place)}
        for number, regime in enumerate(regimes):
            line = sorted(row for row in own if row.regime == regime)
            shift = 0.08 * (number - (len(regimes) - 1) / 2)  # crosses beside each other
            axes.errorbar(
                [row.place + shift for row in line], [row.value for row in line],
                [[row.value - row.low for row in line], [row.high - row.value for row in line]],
                color=COLORS[number % len(COLORS)], marker=MARKERS[number % len(MARKERS)], ms=4.5, lw=1.3, elinewidth=0.9,
                label=regime,
            )  # fmt: skip
        axes.set_xticks(list(places), list(places.values()), fontsize=8)
        axes.set_xlabel(title)
        plain(axes)
    panels[0].set_ylabel(f"{NAMES.get(metric, metric)} (%)")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=8.5, frameon=False)
    save(figure, out, dpi=180, stem=f"slices_{metric}")


def markdown(rows: Sequence[Row], metric: str) -> str:
    regimes = list(dict.fromkeys(row.regime for row in rows))
    lines = [f"| {metric} | {' | '.join(regimes)} |", "|---|" + "---|" * len(regimes)]
    for axis, title in AXES.items():
        own = {(row.place, row.regime): row for row in rows if row.axis == axis}
        for place in sorted({place for place, _ in own}):
            at = next(row.at for (other, _), row in own.items() if other == place)
            cells = [_cell(own.get((place, regime))) for regime in regimes]
            lines.append(f"| {title} {at} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(row: Row | None) -> str:
    return "" if row is None else f"{row.value:.1f} [{row.low:.1f}, {row.high:.1f}]"


def parse(words: list[str]) -> argparse.Namespace:
    parser = described(__doc__)
    parser.add_argument("sweep", metavar="SWEEP")
    parser.add_argument("--metric", default="hacc")
    parser.add_argument("--benchmark", metavar="NAME", help="default: the sweep's first")
    return parser.parse_args(words)


if __name__ == "__main__":
    given = parse(sys.argv[1:])
    guard(lambda: main(given.sweep, given.metric, given.benchmark))
