"""What is published about reasoning and obedience, held against runs of the tiny world.

    python scripts/claims.py --config GRID --samples SAMPLES     (recipes/sweep/tiny_thinking_grid.yaml, _samples.yaml)

Which figures, and the rule that decides, were chosen before looking: docs/log.md. Both sweeps have to be done. Prints a row
per claim and regime, and writes claims.csv and claims_kinds.csv (and .parquet) into the first one's folder.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table
from statsmodels.stats.multitest import multipletests

from data.constraints.base import CONSTRAINTS
from eval.attention.records import AttentionRecord
from eval.attention.summary import Prompts
from eval.export import write_table
from eval.measured import Measured, join, measure
from eval.paired import ALPHA, differences, pair, sign_flip
from eval.records import Record
from eval.resamples import percentiles, ratios, resamples
from recipes import cli
from recipes.errors import UserError
from recipes.run import RunDir
from recipes.schema import SweepRecipe, load_recipe

ENOUGH = 2  # regimes of which the interval lies on one side of 0
MAIN = "tiny-"  # how its problems are called
EXTREME = 6  # the first and the last of that many parts: MathIF's bins


class Figure(NamedTuple):
    """Above 0 in the claimed direction; n problems."""

    claim: str
    regime: str
    value: float
    low: float
    high: float
    n: int


class Regime(NamedTuple):
    """Records of all of its seeds. grid: by mitigation; samples: of one run each."""

    label: str
    grid: dict[str, list[list[Record]]]
    samples: list[list[Record]]
    attention: list[AttentionRecord]

    def measured(self, mitigation: str) -> Measured:
        """Of the main benchmark; the others are there for their kinds."""
        own = [
            [r for r in records if r.problem.startswith(MAIN)] for records in self.grid[mitigation]
        ]
        return join([measure(records) for records in own])


# ---------------------------------------------------------------------- figures


def contrast(of: Measured, metric: str, a: np.ndarray, b: np.ndarray) -> tuple[float, ...]:
    """The mean of a metric over the rows a less that over the rows b (masks): value, low, high, n problems."""
    values, size = of.column(metric), len(of.problems)
    sums, counts = np.zeros((2, size, 2))
    for column, rows in enumerate((a, b)):
        known = rows & ~np.isnan(values)
        sums[:, column] = np.bincount(of.problem[known], values[known], size)
        counts[:, column] = np.bincount(of.problem[known], minlength=size)
    return apart(sums, counts, of.strata)


def apart(
    sums: np.ndarray, counts: np.ndarray, strata: tuple[tuple[int, int], ...]
) -> tuple[float, ...]:
    """Of two columns (problems, 2) the first one's mean less the second one's: value, low, high, n problems."""
    drawn = ratios(sums, counts, resamples(strata, 0))
    first, second = sums.sum(0) / counts.sum(0)
    low, high = percentiles((drawn[0] - drawn[1])[None])
    return float(first - second), float(low[0]), float(high[0]), int((counts > 0).any(1).sum())


def by_length(regime: Regime) -> tuple[float, ...]:
    of = regime.measured("none")
    lengths, asked = of.column("reasoning_tokens"), ~np.isnan(of.column("hacc"))
    low, high = np.quantile(lengths[asked], [1 / EXTREME, 1 - 1 / EXTREME])
    return contrast(of, "hacc", asked & (lengths <= low), asked & (lengths >= high))


def of_the_same_prompt(regime: Regime) -> tuple[float, ...]:
    """HAcc of the shorter half of a prompt's samples less that of the longer half; prompts whose samples all have one
    length say nothing."""
    found: dict[str, list[float]] = {}
    strata: dict[str, tuple[int, int]] = {}
    for records in regime.samples:
        prompts: dict[str, list[Record]] = {}
        for record in records:
            if record.met:
                prompts.setdefault(record.prompt_key, []).append(record)
        for own in prompts.values():
            own.sort(key=lambda one: (one.reasoning_tokens, one.sample))
            half = len(own) // 2
            short, long = own[:half], own[-half:]
            if short[0].reasoning_tokens < long[-1].reasoning_tokens:
                shares = [sum(all(one.met) for one in some) / half for some in (short, long)]
                found.setdefault(own[0].problem, []).append(100 * (shares[0] - shares[1]))
                strata[own[0].problem] = (own[0].difficulty, own[0].num_constraints)
    problems = sorted(found)
    sums = np.array([[sum(found[one]), 0.0] for one in problems])
    counts = np.array([[len(found[one])] * 2 for one in problems], dtype=float)
    return apart(sums, counts, tuple(strata[one] for one in problems))


def by_slice(
    name: str, easy: Sequence[int], hard: Sequence[int], regime: Regime
) -> tuple[float, ...]:
    of = regime.measured("none")
    here = of.slices[name]
    return contrast(of, "hacc", np.isin(here, easy), np.isin(here, hard))


def against(a: str, b: str, metric: str, regime: Regime) -> tuple[float, ...]:
    """A mitigation less another, on the same prompts."""
    found = differences(pair(regime.measured(a), regime.measured(b)), [metric])[0]
    return found.difference, found.low, found.high, found.n


def of_attention(
    measure_name: str, before: str, after: str, regime: Regime, scale: float = 1.0
) -> tuple[float, ...]:
    """The mean over layers in one run less that in another."""
    prompts = Prompts(regime.attention)
    values = prompts.layers(measure_name, before)[:, 0] - prompts.layers(measure_name, after)[:, 0]  # type: ignore[arg-type]
    return _over_prompts(prompts, scale * values, np.ones(len(values), bool), None)


def more_where_it_loses(regime: Regime) -> tuple[float, ...]:
    prompts = Prompts(regime.attention)
    drop = prompts.layers("beta", "direct")[:, 0] - prompts.layers("beta", "cot")[:, 0]
    return _over_prompts(prompts, 1e3 * drop, prompts.outcome == "lose", prompts.outcome == "win")


def _over_prompts(
    prompts: Prompts, values: np.ndarray, rows: np.ndarray, less: np.ndarray | None
) -> tuple[float, ...]:
    size, known = len(prompts.strata), ~np.isnan(values)
    sums, counts = np.zeros((2, size, 2))
    counts[:, 1] = 1  # nothing is taken off
    for column, some in enumerate((rows, less)):
        if some is not None:
            own = some & known
            sums[:, column] = np.bincount(prompts.problem[own], values[own], size)
            counts[:, column] = np.bincount(prompts.problem[own], minlength=size)
    value, low, high, _ = apart(sums, counts, prompts.strata)
    seen = (rows | less if less is not None else rows) & known
    return value, low, high, len(set(prompts.problem[seen]))


class Verdicts(NamedTuple):
    """Of one kind, or several together: per problem, direct's less the CoT's verdicts (100 or 0) and their number."""

    sums: np.ndarray
    counts: np.ndarray


def verdicts(regime: Regime, kinds: set[str]) -> tuple[Verdicts, tuple[tuple[int, int], ...]]:
    strata: dict[str, tuple[int, int]] = {}
    totals: dict[str, float] = {}
    numbers: dict[str, float] = {}
    for sign, mitigation in ((1, "direct"), (-1, "none")):
        for record in (one for records in regime.grid[mitigation] for one in records):
            strata[record.problem] = (record.difficulty, record.num_constraints)
            for kind, met in zip(record.kinds, record.met, strict=False):
                if kind in kinds:
                    totals[record.problem] = totals.get(record.problem, 0.0) + sign * 100.0 * met
                    numbers[record.problem] = numbers.get(record.problem, 0.0) + 0.5
    problems = sorted(strata)
    found = Verdicts(
        np.array([totals.get(p, 0.0) for p in problems]),
        np.array([numbers.get(p, 0.0) for p in problems]),
    )
    return found, tuple(strata[p] for p in problems)


def by_polarity(regime: Regime) -> tuple[float, ...]:
    """(direct less CoT) of negative constraints less that of positive ones."""
    kinds = {kind for records in regime.grid["none"] for record in records for kind in record.kinds}
    forbidding = {kind for kind in kinds if getattr(CONSTRAINTS[kind], "forbids", False)}
    (negative, strata), (positive, _) = (
        verdicts(regime, some) for some in (forbidding, kinds - forbidding)
    )
    sums, counts = (np.column_stack(columns) for columns in zip(negative, positive, strict=True))
    return apart(sums, counts, strata)


CLAIMS = {
    "1a compliance falls with the CoT's length": by_length,
    "1b ... of the same prompt": of_the_same_prompt,
    "1c ... with difficulty": partial(by_slice, "difficulty", (1, 2), (5, 6)),
    "1d ... with the number of constraints": partial(by_slice, "num_constraints", (1,), (3,)),
    "2a reasoning lowers compliance": partial(against, "direct", "none", "hacc"),
    "2b few-shot, 4, raises it": partial(against, "few_shot_tiny", "none", "hacc"),
    "2b few-shot, 3, raises it": partial(against, "few_shot_tiny_3", "none", "hacc"),
    "2b self-reflection raises it": partial(against, "self_reflection", "none", "hacc"),
    "2b self-selective raises it": partial(against, "self_selective", "none", "hacc"),
    "2b classifier-selective raises it": partial(against, "classifier_selective", "none", "hacc"),
    "2c repeating the constraints raises it": partial(against, "repeat_constraints", "none", "hacc"),
    "2c ... and costs accuracy": partial(against, "none", "repeat_constraints", "accuracy_with"),
    "2d a CoT forced to go on lowers it": partial(against, "none", "budget_extend_2", "hacc"),
    "3a delta beta, times 1000": partial(of_attention, "beta", "direct", "cot", scale=1e3),
    "3b ... beyond the filler's, times 1000": partial(of_attention, "beta", "filler", "cot", scale=1e3),
    "3b ... of the ratio to uniform": partial(of_attention, "ratio_to_uniform", "direct", "cot"),
    "3c ... more where the CoT loses, times 1000": more_where_it_loses,
    "4b negative constraints suffer more": by_polarity,
}  # fmt: skip


def wanted(figure: object) -> set[str]:
    """The mitigations that a claim compares."""
    return set(figure.args[:2]) if isinstance(figure, partial) and figure.func is against else set()


def decided(figures: Sequence[Figure]) -> str:
    """Intervals on one side of 0 in ENOUGH regimes, and on the other side in none."""
    above = sum(one.low > 0 for one in figures)
    below = sum(one.high < 0 for one in figures)
    if above >= ENOUGH and not below:
        return "confirmed"
    return "refuted" if below >= ENOUGH and not above else "inconclusive"


# ---------------------------------------------------------------------- kinds


class Kind(NamedTuple):
    """4a: CoT less direct of one kind of constraint, in points; p: Holm's over the kinds of a regime."""

    regime: str
    kind: str
    cot: float
    p: float
    n: int


def by_kind(regime: Regime) -> list[Kind]:
    kinds = sorted(
        {kind for records in regime.grid["none"] for record in records for kind in record.kinds}
    )
    each = [verdicts(regime, {kind})[0] for kind in kinds]
    p = multipletests(sign_flip(np.column_stack([one.sums for one in each])), ALPHA, method="holm")[
        1
    ]
    return [
        Kind(
            regime.label,
            kind,
            float(-one.sums.sum() / one.counts.sum()),
            float(q),
            int((one.counts > 0).sum()),
        )
        for kind, one, q in zip(kinds, each, p, strict=True)
    ]


# ---------------------------------------------------------------------- records


def lines(path: Path) -> Iterator[dict]:  # type: ignore[type-arg]
    with path.open(encoding="utf-8") as file:
        next(file)  # the mark
        yield from map(json.loads, file)


def records_of(folder: Path) -> list[Record]:
    """Of all benchmarks of a folder. Raises UserError where there is none."""
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise UserError(
            f"{folder}: found no records; expected the whole sweep (python -m eval.sweep --config ...)"
        )
    return [Record(**row) for path in files for row in lines(path)]


def newest(sweep: RunDir, pattern: str, run: str) -> Path:
    """What a sweep has of the last step of a run. Raises UserError where there is nothing."""
    found = sorted(sweep.path.glob(pattern.format(run)), key=lambda path: int(path.stem))
    if not found:
        raise UserError(
            f"{sweep.path}: found nothing of {run}; expected the whole sweep (python -m eval.sweep --config ...)"
        )
    return found[-1]


def regimes(grid: SweepRecipe, samples: SweepRecipe) -> Iterator[Regime]:
    main, sampled = RunDir.named(grid.name), RunDir.named(samples.name)
    for label, runs in grid.runs.items():
        folders = [newest(main, "records/{}/*", run) for run in runs]
        names = sorted(
            {path.name for folder in folders for path in folder.iterdir() if path.is_dir()}
        )
        yield Regime(
            label,
            {"none": [records_of(folder) for folder in folders]}
            | {name: [records_of(folder / name) for folder in folders] for name in names},
            [records_of(newest(sampled, "records/{}/*", run)) for run in runs],
            [
                AttentionRecord(**row)
                for run in runs
                for row in lines(newest(main, "attention/{}/*.jsonl", run))
            ],
        )


# ---------------------------------------------------------------------- output


def main(args: argparse.Namespace) -> None:
    grid, samples = (load_recipe(path, SweepRecipe, []) for path in (args.config, args.samples))
    known = list(regimes(grid, samples))
    rows, table = (
        [],
        Table("claim", *(one.label for one in known), "", title="above 0 as claimed (95 %)"),
    )
    for claim, figure in CLAIMS.items():
        if lacking := wanted(figure) - known[0].grid.keys():
            table.add_row(claim, *["" for _ in known], f"not run: {', '.join(lacking)}")
            continue
        found = [Figure(claim, one.label, *figure(one)) for one in known]
        rows += [one._asdict() | {"verdict": decided(found)} for one in found]
        cells = [f"{one.value:.2f} [{one.low:.2f}, {one.high:.2f}]" for one in found]
        table.add_row(claim, *cells, decided(found))
    kinds = [kind for one in known for kind in by_kind(one)]
    listed = Table("kind", "regime", "CoT less direct", "p (Holm)", "n", title="4a by kind, points")
    for kind in kinds:
        listed.add_row(kind.kind, kind.regime, f"{kind.cot:.1f}", f"{kind.p:.3f}", str(kind.n))
    console, out = Console(width=160), RunDir.named(grid.name).path
    console.print(table, listed)
    write_table(rows, out, "claims")
    write_table([kind._asdict() for kind in kinds], out, "claims_kinds")
    console.print(f"wrote {out}/claims.csv, claims_kinds.csv (and .parquet)", highlight=False)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--config", required=True, metavar="PATH", help="the sweep with mitigations and attention"
    )
    parser.add_argument(
        "--samples",
        required=True,
        metavar="PATH",
        help="the sweep with several samples of every prompt",
    )
    return parser.parse_args()


if __name__ == "__main__":
    arguments = parse()
    cli.guard(lambda: main(arguments))
