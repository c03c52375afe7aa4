"""Scores as tables: on the terminal, and the last checkpoints in markdown."""

import statistics

from rich.table import Table

from eval.paired import ALPHA, POWER, Difference
from eval.points import AXES, CheckpointScores
from eval.regimes import Against, Smallest, Volume
from eval.scores import Score

COLUMNS = {
    "acc": "accuracy_without",
    "acc with": "accuracy_with",
    "HAcc": "hacc",
    "SAcc": "sacc",
    "CoT tokens": "reasoning_tokens",
    "resp. tokens": "response_tokens",
    "trunc.": "truncation_rate",
}


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


def scores_table(rows: list[CheckpointScores], title: str) -> Table:
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


def markdown(rows: list[CheckpointScores]) -> str:
    """The last checkpoint of every regime."""
    lines = ["| regime | step | " + " | ".join(COLUMNS) + " |", "|---|---|" + "---|" * len(COLUMNS)]
    for row in {row.label: row for row in rows if row.run is None}.values():
        lines.append(f"| {row.label} | {row.step} | " + " | ".join(_cells(rows, row)) + " |")
    return "\n".join(lines) + "\n"


def volume_text(areas: list[Volume]) -> str:
    """Of all checkpoints, and of the regimes, the largest first."""
    every, *regimes = [
        f"{area.label} {area.of.value:.1f} % [{area.of.low:.1f}, {area.of.high:.1f}]"
        for area in [areas[0], *sorted(areas[1:], key=lambda area: -area.of.value)]
    ]
    return f"hypervolume (95 % interval): {every}" + "".join(f"; {text}" for text in regimes)


def against_table(found: list[Against]) -> Table:
    """A row per regime: what its last checkpoint gained or lost beside the first line's, on the same problems."""
    table = Table(title=f"last checkpoints minus {found[0].base}, on the same problems")
    for heading in ("regime", *AXES, "dominates", "is dominated"):
        table.add_column(heading, justify="left" if heading == "regime" else "right")
    for one in found:
        shares = [f"{100 * share:.0f} %" for share in one.dominates]
        table.add_row(one.label, *map(_verdict, one.differences), *shares)
    return table


def _verdict(found: Difference) -> str:
    return f"{found.difference:+.1f} [{found.low:+.1f}, {found.high:+.1f}] {found.verdict}"


def smallest_text(metric: str, found: Smallest | None) -> str:
    if found is None:
        return f"{metric}: the last checkpoints of all regimes are equal"
    one = found.difference
    needs = "more than any benchmark has" if one.needed is None else f"{one.needed:,}"
    return (
        f"{metric}: smallest difference between two regimes {abs(one.difference):.2f} ({found.a}, {found.b}), "
        f"{one.verdict}; "
        f"to claim it with {100 * POWER:.0f} % power at {100 * ALPHA:.0f} %: {needs} problems (here {one.n:,})"
    )
