"""Every number that is drawn or printed, as CSV (three decimals, or digits of what is below 0.1) and as Parquet (all of
them)."""

import csv
import io
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from eval.points import CheckpointScores, Point, pareto
from eval.regimes import Against, Volume
from eval.scores import Score
from recipes.run import write_atomically

Rows = list[dict[str, Any]]
ALL_SEEDS = "all seeds"  # of a regime, in the tables


def write_table(rows: Rows, out: Path, stem: str) -> None:
    """`stem`.csv and `stem`.parquet in `out`; None is an empty cell."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {key: _short(value) if isinstance(value, float) else value for key, value in row.items()}
        for row in rows
    )
    write_atomically(out / f"{stem}.csv", text.getvalue())
    temporary = out / f".{stem}.{os.getpid()}.tmp"
    pq.write_table(pa.Table.from_pylist(rows), temporary)
    temporary.replace(out / f"{stem}.parquet")


def _short(value: float) -> str:
    return f"{value:.3g}" if 0 < abs(value) < 0.1 else f"{value:.3f}"


def score_rows(checkpoints: list[CheckpointScores]) -> Rows:
    return [
        _named(row.label, row.run, row.step) | {"benchmark": row.benchmark, **score._asdict()}
        for row in checkpoints
        for score in row.scores
    ]


def curve_rows(points: list[Point]) -> Rows:
    """pareto: 1 for what is on the front of the regimes, which are pooled over their seeds."""
    front = {(p.label, p.step) for p in pareto([p for p in points if p.run is None])}
    return [
        _named(point.label, point.run, point.step)
        | _bounds("capability", point.x)
        | _bounds("compliance", point.y)
        | {"pareto": int(point.run is None and (point.label, point.step) in front)}
        for point in points
    ]


def volume_rows(volumes: list[Volume]) -> Rows:
    return [{"label": volume.label, **volume.of._asdict()} for volume in volumes]


def against_rows(found: list[Against]) -> Rows:
    return [
        {"label": one.label, "step": one.step, "base": one.base, **difference._asdict()}
        | {"dominates": one.dominates.a, "is_dominated": one.dominates.b}
        for one in found
        for difference in one.differences
    ]


def many_rows(last: list[CheckpointScores], metrics: tuple[str, ...]) -> Rows:
    """Of the numbered points (eval/many.py), in their order."""
    found: Rows = []
    for row in last:
        scores = {metric: row.get(metric) for metric in metrics}
        bounds = [_bounds(metric, score) for metric, score in scores.items() if score]
        found.append(
            {"label": row.label, "step": row.step} | {k: v for b in bounds for k, v in b.items()}
        )
    return found


def _named(label: str, run: str | None, step: int) -> dict[str, Any]:
    return {"label": label, "run": run or ALL_SEEDS, "step": step}


def _bounds(name: str, score: Score) -> dict[str, float]:
    return {name: score.value, f"{name}_low": score.low, f"{name}_high": score.high}
