"""Checkpoints on the plane of the trade-off: capability (accuracy without constraints) and compliance (MathIF's HAcc)."""

from typing import NamedTuple

import numpy as np

from eval.measured import Measured
from eval.pareto import on_front
from eval.scores import Score

CAPABILITY, COMPLIANCE = AXES = "accuracy_without", "hacc"


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
    if not points:
        return []
    kept = on_front(np.array([(point.x.value, point.y.value) for point in points]))
    front = [point for point, on in zip(points, kept, strict=True) if on]
    return sorted(front, key=lambda point: point.x.value)


def curve_points(checkpoints: list[CheckpointScores], benchmark: str) -> list[Point]:
    found = []
    for checkpoint in checkpoints:
        x, y = checkpoint.get(CAPABILITY), checkpoint.get(COMPLIANCE)
        if checkpoint.benchmark == benchmark and x and y:
            found.append(Point(checkpoint.label, checkpoint.run, checkpoint.step, x, y))
    return found
