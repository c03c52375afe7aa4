"""What our pictures share: crosses of intervals, plain axes, and files that appear whole."""

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eval.scores import Score


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


def save(figure: Figure, out: Path, dpi: int, **kwargs: Any) -> None:
    """curve.png and curve.svg in `out`; closes the figure. The SVG has no date: the same figure is the same file."""
    for suffix in ("png", "svg"):
        temporary = out / f".curve.tmp.{suffix}"
        metadata = {"Date": None} if suffix == "svg" else None
        figure.savefig(temporary, dpi=dpi, metadata=metadata, **kwargs)
        temporary.replace(out / f"curve.{suffix}")
    plt.close(figure)
