"""The picture of mitigations: on the plane of accuracy and compliance, both on prompts with constraints, an arrow from the
model as it is to each mitigation."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from eval.figures import cross, plain, save
from eval.mitigations import NONE
from eval.plane import COLORS
from eval.scores import Score

X, Y = "accuracy_with", "hacc"
MOST_PANELS = 6
Entry = tuple[
    str, str, str, dict[str, Score]
]  # checkpoint, benchmark, mitigation, scores by metric


def draw_arrows(entries: Sequence[Entry], title: str, out: Path) -> bool:
    """mitigations.png, .svg and .pdf: a panel for each of the first checkpoints, on the first benchmark with both axes.
    Returns whether there was one."""
    both = [one for one in entries if X in one[3] and Y in one[3]]
    if not both:
        return False
    benchmark = both[0][1]
    panels: dict[str, list[Entry]] = {}
    for one in both:
        if one[1] == benchmark:
            panels.setdefault(one[0], []).append(one)
    shown = dict(list(panels.items())[:MOST_PANELS])
    names = list(dict.fromkeys(one[2] for members in shown.values() for one in members))
    number = {name: place for place, name in enumerate(names)}
    columns = min(3, len(shown))
    rows = -(-len(shown) // columns)
    size = (2.6 + 5.2 * columns, 4.8 * rows)
    figure, grid = plt.subplots(rows, columns, figsize=size, squeeze=False, constrained_layout=True)
    for axes, (checkpoint, members) in zip(grid.flat, shown.items(), strict=False):
        _panel(axes, checkpoint, members, number)
    for axes in grid.flat[len(shown) :]:
        axes.set_axis_off()
    left_out = f", first {len(shown)} of {len(panels)} checkpoints" if len(panels) > len(shown) else ""  # fmt: skip
    figure.suptitle(f"{title}: {benchmark}{left_out} (95 % intervals)", fontsize=10, x=0.01, ha="left")  # fmt: skip
    legend = [f"{place:2d}  {name}" for name, place in number.items() if name != NONE]
    figure.text(1.005, 0.5, "\n".join(legend), fontsize=8.5, va="center", family="monospace")
    save(figure, out, dpi=160, stem="mitigations", bbox_inches="tight")
    return True


def _panel(axes: Axes, checkpoint: str, members: Sequence[Entry], number: dict[str, int]) -> None:
    start = next((scores for _, _, name, scores in members if name == NONE), None)
    for _, _, name, scores in members:
        x, y, color = scores[X], scores[Y], COLORS[number[name] % len(COLORS)]
        if name == NONE:
            cross(axes, x, y, "#444444", lw=0.8, alpha=0.8)
            axes.plot(x.value, y.value, "*", ms=14, mfc="white", mec="#222222", zorder=6)
            continue
        cross(axes, x, y, color, lw=0.7, alpha=0.35)
        if start is not None:
            at, origin = (x.value, y.value), (start[X].value, start[Y].value)
            arrow = {"arrowstyle": "->", "color": color, "lw": 1.4, "shrinkA": 6, "shrinkB": 2}
            axes.annotate("", at, origin, arrowprops=arrow)
        axes.annotate(
            str(number[name]), (x.value, y.value), xytext=(4, 4), textcoords="offset points", fontsize=8, color=color,
        )  # fmt: skip
    axes.set_title(checkpoint, fontsize=9.5, loc="left")
    axes.set_xlabel("accuracy with constraints (%)")
    axes.set_ylabel("all constraints met, HAcc (%)")
    plain(axes)
