"""Is checkpoint A better than B? Both on the same prompts, as a table and one sentence.

    python -m eval.compare A B [--benchmark NAME] [--metric hacc accuracy_with_completed ...] [--json]

A and B are each one of
    runs/<sweep>/records/<run>/<step>   a folder of records
    <sweep>:<run>@<step>                the same by name; without @<step> the last one; <sweep>:base is the base model
    <sweep>:<label>@<step>              a regime of the sweep's recipe: its seeds, pooled by problem
each, with /<mitigation> behind it, with that mitigation (docs/mitigations.md), e.g. tiny_mitigations:base/budget_stop_32

Differences are A - B, with 95 % intervals; what the verdicts mean is in eval/paired.py. Records are paired by problem,
condition and sample; what has no partner is counted and left out.
"""

import argparse
import json
import sys
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from eval.chosen import Chosen, choose
from eval.measured import COMPLETED, PLACE
from eval.paired import Difference, Dominance, Pairs, differences, dominance, pair
from eval.points import AXES
from eval.verdict import sentence
from recipes.cli import described, guard
from recipes.errors import UserError
from recipes.registry import did_you_mean

SHOWN = ("accuracy_without", "accuracy_with", "hacc", "sacc", "correct_and_hacc", "reasoning_tokens",
         "truncation_rate")  # fmt: skip


class Comparison(NamedTuple):
    """On one benchmark."""

    benchmark: str
    pairs: Pairs
    found: list[Difference]
    dominates: Dominance | None
    silent: list[str]  # metrics about which no pair says anything


def compare(a: Chosen, b: Chosen, benchmark: str, metrics: list[str], seed: int = 0) -> Comparison:
    try:
        pairs = pair(a.measured(benchmark), b.measured(benchmark))
    except ValueError as error:
        raise UserError(f"{a.name}, {b.name}: {benchmark}: {error}") from None
    found = differences(pairs, metrics, seed)
    silent = [metric for metric in metrics if metric not in {one.metric for one in found}]
    return Comparison(benchmark, pairs, found, dominance(pairs, AXES, seed), silent)


def main(args: argparse.Namespace) -> None:
    a, b = choose(args.a), choose(args.b)
    known = [*PLACE, *(metric + COMPLETED for metric in PLACE)]
    for metric in args.metric or ():
        if metric not in known:
            raise UserError(f"--metric: unknown metric {metric!r}.{did_you_mean(metric, known)}")
    found = [
        compare(a, b, benchmark, args.metric or list(SHOWN))
        for benchmark in _benchmarks(a, b, args.benchmark)
    ]
    if args.json:
        rows = [_plain(one) | {"a": a.name, "b": b.name} for one in found]
        print(json.dumps(rows, indent=2))
        return
    console = Console(width=None if sys.stdout.isatty() else 125, highlight=False)
    console.print(f"A: {a.name}\nB: {b.name}")
    for one in found:
        _print(one, bool(args.metric), console)


def _benchmarks(a: Chosen, b: Chosen, wanted: str | None) -> list[str]:
    shared = sorted(a.benchmarks() & b.benchmarks())
    if not shared:
        raise UserError(
            f"{a.name}, {b.name}: no benchmark in common: found {', '.join(sorted(a.benchmarks()))} and "
            f"{', '.join(sorted(b.benchmarks()))}"
        )
    if wanted is not None and wanted not in shared:
        raise UserError(f"--benchmark: unknown {wanted!r}.{did_you_mean(wanted, shared)}")
    return shared if wanted is None else [wanted]


def _print(one: Comparison, asked: bool, console: Console) -> None:
    if one.found:
        console.print(_table(one), sentence("A", "B", one.found, one.dominates))
    if one.silent and (asked or not one.found):
        console.print(f"Nothing was measured of {', '.join(one.silent)}.")
    for name, alone in (("A", one.pairs.only_a), ("B", one.pairs.only_b)):
        if alone:
            problem, condition, sample, case = alone[0]
            console.print(
                f"{len(alone):,} prompts of {name} have no partner and were left out, "
                f"e.g. {case or problem} ({condition} constraints, sample {sample})."
            )


def _table(one: Comparison) -> Table:
    table = Table(
        title=f"{one.benchmark}: {len(one.pairs.keys):,} pairs, {len(one.pairs.problems):,} problems",
        caption="interval: 95 %; p: sign-flip test, Holm over these metrics; needed: problems for 80 % power at 5 %",
    )
    for heading in ("metric", "A", "B", "A - B", "interval", "p", "verdict on A", "needed", "here"):
        left = heading in ("metric", "verdict on A")
        table.add_column(heading, justify="left" if left else "right", no_wrap=True)
    for row in one.found:
        needed = "" if row.needed is None else f"{row.needed:,}"
        table.add_row(
            row.metric, f"{row.a:.1f}", f"{row.b:.1f}", f"{row.difference:+.1f}", f"[{row.low:+.1f}, {row.high:+.1f}]",
            f"{row.p:.4f}", row.verdict, needed, f"{row.n:,}",
        )  # fmt: skip
    return table


def _plain(one: Comparison) -> dict[str, Any]:
    return {
        "benchmark": one.benchmark,
        "pairs": len(one.pairs.keys),
        "only_a": len(one.pairs.only_a),
        "only_b": len(one.pairs.only_b),
        "differences": [row._asdict() for row in one.found],
        "dominance": one.dominates._asdict() if one.dominates else None,
        "verdict": sentence("A", "B", one.found, one.dominates) if one.found else None,
    }


def parse(words: list[str]) -> argparse.Namespace:
    parser = described(__doc__)
    parser.add_argument("a", metavar="A")
    parser.add_argument("b", metavar="B")
    parser.add_argument("--benchmark", metavar="NAME", help="one of those both have; default: all")
    parser.add_argument(
        "--metric", nargs="+", metavar="METRIC", help=f"default: {', '.join(SHOWN)}"
    )
    parser.add_argument("--json", action="store_true", help="numbers instead of a table")
    return parser.parse_args(words)


if __name__ == "__main__":
    guard(lambda: main(parse(sys.argv[1:])))
