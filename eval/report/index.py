"""What the page knows when it opens: scores with intervals, and a few numbers per sample to filter by."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from eval.measured import measure
from eval.records import Record, Task
from eval.report.points import Point, places
from eval.scores import Score, cot_edges, scores_of

CORRECT = {True: "1", False: "0", None: "?"}


def index(
    points: Sequence[Point],
    tasks: Mapping[str, Sequence[Task]],
    starts: Sequence[Sequence[int]],
    title: str,
    seed: int,
) -> dict[str, Any]:
    """starts: per point, the first sample of each of its text chunks. Chunks are numbered in the order of the file: one
    per benchmark, then those of the points."""
    labels, runs = (
        list(dict.fromkeys(p.label for p in points)),
        list(dict.fromkeys(p.run for p in points)),
    )
    kinds = sorted(
        {c.name for of_benchmark in tasks.values() for t in of_benchmark for c in t.constraints}
    )
    benchmarks = list(tasks)
    groups = _scored(points, seed)
    columns = list(dict.fromkeys((s.metric, s.slice) for _, found in groups for s in found))
    first = len(benchmarks)
    rows = []
    for point, own in zip(points, starts, strict=True):
        place = places(tasks[point.benchmark])
        rows.append(
            _where(point.label, point.run, point.step, point.benchmark, labels, runs, benchmarks)
            | {"chunk": first, "starts": list(own)}
            | _samples(point.records, place)
        )
        first += len(own)
    return {
        "title": title,
        "labels": labels,
        "runs": runs,
        "kinds": kinds,
        "benchmarks": [{"label": label, **_tasks(tasks[label], kinds)} for label in benchmarks],
        "columns": columns,
        "groups": [
            _where(*key, labels, runs, benchmarks) | _columns(found, columns)
            for key, found in groups
        ],
        "points": rows,
    }


Key = tuple[str, str | None, int, str]  # label, run, step, benchmark


def _scored(points: Sequence[Point], seed: int) -> list[tuple[Key, list[Score]]]:
    """With CoT-length bins that are the same for all checkpoints on a benchmark."""
    measured = [(key, measure(records)) for key, records in _groups(points)]
    edges = {
        benchmark: cot_edges(
            part for (_, run, _, name), part in measured if name == benchmark and run
        )
        for benchmark in {key[3] for key, _ in measured}
    }
    return [(key, scores_of(part, edges[key[3]], seed)) for key, part in measured]


def _groups(points: Sequence[Point]) -> list[tuple[Key, list[Record]]]:
    """The records of each point, and (run is None) those of a regime's step together where it has several seeds."""
    found: list[tuple[Key, list[Record]]] = []

    def regime(point: Point) -> tuple[str, int, str]:
        return point.label, point.step, point.benchmark

    for (label, step, benchmark), members in groupby(sorted(points, key=regime), regime):
        own = list(members)
        found += [((label, p.run, step, benchmark), list(p.records)) for p in own]
        if len(own) > 1:
            found.append(((label, None, step, benchmark), [r for p in own for r in p.records]))
    return found


def _where(
    label: str, run: str | None, step: int, benchmark: str,
    labels: list[str], runs: list[str], benchmarks: list[str],
) -> dict[str, Any]:  # fmt: skip
    return {
        "label": labels.index(label),
        "run": -1 if run is None else runs.index(run),
        "step": step,
        "benchmark": benchmarks.index(benchmark),
    }


def _tasks(tasks: Sequence[Task], kinds: list[str]) -> dict[str, Any]:
    """One entry per task; kinds: those of its constraints, by number."""
    number = {kind: place for place, kind in enumerate(kinds)}
    return {
        "problem": [t.example.id for t in tasks],
        "condition": [t.condition for t in tasks],
        "difficulty": [t.example.difficulty for t in tasks],
        "count": [len(t.example.constraints) for t in tasks],
        "kinds": [[number[c.name] for c in t.constraints] for t in tasks],
    }


def _samples(records: Sequence[Record], place: dict[str, int]) -> dict[str, Any]:
    """One entry per record. met, official: bit k is the verdict on constraint k."""
    official = [getattr(r, "met_official", r.met) for r in records]
    return {
        "task": [place[r.prompt_key] for r in records],
        "sample": [getattr(r, "sample", 0) for r in records],
        "correct": "".join(CORRECT[r.correct] for r in records),
        "met": [_bits(r.met) for r in records],
        "official": [_bits(verdicts) for verdicts in official],
        "truncated": "".join("01"[r.truncated] for r in records),
        "outcome": "".join(r.outcome[0] for r in records),  # closed, unterminated, no_thinking
        "reasoning": [r.reasoning_tokens for r in records],
        "response": [r.response_tokens for r in records],
    }


def _bits(verdicts: Sequence[bool]) -> int:
    return sum(1 << place for place, met in enumerate(verdicts) if met)


def _columns(found: list[Score], columns: list[tuple[str, str]]) -> dict[str, Any]:
    """value, low, high and number of problems of every column, null where there is none."""
    by_column = {(s.metric, s.slice): s for s in found}
    own = [by_column.get(column) for column in columns]
    return {
        "value": [s and round(s.value, 5) for s in own],
        "low": [s and round(s.low, 5) for s in own],
        "high": [s and round(s.high, 5) for s in own],
        "n": [s and s.n for s in own],
    }
