"""What is published about reasoning and obedience, held against runs of the tiny world.

    python scripts/claims.py --config GRID --samples SAMPLES     (recipes/sweep/tiny_thinking_grid.yaml, _samples.yaml)

Which figures, and the rule that decides, were chosen before looking: docs/log.md. Both sweeps have to be done. Prints a row
per claim and regime, and writes claims.csv and claims_kinds.csv (and .parquet) into the first one's folder.
"""

import argparse
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from eval.attention.records import AttentionFile, AttentionRecord
from eval.attention.runs import Run
from eval.attention.summary import Prompts
from eval.chosen import Chosen, choose, measure_file
from eval.contrasts import Estimate, Rows, apart, contrast, less
from eval.export import write_table
from eval.measured import Measured, join
from eval.paired import differences, holm, pair, sign_flip
from eval.scores import forbidding
from recipes import cli
from recipes.run import RunDir
from recipes.schema import SweepRecipe, load_recipe

ENOUGH = 2  # regimes of which the interval lies on one side of 0
MAIN = "tiny"  # the benchmark that claims are about; the grid's others are there for their kinds
EXTREME = 6  # the first and the last of that many parts: MathIF's bins


class Figure(NamedTuple):
    claim: str
    regime: str
    value: float
    low: float
    high: float
    n: int


class Regime(NamedTuple):
    """All of its seeds together. grid, samples: names of sweeps; attention: of the grid's last checkpoints."""

    label: str
    grid: str
    samples: str
    attention: list[AttentionRecord]

    def with_mitigation(self, name: str) -> Chosen:
        return choose(f"{self.grid}:{self.label}" + (f"/{name}" if name != "none" else ""))

    def measured(self, mitigation: str) -> Measured:
        return self.with_mitigation(mitigation).measured(MAIN)

    def whole(self, mitigation: str) -> Measured:
        """Of all benchmarks."""
        chosen = self.with_mitigation(mitigation)
        return join([chosen.measured(one) for one in sorted(chosen.benchmarks())])


# ---------------------------------------------------------------------- figures


def by_length(regime: Regime) -> Estimate:
    of = regime.measured("none")
    lengths = of.column("reasoning_tokens")
    low, high = np.quantile(lengths, [1 / EXTREME, 1 - 1 / EXTREME])
    return contrast(of, "hacc", lengths <= low, lengths >= high)


def of_the_same_prompt(regime: Regime) -> Estimate:
    """HAcc of the shorter half of a prompt's samples less that of the longer half; prompts whose samples all have one
    length say nothing."""
    parts = [
        measure_file(folder / f"{MAIN}.jsonl")
        for folder in choose(f"{regime.samples}:{regime.label}").folders
    ]
    found = join(parts)
    place = {problem: number for number, problem in enumerate(found.problems)}
    halves = [(place[problem], value) for part in parts for problem, value in _halves(part)]
    problems, values = zip(*halves, strict=True)
    known = sorted(set(problems))
    return apart(
        tuple(found.strata[one] for one in known),
        (np.searchsorted(known, problems), np.array(values)),
    )


def _halves(of: Measured) -> Iterator[tuple[str, float]]:
    """Problem, and the difference, of each prompt of one run."""
    lengths, met = of.column("reasoning_tokens"), of.column("hacc")
    samples = sorted(
        range(len(of.keys)), key=lambda row: (of.keys[row][0], lengths[row], of.keys[row][2])
    )
    for problem, rows in groupby(samples, key=lambda row: of.keys[row][0]):
        own = list(rows)
        half = len(own) // 2
        if lengths[own[0]] < lengths[own[-1]]:
            yield problem, met[own[:half]].mean() - met[own[-half:]].mean()


def by_slice(name: str, easy: Sequence[int], hard: Sequence[int], regime: Regime) -> Estimate:
    of = regime.measured("none")
    return contrast(of, "hacc", *(np.isin(of.slices[name], some) for some in (easy, hard)))


def against(a: str, b: str, metric: str, regime: Regime) -> Estimate:
    """A mitigation less another, on the same prompts."""
    found = differences(pair(regime.measured(a), regime.measured(b)), [metric])[0]
    return Estimate(found.difference, found.low, found.high, found.n)


def drop(prompts: Prompts, measure: str, before: Run, after: Run) -> np.ndarray:
    """(pairs,): the mean over layers in one run less that in another."""
    return prompts.layers(measure, before)[:, 0] - prompts.layers(measure, after)[:, 0]


def of_attention(
    measure: str, before: Run, after: Run, regime: Regime, scale: float = 1.0
) -> Estimate:
    prompts = Prompts(regime.attention)
    return apart(prompts.strata, (prompts.problem, scale * drop(prompts, measure, before, after)))


def more_where_it_loses(regime: Regime) -> Estimate:
    prompts = Prompts(regime.attention)
    values = 1e3 * drop(prompts, "beta", "direct", "cot")
    lose, win = (
        (prompts.problem[rows], values[rows])
        for rows in (prompts.outcome == "lose", prompts.outcome == "win")
    )
    return apart(prompts.strata, lose, win)


def direct_less_cot(direct: Measured, cot: Measured, kinds: Sequence[str]) -> Rows:
    """Of these kinds of constraints: values whose mean is the share that direct replies meet less the CoT's, in points."""
    return less(*(_met(of, kinds) for of in (direct, cot)))


def _met(of: Measured, kinds: Sequence[str]) -> Rows:
    parts = [(of.problem[places], met) for places, met in (of.kinds["met", kind] for kind in kinds)]
    problems, values = (np.concatenate(found) for found in zip(*parts, strict=True))
    return problems, values


def kinds_of(measured: Measured) -> list[str]:
    return [kind for metric, kind in measured.kinds if metric == "met"]


def by_polarity(regime: Regime) -> Estimate:
    """(direct less CoT) of negative constraints less that of positive ones."""
    direct, cot = regime.whole("direct"), regime.whole("none")
    groups = [
        [k for k in kinds_of(cot) if (k in forbidding()) is negative] for negative in (True, False)
    ]
    return apart(cot.strata, *(direct_less_cot(direct, cot, kinds) for kinds in groups))


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


class Kind(NamedTuple):
    """4a: CoT less direct of one kind of constraint, in points; p: Holm's over the kinds of a regime."""

    regime: str
    kind: str
    cot: float
    p: float
    n: int


def by_kind(regime: Regime) -> list[Kind]:
    direct, cot = regime.whole("direct"), regime.whole("none")
    kinds = kinds_of(cot)
    each = [direct_less_cot(direct, cot, [kind]) for kind in kinds]
    p = holm(sign_flip(np.column_stack([np.bincount(*rows, len(cot.problems)) for rows in each])))
    return [
        Kind(regime.label, kind, float(-values.mean()), float(q), len(set(problems)))
        for kind, (problems, values), q in zip(kinds, each, p, strict=True)
    ]


# ---------------------------------------------------------------------- sweeps and output


def regimes(grid: SweepRecipe, samples: SweepRecipe) -> list[Regime]:
    """Raises UserError where a sweep is not done."""
    return [
        Regime(label, grid.name, samples.name, _attention(choose(f"{grid.name}:{label}")))
        for label in grid.runs
    ]


def _attention(chosen: Chosen) -> list[AttentionRecord]:
    """Of the checkpoints whose records are chosen: attention/<run>/<step>.jsonl beside records/<run>/<step>."""
    paths = [
        folder.parents[2] / "attention" / folder.parent.name / f"{folder.name}.jsonl"
        for folder in chosen.folders
    ]
    return [one for path in paths for one in AttentionFile.found(path).read()]


def main(args: argparse.Namespace) -> None:
    grid, samples = (load_recipe(path, SweepRecipe, []) for path in (args.config, args.samples))
    known = regimes(grid, samples)
    made = {"none", *(one.name for one in known[0].with_mitigation("none").folders[0].iterdir())}
    rows = []
    table = Table("claim", *(one.label for one in known), "", title="above 0 as claimed (95 %)")
    for claim, figure in CLAIMS.items():
        if lacking := wanted(figure) - made:
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


def arguments() -> argparse.ArgumentParser:
    parser = cli.described(__doc__)
    add = parser.add_argument
    add(
        "--config",
        required=True,
        metavar="GRID.yaml",
        help="the sweep with mitigations and attention",
    )
    add("--samples", required=True, metavar="SAMPLES.yaml", help="several samples of every prompt")
    return parser


if __name__ == "__main__":
    parsed = arguments().parse_args()
    cli.guard(lambda: main(parsed))
