"""Pictures of constraint attention: along a completion, over the layers, and over training beside capability and
compliance."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from eval.attention.measure import BINS
from eval.attention.runs import Run
from eval.attention.summary import Attended, Figure, trace
from eval.figures import plain, save
from eval.plane import COLORS, MARKERS
from eval.points import CAPABILITY, COMPLIANCE, CheckpointScores

SCORED = {COMPLIANCE: "compliance, HAcc (%)", CAPABILITY: "capability,\naccuracy (%)"}
MOST = 6  # regimes side by side
STYLES: dict[str, tuple[str, str, str]] = {  # colour, line, name
    "direct": ("#000000", "--", "direct answer"),
    "cot": ("#D55E00", "-", "answer after reasoning"),
    "filler": ("#0072B2", ":", "direct answer after a filler of that length"),
    "direct - cot": ("#D55E00", "-", "direct minus CoT, with 95 % interval"),
    "direct - filler": ("#0072B2", ":", "direct minus filler: length alone"),
}


class Drawn(NamedTuple):
    """One checkpoint with its figures."""

    of: Attended
    figures: list[Figure]

    def get(self, measure: str, quantity: str, layer: int | None = None) -> Figure | None:
        return next(
            (f for f in self.figures
             if (f.group, f.measure, f.quantity, f.layer) == ("all", measure, quantity, layer)), None,
        )  # fmt: skip

    def layers(self, measure: str, quantity: str) -> list[Figure]:
        return [
            f for f in self.figures
            if (f.group, f.measure, f.quantity) == ("all", measure, quantity) and f.layer is not None
        ]  # fmt: skip


def last_of_each(drawn: Sequence[Drawn]) -> list[Drawn]:
    """Of every label its last step, seeds together; the first MOST labels."""
    pools = {one.of.label: one for one in drawn if one.of.run is None and one.figures}
    return list(pools.values())[:MOST]


def draw_layers(drawn: Sequence[Drawn], title: str, out: Path) -> None:
    """Above: by how much beta drops after reasoning, and after a filler. Below: alpha in units of an average token's."""

    def drop(axes: Axes, one: Drawn) -> None:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.axhline(0, color="#888888", lw=0.8)
        for quantity in ("direct - cot", "direct - filler"):
            _profile(axes, one.layers("beta", quantity), quantity, band=quantity == "direct - cot")

    def ratio(axes: Axes, one: Drawn) -> None:
        axes.axhline(1, color="#888888", lw=0.8)
        for quantity in ("direct", "cot", "filler"):
            _profile(axes, one.layers("ratio_to_uniform", quantity), quantity)

    names = (
        "drop of attention\nper constraint token",
        "attention, in units\nof an average token's",
    )
    _grid(drawn, title, names, (drop, ratio), "layer", out, "attention_layers")


def _profile(axes: Axes, found: list[Figure], quantity: str, band: bool = False) -> None:
    color, line, name = STYLES[quantity]
    layers = np.array([one.layer for one in found], dtype=float)
    axes.plot(layers, [one.value for one in found], color=color, ls=line, lw=1.6, label=name, marker=".", ms=4)  # fmt: skip
    if band:
        axes.fill_between(
            layers, [one.low for one in found], [one.high for one in found], color=color, alpha=0.18, lw=0
        )  # fmt: skip


def draw_trace(drawn: Sequence[Drawn], title: str, out: Path) -> None:
    """alpha_bar along reasoning (0 to 1) and answer (1 to 2), mean over layers and prompts, and in units of an average
    token's."""

    def along(suffix: str) -> Callable[[Axes, Drawn], None]:
        def draw(axes: Axes, one: Drawn) -> None:
            axes.axvline(1, color="#888888", lw=0.8)
            runs: tuple[Run, ...] = ("direct", "cot", "filler")
            for run in runs:
                color, line, name = STYLES[run]
                for part, start in (("reasoning", 0), ("answer", 1)):
                    found = trace(one.of.records, run, part + suffix)
                    if len(found) and (run, part) != ("filler", "reasoning"):
                        places = start + (np.arange(BINS) + 0.5) / BINS
                        axes.plot(places, found, color=color, ls=line, lw=1.6, label=name if start else None)  # fmt: skip
            axes.set_xticks([0.5, 1.5], ["reasoning", "answer"])
            axes.set_xlim(0, 2)

        return draw

    names = ("attention per\nconstraint token", "attention, in units\nof an average token's")
    _grid(drawn, title, names, (along(""), along("_ratio")), "share of the tokens", out, "attention_trace")  # fmt: skip


def _grid(
    drawn: Sequence[Drawn], title: str, names: tuple[str, ...], rows: tuple[Callable[[Axes, Drawn], None], ...],
    across: str, out: Path, stem: str,
) -> None:  # fmt: skip
    """A column for each regime, a row for each way to look."""
    columns = last_of_each(drawn)
    width = 2.6 * len(columns) + 4
    figure, panels = plt.subplots(
        len(rows), len(columns), figsize=(width, 5.4), sharex=True, sharey="row", squeeze=False, constrained_layout=True
    )  # fmt: skip
    for row, (name, draw) in enumerate(zip(names, rows, strict=True)):
        for axes, one in zip(panels[row], columns, strict=True):
            draw(axes, one)
            plain(axes)
            axes.tick_params(labelsize=8)
        panels[row][0].set_ylabel(name, fontsize=9)
        panels[row][-1].legend(
            fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1.01, 0.5)
        )
    for axes, one in zip(panels[0], columns, strict=True):
        axes.set_title(f"{one.of.label}, step {one.of.step}", fontsize=8.5)
    for axes in panels[-1]:
        axes.set_xlabel(across, fontsize=8.5)
    figure.suptitle(title, fontsize=9.5, x=0.01, ha="left")
    save(figure, out, 180, stem)


def draw_curve(
    drawn: Sequence[Drawn], scores: Sequence[CheckpointScores], title: str, out: Path
) -> None:
    """Over training: attention in answers after reasoning, the published drop, what of it is the reasoning's own words (the
    same answer after a filler and after the reasoning), and what the checkpoints score, where they do."""
    metrics = [name for name in SCORED if any(one.get(name) for one in scores)]
    pools = [one for one in drawn if one.of.run is None and one.figures]
    labels = [label for label in dict.fromkeys(one.of.label for one in pools) if label != "base"]
    base = [one for one in pools if one.of.label == "base"]
    figure, panels = plt.subplots(
        3 + len(metrics),
        1,
        figsize=(8.6, 6.6 + 2.2 * len(metrics)),
        sharex=True,
        constrained_layout=True,
    )
    for number, label in enumerate(labels or ["base"]):
        style: dict[str, Any] = {
            "color": COLORS[number % len(COLORS)],
            "marker": MARKERS[number % len(MARKERS)],
            "label": label,
        }
        own = sorted((one for one in pools if one.of.label == label), key=lambda one: one.of.step)
        line = own if label == "base" else [*base, *own]
        looks = [
            ("ratio_to_uniform", "cot"), ("beta", "direct - cot"), ("beta", "filler - swapped"),
        ]  # fmt: skip
        for axes, (measure, quantity) in zip(panels, looks, strict=False):
            found = [(one.of.step, one.get(measure, quantity)) for one in line]
            _over_steps(axes, [(step, one) for step, one in found if one], style)
        for axes, metric in zip(panels[3:], metrics, strict=True):
            known = [(one.of.step, _score(scores, one.of, metric)) for one in line]
            _over_steps(axes, [(step, one) for step, one in known if one], style)
    names = (
        "attention after reasoning,\nin units of an average token's", "drop: direct minus\nafter reasoning",
        "same answer: after a filler\nminus after the reasoning", *(SCORED[name] for name in metrics),
    )  # fmt: skip
    for axes, name in zip(panels, names, strict=True):
        axes.set_ylabel(name, fontsize=8)
        plain(axes)
    for axes in panels[1:3]:
        axes.axhline(0, color="#888888", lw=0.8)
    panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    panels[0].legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1.01, 0.5))
    panels[-1].set_xlabel("step of training (0: what all start from)")
    figure.suptitle(title, fontsize=9.5, x=0.01, ha="left")
    save(figure, out, 160, "attention_curve")


def _over_steps(axes: Axes, found: Sequence[tuple[int, object]], style: dict[str, Any]) -> None:
    """found: step and anything with value, low and high."""
    if not found:
        return
    steps = [step for step, _ in found]
    value, low, high = (
        np.array([getattr(one, key) for _, one in found]) for key in ("value", "low", "high")
    )
    bars = np.maximum(
        [value - low, high - value], 0
    )  # of few prompts an interval may miss its mean
    axes.errorbar(steps, value, bars, lw=1.4, ms=4, elinewidth=0.7, **style)


def _score(scores: Sequence[CheckpointScores], of: Attended, metric: str) -> object | None:
    found = (s for s in scores if s.run is None and (s.label, s.step) == (of.label, of.step))
    return next((score for one in found if (score := one.get(metric))), None)
