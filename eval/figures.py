"""What our pictures share: crosses of intervals, plain axes, and files that appear whole."""

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eval.scores import Score

matplotlib.rcParams["svg.hashsalt"] = "tether"  # ids in an SVG are random otherwise


def cross(axes: Axes, x: Score, y: Score, color: str, lw: float, alpha: float) -> None:
    """95 % intervals on both axes."""
    axes.errorbar(
        x.value, y.value, [[y.value - y.low], [y.high - y.value]], [[x.value - x.low], [x.high - x.value]],
        color=color, lw=lw, alpha=alpha, zorder=1,
    )  # fmt: skip


def plain(axes: Axes) -> None:
    """A light grid behind the data, no frame."""
    axes.grid(color="#EEEEEE", lw=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def staircase(axes: Axes, front: list[tuple[float, float]], label: str) -> None:
    """The Pareto front, by rising x, and the area below and left of it, as far as the axes show. Draw it last: it leaves
    their limits as they are."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    xs = [min(left, front[0][0]), *(x for x, _ in front), front[-1][0]]
    ys = [front[0][1], *(y for _, y in front), min(bottom, front[-1][1])]
    axes.step(xs, ys, where="pre", color="#888888", lw=1.2, ls=(0, (4, 2)), zorder=1, label=label)
    axes.fill_between(xs, ys, bottom, step="pre", color="#999999", alpha=0.12, lw=0, zorder=0)
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)


# No dates: the same figure is the same file.
METADATA: dict[str, dict[str, None]] = {
    "png": {},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
}


def save(figure: Figure, out: Path, dpi: int, stem: str = "curve", **kwargs: Any) -> None:
    """<stem>.png, .svg and .pdf in `out`; closes the figure."""
    for suffix, metadata in METADATA.items():
        temporary = out / f".{stem}.tmp.{suffix}"
        figure.savefig(temporary, dpi=dpi, metadata=metadata, **kwargs)
        temporary.replace(out / f"{stem}.{suffix}")
    plt.close(figure)
