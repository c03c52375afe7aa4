"""What the report is made of: the records of each checkpoint on each benchmark."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from eval.records import Record, Task


@dataclass(frozen=True)
class Point:
    """One checkpoint on one benchmark. label: its regime, "base" for what all start from; run: one seed's name."""

    label: str
    run: str
    step: int
    benchmark: str
    records: Sequence[Record]


def in_order(point: Point, tasks: Sequence[Task]) -> Point:
    """With its records in the order of the tasks, so that a sample is found in the same place at every checkpoint."""
    place = places(tasks)
    for record in point.records:
        assert record.prompt_key in place, (
            f"{point.run}/{point.step}: no task {record.key!r} in {point.benchmark}"
        )
    ordered = sorted(point.records, key=lambda r: (place[r.prompt_key], r.sample))
    return replace(point, records=ordered)


def places(tasks: Sequence[Task]) -> dict[str, int]:
    return {task.prompt_key: number for number, task in enumerate(tasks)}
