"""From the records of a sweep to the scores of its checkpoints and, over the seeds of a regime, of its steps."""

from collections.abc import Iterable
from typing import NamedTuple

from eval.measured import Measured, join
from eval.points import CheckpointScores
from eval.scores import cot_edges, scores_of


class Evaluated(NamedTuple):
    """One checkpoint on one benchmark; label: of its regime."""

    label: str
    run: str
    step: int
    benchmark: str
    measured: Measured


def checkpoint_scores(evaluated: Iterable[Evaluated], seed: int) -> list[CheckpointScores]:
    """For every (label, step) and benchmark, in order of appearance: pooled over its seeds (run is None), then each. A
    regime's records are pooled by problem. CoT-length bins are those of all checkpoints on a benchmark."""
    groups: dict[tuple[str, int, str], list[Evaluated]] = {}
    lengths: dict[str, list[Measured]] = {}
    for one in evaluated:
        groups.setdefault((one.label, one.step, one.benchmark), []).append(one)
        lengths.setdefault(one.benchmark, []).append(one.measured)
    edges = {benchmark: cot_edges(parts) for benchmark, parts in lengths.items()}
    found: list[CheckpointScores] = []
    for (label, step, benchmark), members in groups.items():
        parts: list[tuple[str | None, Measured]] = [(one.run, one.measured) for one in members]
        if len(members) > 1:
            parts.insert(0, (None, join([one.measured for one in members])))
        rows = [
            CheckpointScores(
                label, run, step, benchmark, tuple(scores_of(part, edges[benchmark], seed)), part
            )
            for run, part in parts
        ]
        found += rows if len(members) > 1 else [rows[0]._replace(run=None), *rows]
    return found
