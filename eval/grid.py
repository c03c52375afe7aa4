"""The grid of mitigations: for each checkpoint and benchmark, what each costs and brings, paired with the model as it is
(`none`, its chain of thought) and with the model without reasoning (`direct`) on the same prompts.

`oracle` is no mitigation: of every prompt it takes that one of the two replies that meets more constraints (the chain of
thought's where they are even), which is what selecting could reach at most.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from data.sweep_records import DIRECT
from eval.arrows import draw_arrows
from eval.export import ALL_SEEDS, Rows, write_table
from eval.jobs import Job
from eval.measured import join, measure
from eval.mitigations import NONE
from eval.mitigations.selecting import REASON
from eval.paired import Difference, differences, pair
from eval.records import Record
from eval.scores import Score, scores_of
from eval.tables import interval
from recipes.schema import SweepRecipe

ORACLE = "oracle"
SHOWN = {
    "calls": "num_calls",
    "tokens": "generated_tokens",
    "CoT": "reasoning_tokens",
    "trunc.": "truncation_rate",
    "unparsed": "unparsed_rate",
    "HAcc": "hacc",
    "SAcc": "sacc",
    "acc": "accuracy_without",
    "acc with": "accuracy_with",
    "both": "correct_and_hacc",
}
WITH_INTERVAL = ("hacc", "accuracy_with", "correct_and_hacc")  # the others' are in the file
COMPARED = ("hacc", "sacc", "accuracy_without", "accuracy_with", "correct_and_hacc", "generated_tokens")  # fmt: skip
REFERENCES = {"cot": NONE, "direct": DIRECT}
ByMitigation = dict[str, list[Record]]
PRINTED = (("cot", "hacc"), ("cot", "accuracy_with"), ("direct", "hacc"))


class Selection(NamedTuple):
    """Of `reason` as a prediction that the chain of thought meets more constraints than the direct reply, over the prompts
    where the two differ: in [0, 1], None where there is nothing to divide by."""

    precision: float | None
    recall: float | None


class Cell(NamedTuple):
    """One mitigation of one checkpoint on one benchmark; run is None: of a regime's step, pooled over its seeds by problem.

    scores: by metric, over all of its prompts; against: by reference, mitigation minus reference; selection: None where
    nothing was selected; shown: it stands for its regime and step in tables and pictures, the pooled one or the only one
    """

    label: str
    run: str | None
    step: int
    benchmark: str
    mitigation: str
    num_prompts: int
    scores: dict[str, Score]
    against: dict[str, list[Difference]]
    selection: Selection | None
    shown: bool

    @property
    def checkpoint(self) -> str:
        return f"{self.label}@{self.step}"

    def difference(self, reference: str, metric: str) -> Difference | None:
        found = self.against.get(reference, [])
        return next((one for one in found if one.metric == metric), None)


def report_grid(
    jobs: Sequence[Job], recipe: SweepRecipe, out: Path, console: Console
) -> dict[str, Rows]:
    """Prints the tables of each benchmark; writes mitigations.csv, .parquet and the picture (.png, .svg, .pdf). Returns the
    table by its name."""
    cells = grid(jobs, recipe.seed)
    shown = [cell for cell in cells if cell.shown]
    for place in dict.fromkeys((cell.checkpoint, cell.benchmark) for cell in shown):
        rows = [cell for cell in shown if (cell.checkpoint, cell.benchmark) == place]
        console.print(_scores_table(rows, " on ".join(place)))
        console.print(_against_table(rows, " on ".join(place)))
    rows_of_all = [_row(cell) for cell in cells]
    write_table(rows_of_all, out, "mitigations")
    drawn = draw_arrows(
        [(c.checkpoint, c.benchmark, c.mitigation, c.scores) for c in shown],
        recipe.title or recipe.name,
        out,
    )
    picture = ", .png, .svg, .pdf" if drawn else ""
    console.print(f"wrote {out}/mitigations.csv, .parquet{picture}", highlight=False)
    return {"mitigations": rows_of_all}


def grid(jobs: Sequence[Job], seed: int) -> list[Cell]:
    """Checkpoints in the order of the recipe; the oracle where both of its parts are there."""
    places: dict[tuple[str, int, str], dict[str, list[Job]]] = {}
    for job in jobs:
        one = job.candidate
        runs = places.setdefault((one.label, one.step, job.benchmark.label), {})
        runs.setdefault(one.run, []).append(job)
    found: list[Cell] = []
    for (label, step, benchmark), runs in places.items():
        parts = {run: _records(members) for run, members in runs.items()}
        if len(parts) > 1:
            found += _cells((label, None, step, benchmark), list(parts.values()), seed, True)
        for run, part in parts.items():
            found += _cells((label, run, step, benchmark), [part], seed, len(parts) == 1)
    return found


def _records(jobs: Sequence[Job]) -> ByMitigation:
    found = {job.mitigation.label: job.file().read() for job in jobs}
    if NONE in found and DIRECT in found:
        found[ORACLE] = oracle(found[NONE], found[DIRECT])
    return found


def _cells(
    place: tuple[str, str | None, int, str], runs: Sequence[ByMitigation], seed: int, shown: bool
) -> list[Cell]:
    """Of the mitigations that all runs have."""
    labels = [label for label in runs[0] if all(label in run for run in runs)]
    measured = {label: join([measure(run[label]) for run in runs]) for label in labels}
    found = []
    for label in labels:
        scores = scores_of(measured[label], (), seed)
        against = {
            name: differences(pair(measured[label], measured[other]), list(COMPARED), seed)
            for name, other in REFERENCES.items()
            if other in measured and other != label
        }
        chosen = selection([(run[label], run[NONE], run[DIRECT]) for run in runs]) if ORACLE in labels else None  # fmt: skip
        of_all = {score.metric: score for score in scores if score.slice == "all"}
        num = len(measured[label].keys)
        found.append(Cell(*place, label, num, of_all, against, chosen, shown))
    return found


def share_met(records: Sequence[Record]) -> dict[str, float]:
    """Prompt -> share of its constraints met, the mean over its samples; prompts without constraints are left out."""
    found: dict[str, list[float]] = {}
    for one in records:
        if one.met:
            found.setdefault(one.prompt_key, []).append(sum(one.met) / len(one.met))
    return {key: sum(shares) / len(shares) for key, shares in found.items()}


def oracle(cot: Sequence[Record], direct: Sequence[Record]) -> list[Record]:
    """Sample by sample; on prompts without constraints the chain of thought's."""
    other = {record.key: record for record in direct}
    return [
        other[one.key] if one.key in other and sum(other[one.key].met) > sum(one.met) else one
        for one in cot
    ]


def selection(
    runs: Sequence[tuple[Sequence[Record], Sequence[Record], Sequence[Record]]],
) -> Selection | None:
    """runs: of each, the records where something may have been selected, with reasoning, and without"""
    decided = [pair for run in runs for pair in _decisions(*run)]
    if not decided:
        return None
    pairs = [one for one in decided if one is not None]
    right = sum(said and better for said, better in pairs)
    said, better = sum(said for said, _ in pairs), sum(better for _, better in pairs)
    return Selection(right / said if said else None, right / better if better else None)


def _decisions(
    records: Sequence[Record], cot: Sequence[Record], direct: Sequence[Record]
) -> list[tuple[bool, bool] | None]:
    """Of each decision: whether it was to reason, and whether that was better; None where the two are even."""
    with_cot, without = share_met(cot), share_met(direct)
    return [
        None
        if with_cot[one.prompt_key] == without[one.prompt_key]
        else (one.decision == REASON, with_cot[one.prompt_key] > without[one.prompt_key])
        for one in records
        if one.decision in (REASON, DIRECT) and one.met
    ]


def _scores_table(cells: Sequence[Cell], title: str) -> Table:
    table = Table(title=f"{title}: mitigations (95 % intervals)")
    table.add_column("mitigation", overflow="fold")
    for heading in SHOWN:
        table.add_column(heading, justify="right", no_wrap=True)
    for cell in cells:
        table.add_row(cell.mitigation, *(_cell(cell, metric) for metric in SHOWN.values()))
    return table


def _cell(cell: Cell, metric: str) -> str:
    score = cell.scores.get(metric)
    if score is None or metric in WITH_INTERVAL:
        return interval(score)
    return f"{score.value:.1f}"


def _against_table(cells: Sequence[Cell], title: str) -> Table:
    table = Table(title=f"{title}: on the same prompts, minus the chain of thought or minus direct")
    table.add_column("mitigation", overflow="fold")
    for heading in ("HAcc - CoT", "acc with - CoT", "HAcc - direct", "precision, recall"):
        table.add_column(heading, justify="right")
    for cell in cells:
        if cell.mitigation != NONE:
            found = [_text(cell.difference(*column)) for column in PRINTED]
            table.add_row(cell.mitigation, *found, _selected(cell.selection))
    return table


def _text(found: Difference | None) -> str:
    if found is None:
        return ""
    return f"{found.difference:+.1f} [{found.low:+.1f}, {found.high:+.1f}] {found.verdict}"


def _selected(found: Selection | None) -> str:
    if found is None:
        return ""
    return ", ".join("-" if one is None else f"{one:.2f}" for one in found)


def _row(cell: Cell) -> dict[str, object]:
    row: dict[str, object] = {
        "label": cell.label, "run": cell.run or ALL_SEEDS, "step": cell.step, "benchmark": cell.benchmark,
        "mitigation": cell.mitigation, "num_prompts": cell.num_prompts,
    }  # fmt: skip
    for metric in SHOWN.values():
        score = cell.scores.get(metric)
        for part, name in (("value", metric), ("low", f"{metric}_low"), ("high", f"{metric}_high")):
            row[name] = None if score is None else getattr(score, part)
    for reference in REFERENCES:
        for metric in COMPARED:
            found = cell.difference(reference, metric)
            for part in ("difference", "low", "high", "p", "verdict"):
                name = f"{metric}_minus_{reference}" + ("" if part == "difference" else f"_{part}")
                row[name] = None if found is None else getattr(found, part)
    chosen = cell.selection or Selection(None, None)
    return row | {"precision": chosen.precision, "recall": chosen.recall}
