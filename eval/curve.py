"""The trade-off curve: capability (x) against compliance (y), a line per regime, checkpoints in
order, Pareto front, intervals.

Capability is accuracy without constraints, compliance is MathIF's HAcc. `report` writes the picture (curve.png, .svg, .pdf),
each table as .csv and .parquet (scores; curve; of many regimes, many; hypervolume; against), and table.md; it prints the
tables and what they mean.
"""

from pathlib import Path

from rich.console import Console

from eval.export import (
    Rows,
    against_rows,
    curve_rows,
    many_rows,
    score_rows,
    volume_rows,
    write_table,
)
from eval.many import PANELS, Entry, draw_many
from eval.plane import COLORS, draw
from eval.points import AXES, CheckpointScores, Point, curve_points
from eval.regimes import Volume, against_first, last_of, pooled, smallest, volumes
from eval.tables import against_table, markdown, scores_table, smallest_text, volume_text
from recipes.run import write_atomically
from recipes.schema import SweepRecipe


def report(
    checkpoints: list[CheckpointScores],
    recipe: SweepRecipe,
    out: Path,
    console: Console,
    attention: dict[str, Rows] | None = None,
) -> dict[str, Rows]:
    """The curve, drawn for the first benchmark of the recipe, and what is beside it; returns the tables by name.
    attention: its tables, where it was measured."""
    main = checkpoints[0].benchmark
    rows = [row for row in checkpoints if row.benchmark == main]
    tables = {"scores": score_rows(checkpoints)} | (attention or {})
    for benchmark in dict.fromkeys(checkpoint.benchmark for checkpoint in checkpoints):
        console.print(scores_table([c for c in checkpoints if c.benchmark == benchmark], benchmark))
    if points := curve_points(checkpoints, main):
        tables |= _trade_off(rows, points, recipe, out, console)
    write_atomically(out / "table.md", markdown(rows))
    for stem, table in tables.items():
        write_table(table, out, stem)
    console.print(
        f"wrote {out}/curve.png, .svg, .pdf; {', '.join(tables)} as .csv and .parquet; table.md",
        highlight=False,
    )
    return tables


def _trade_off(
    rows: list[CheckpointScores],
    points: list[Point],
    recipe: SweepRecipe,
    out: Path,
    console: Console,
) -> dict[str, Rows]:
    """Draws the picture and prints what compares regimes; returns the tables behind both."""
    measured = pooled(rows)
    areas = volumes(measured, recipe.seed) if measured else []
    title = f"{recipe.title or recipe.name} ({points[0].y.n} problems, 95 % intervals)"
    tables = {"curve": curve_rows(points)} | _draw(rows, points, title, out, areas)
    if areas:
        tables["hypervolume"] = volume_rows(areas)
        console.print(volume_text(areas), highlight=False)
    if len(last_of(measured)) > 1:
        beside = against_first(measured, recipe.seed)
        if beside:
            tables["against"] = against_rows(beside)
            console.print(against_table(beside))
        for metric in AXES:
            console.print(
                smallest_text(metric, smallest(measured, metric, recipe.seed)), highlight=False
            )
    return tables


def _draw(
    rows: list[CheckpointScores], points: list[Point], title: str, out: Path, areas: list[Volume]
) -> dict[str, Rows]:
    """Lines while colours can tell them apart, else numbered points, which have a table of their own."""
    if len({point.label for point in points}) <= len(COLORS) + 1:
        draw(points, title, out, areas[0].of if areas else None)
        return {}
    last = last_of([row for row in rows if row.run is None])
    entries = [
        Entry(row.label, {score.metric: score for score in row.scores if score.slice == "all"})
        for row in last
    ]
    draw_many(entries, title, out)
    return {"many": many_rows(last, tuple(dict.fromkeys(m for panel in PANELS for m in panel)))}
