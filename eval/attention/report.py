"""What a sweep, or one checkpoint, says about attention: tables, pictures, and the text on the terminal.

attention.csv has every figure of every checkpoint (eval/attention/summary.py), attention_heads.csv each head where heads
were kept; both as .parquet too. attention_trace, attention_layers and attention_curve are .png, .svg and .pdf.
"""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from eval.attention.pictures import Drawn, draw_curve, draw_layers, draw_trace, last_of_each
from eval.attention.summary import Attended, Figure, heads, summary, with_pools
from eval.export import Rows
from eval.paired import ALPHA
from eval.points import CheckpointScores

COLUMNS = (
    ("beta", "direct"), ("beta", "direct - cot"), ("beta", "direct - filler"), ("beta", "filler - swapped"),
    ("ratio_to_uniform", "direct"), ("ratio_to_uniform", "cot"), ("prompt_share", "direct - cot"),
)  # fmt: skip
HEADINGS = (
    "beta direct", "drop", "of it length", "of it words", "x uniform direct", "x uniform CoT", "share drop",
)  # fmt: skip
MANY = 1000  # betas are printed times this
TITLE = f"attention to constraints in answers, mean over layers (95 % intervals; beta and shares x {MANY:,})"
CAPTION = (
    "drop: direct minus after reasoning, as published; length: direct minus after a filler; words: the same answer after a "
    f"filler minus after the reasoning. * p < {ALPHA:g}, one test for each cell"
)


def attention_report(
    parts: Sequence[Attended],
    scores: Sequence[CheckpointScores],
    benchmark: str,
    title: str,
    out: Path,
    console: Console,
) -> dict[str, Rows]:
    """Draws, prints, and returns the tables by name. parts: in the order of the legend; scores: of the benchmark, () for
    none."""
    drawn: list[Drawn] = []
    for one in with_pools(parts):
        same = bool(drawn) and drawn[-1].of.records is one.records  # the only seed of its step
        drawn.append(Drawn(one, drawn[-1].figures if same else summary(one.records)))
    console.print(_table(drawn, benchmark))
    console.print(_dropped([one.of for one in drawn if one.of.run is None]), highlight=False)
    tables = {"attention": [row for one in drawn for row in _rows(one, benchmark)]}
    if head_rows := [row for one in drawn for row in _head_rows(one.of)]:
        tables["attention_heads"] = head_rows
    if last_of_each(drawn):
        named = f"{title}: attention to constraints, {benchmark}"
        draw_layers(drawn, named, out)
        draw_trace(drawn, named, out)
        draw_curve(drawn, [one for one in scores if one.benchmark == benchmark], named, out)
    return tables


def _rows(one: Drawn, benchmark: str) -> Rows:
    """The figures, and how many prompts were dropped for which reason."""
    where = _where(one.of) | {"benchmark": benchmark}
    counts = [
        Figure("dropped", "prompts", reason, None, float(count), count, count, None, count)
        for reason, count in sorted(one.of.dropped.items())
    ]
    return [where | figure._asdict() for figure in [*one.figures, *counts]]


def _head_rows(one: Attended) -> Rows:
    where = _where(one)
    return [where | {"rank": rank} | head._asdict() for rank, head in enumerate(heads(one.records), start=1)]  # fmt: skip


def _where(one: Attended) -> dict[str, object]:
    return {"label": one.label, "run": one.run or "all seeds", "step": one.step}


def _table(drawn: Sequence[Drawn], benchmark: str) -> Table:
    found = Table(title=f"{benchmark}: {TITLE}", caption=CAPTION)
    for heading in ("regime", "step", "prompts", *HEADINGS):
        found.add_column(heading, justify="left" if heading == "regime" else "right")
    for one in drawn:
        if one.of.run is None:
            figures = [one.get(*column) for column in COLUMNS]
            n = figures[0].n if figures[0] else 0
            found.add_row(one.of.label, str(one.of.step), str(n), *map(_cell, figures))
    return found


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return ""
    factor = 1 if figure.measure == "ratio_to_uniform" else MANY
    text = f"{factor * figure.value:.2f} [{factor * figure.low:.2f}, {factor * figure.high:.2f}]"
    return text + " *" * (figure.p is not None and figure.p < ALPHA)


def _dropped(pools: Sequence[Attended]) -> str:
    lines = []
    for one in pools:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(one.dropped.items()))
        if reasons:
            lines.append(
                f"{one.label}, step {one.step}: prompts without a pair of answers: {reasons}"
            )
    return "\n".join(lines) or "every prompt has a pair of answers"
