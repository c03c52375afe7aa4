"""What a sweep says about its regimes as wholes: the area under each one's front, each one's last checkpoint beside the
first line's (the base model's, where there is one), and how many problems the smallest difference would need."""

from itertools import combinations
from typing import NamedTuple

from eval.paired import Difference, Dominance, differences, dominance, pair
from eval.pareto import Hypervolume, hypervolume
from eval.points import AXES, CheckpointScores

ALL = "all checkpoints"


class Volume(NamedTuple):
    label: str
    of: Hypervolume


class Against(NamedTuple):
    """A regime's last checkpoint minus `base`'s on the same problems."""

    label: str
    step: int
    base: str
    differences: list[Difference]
    dominates: Dominance


class Smallest(NamedTuple):
    """The two last checkpoints that are closest on an axis, without being equal."""

    a: str
    b: str
    difference: Difference


def pooled(rows: list[CheckpointScores]) -> list[CheckpointScores]:
    """One row per regime and step, of those with records on both axes."""
    return [
        row for row in rows if row.run is None and row.measured and all(row.get(m) for m in AXES)
    ]


def last_of(rows: list[CheckpointScores]) -> list[CheckpointScores]:
    return list({row.label: row for row in rows}.values())


def volumes(rows: list[CheckpointScores], seed: int) -> list[Volume]:
    """Of all checkpoints together, then of each regime: its own and the base model's, since it can be stopped anywhere."""
    base = [row for row in rows if row.label == "base"]
    groups = {ALL: rows}
    for row in rows:
        if row.label != "base":
            groups.setdefault(row.label, [*base]).append(row)
    return [
        Volume(label, hypervolume([row.measured for row in some if row.measured], AXES, seed))
        for label, some in groups.items()
    ]


def against_first(rows: list[CheckpointScores], seed: int) -> list[Against]:
    """Every other regime's last checkpoint beside the first regime's. `rows` has one benchmark."""
    first, *others = last_of(rows)
    found: list[Against] = []
    for row in others:
        assert row.measured and first.measured
        pairs = pair(row.measured, first.measured)
        dominates = dominance(pairs, AXES, seed)
        if dominates is not None:
            compared = differences(pairs, list(AXES), seed)
            found.append(Against(row.label, row.step, first.label, compared, dominates))
    return found


def smallest(rows: list[CheckpointScores], metric: str, seed: int) -> Smallest | None:
    """Between the last checkpoints of two regimes; None where all are equal."""
    valued = [(row, score.value) for row in last_of(rows) if (score := row.get(metric))]
    apart = [(abs(x - y), a, b) for (a, x), (b, y) in combinations(valued, 2) if abs(x - y) > 1e-9]
    if not apart:
        return None
    _, a, b = min(apart, key=lambda one: one[0])
    assert a.measured and b.measured
    (found,) = differences(pair(a.measured, b.measured), [metric], seed)
    return Smallest(a.label, b.label, found)
