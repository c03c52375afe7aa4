"""report.html: a sweep to read, in one file without network: the curve, filters, samples, kinds over training, lengths.

    write_report(points, tasks, out / "report.html", title)

Scores and intervals are those of `eval.scores`, verdicts those of the records. The page is page.html, page.css and the
scripts beside this file; its data are an index (columns, read when the page opens) and texts (read when they are looked
at), each gzipped JSON in base64.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from eval.attention.summary import Attended
from eval.records import Task
from eval.report.attention import heat
from eval.report.index import index
from eval.report.page import html
from eval.report.points import Point, in_order
from eval.report.texts import prompts, samples
from recipes.run import write_atomically

__all__ = ["Point", "write_report"]


def write_report(
    points: Sequence[Point],
    tasks: Mapping[str, Sequence[Task]],
    path: Path,
    title: str,
    seed: int = 0,
    attended: Sequence[Attended] = (),
) -> None:
    """points: every checkpoint on every benchmark, in the order of the legend; tasks: by label of the benchmark. seed: of
    the bootstrap. attended: of checkpoints whose attention was measured."""
    ordered = [in_order(point, tasks[point.benchmark]) for point in points]
    chunks = [prompts(of_benchmark) for of_benchmark in tasks.values()]
    starts: list[list[int]] = []  # per point: the first sample of each of its chunks
    for point in ordered:
        own = samples(point.records, tasks[point.benchmark])
        starts.append([start for start, _ in own])
        chunks += [chunk for _, chunk in own]
    facts = index(ordered, tasks, starts, title, seed)
    write_atomically(path, html(title, facts | {"attention": heat(attended)}, chunks))
