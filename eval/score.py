"""Score responses that were made elsewhere; no model is needed.

    python -m eval.score constraints RESPONSES.jsonl --scorer official --out VERDICTS.jsonl

Rows: {"benchmark": "ifeval" | "mathif" | "ifbench" | "iftrain", "instruction_id_list": [...], "kwargs": [{...}, ...],
"response": "..."}; other keys are left alone. Verdicts, in the same order: {"strict": [...], "loose": [...]}, one bool
for each constraint. A table on stderr says how often each kind was met, and where the two scorers differ.

    python -m eval.score answers PAIRS.jsonl --out GRADED.jsonl

Rows: {"gold": "18", "prediction": a response, or a bare answer}. Verdicts, in the same order: {"correct": true | false |
null, "extracted": ..., "method": ...}; null is undecided. What is inside of `<think>` never counts. Without a box,
`#### 18`, "the answer is 18" and a short last line count as answers, and `method` says so. Counts of the methods on stderr.

    python -m eval.score mathif RESPONSES.jsonl [--out RECORDS.jsonl]

Any benchmark of eval/benchmarks: mathif, ifeval, ifbench, reasonif, logicif, gsm8k ..., with its settings behind the file
(`rows=FILE.jsonl`). Rows: a prompt and a response, under the names that peers use (eval/elsewhere.py). Official and
repaired verdicts side by side, each with its interval, and what responses score that take no model.

    python -m eval.score golds PROBLEMS.jsonl --key answer

Which golds cannot be graded: those that do not equal themselves, or leave a wrong answer undecided. One line for each on
stdout, and exit status 1 if there is one; on stderr how many golds are of a kind that needs care.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from data.answers import Verdict, grade_all
from data.answers.golds import gold_problems
from data.constraints.base import CONSTRAINTS, Constraint, Scorer, check_all, from_spec
from data.constraints.loose import strict_and_loose
from data.constraints.split import Benchmark, kinds_of
from data.mirror import json_lines
from data.response import split
from eval.benchmarks import BENCHMARKS, build_benchmarks, tasks
from eval.elsewhere import join
from eval.elsewhere_report import table as table_of
from eval.floors import floors
from recipes.cli import described, guard
from recipes.errors import UserError
from recipes.registry import did_you_mean
from recipes.run import write_atomically
from recipes.typed import build


@dataclass(frozen=True)
class ResponseRow:
    """The keys of a row that are read."""

    benchmark: Benchmark
    instruction_id_list: list[str]
    kwargs: list[dict[str, Any] | None]
    response: str


@dataclass(frozen=True)
class PairRow:
    """The keys of a row that are read."""

    gold: str | int | float
    prediction: str


class Graded(NamedTuple):
    constraints: tuple[Constraint, ...]
    strict: list[bool]
    loose: list[bool]
    other: list[bool]  # strict, by the other scorer


def _row(values: dict[str, Any], where: str) -> ResponseRow:
    keys = ResponseRow.__dataclass_fields__
    row = build(ResponseRow, {key: values[key] for key in keys if key in values}, where)
    if len(row.instruction_id_list) != len(row.kwargs):
        raise UserError(
            f"{where}: kwargs: found {len(row.kwargs)} entries; expected one for each of the "
            f"{len(row.instruction_id_list)} ids in instruction_id_list"
        )
    known = kinds_of(row.benchmark)
    for name in row.instruction_id_list:
        if name not in known:
            raise UserError(
                f"{where}: instruction_id_list: {row.benchmark} has no {name!r}.{did_you_mean(name, list(known))}"
            )
    return row


def grade(path: Path, scorer: Scorer, strip_think: bool) -> Iterator[Graded]:
    """Verdicts of a file's rows, in order. Raises UserError with file and line for a row that cannot be used."""
    other: Scorer = "repaired" if scorer == "official" else "official"
    for where, values in json_lines(path):
        row = _row(values, where)
        specs = zip(row.instruction_id_list, row.kwargs, strict=True)
        constraints = tuple(from_spec(name, kwargs, where) for name, kwargs in specs)
        response = split(row.response).response if strip_think else row.response
        strict, loose = strict_and_loose(constraints, response, scorer)
        yield Graded(constraints, strict, loose, check_all(constraints, response, other))


def table(graded: list[Graded], scorer: Scorer) -> Table:
    """How often each kind is met by either scorer, and what the mend is where they differ."""
    asked, met, other, differ = (Counter[str]() for _ in range(4))
    for row in graded:
        for constraint, strict, repaired in zip(
            row.constraints, row.strict, row.other, strict=True
        ):
            asked[constraint.name] += 1
            met[constraint.name] += strict
            other[constraint.name] += repaired
            differ[constraint.name] += strict is not repaired
    names = ("official", "repaired") if scorer == "official" else ("repaired", "official")
    found = Table("kind", "asked", *names, "differ", "what `repaired` mends")
    for name in sorted(asked, key=lambda name: (-differ[name], name)):
        mends = CONSTRAINTS[name].mends if differ[name] else ""  # type: ignore[attr-defined]
        found.add_row(
            name, str(asked[name]), str(met[name]), str(other[name]), str(differ[name]), mends
        )
    return found


def constraints(args: argparse.Namespace) -> None:
    if not args.responses.is_file():
        raise UserError(f"{args.responses}: no such file; expected JSON lines")
    rows = grade(args.responses, args.scorer, args.strip_think)
    graded = list(tqdm(rows, desc="responses", unit=" rows", leave=False))
    lines = [json.dumps({"strict": row.strict, "loose": row.loose}) + "\n" for row in graded]
    write_atomically(args.out, "".join(lines))
    Console(stderr=True).print(table(graded, args.scorer))


def grade_answers(path: Path) -> list[Verdict]:
    """Verdicts of a file's rows, in order; what is inside of `<think>` never counts. Raises UserError with file and line for
    a row that cannot be used."""
    keys = PairRow.__dataclass_fields__
    pairs = []
    for where, values in json_lines(path):
        row = build(PairRow, {key: values[key] for key in keys if key in values}, where)
        pairs.append((str(row.gold), split(row.prediction).response))
    return grade_all(pairs, fallbacks=True)


def answers(args: argparse.Namespace) -> None:
    if not args.pairs.is_file():
        raise UserError(f"{args.pairs}: no such file; expected JSON lines")
    graded = grade_answers(args.pairs)
    lines = [json.dumps(verdict._asdict(), ensure_ascii=False) + "\n" for verdict in graded]
    write_atomically(args.out, "".join(lines))
    found = Table("method", "correct", "wrong", "undecided")
    counts = Counter((verdict.method, verdict.correct) for verdict in graded)
    for method in sorted({method for method, _ in counts}):
        found.add_row(method, *(str(counts[method, correct]) for correct in (True, False, None)))
    Console(stderr=True).print(found)


def golds(args: argparse.Namespace) -> None:
    if not args.problems.is_file():
        raise UserError(f"{args.problems}: no such file; expected JSON lines")
    found = list(json_lines(args.problems))
    for where, values in found:
        if not isinstance(values.get(args.key), str):
            raise UserError(f"{where}: {args.key}: found {values.get(args.key)!r}; expected a text")
    report = gold_problems(values[args.key] for _, values in found)
    for problem in report.problems:
        print(f"{found[problem.row][0]}: {problem.gold!r}: {problem.why}")
    kinds = ", ".join(f"{count} with {kind}" for kind, count in sorted(report.kinds.items()))
    Console(stderr=True).print(
        f"{report.num_golds} golds, {len(report.problems)} problems; {kinds or 'all plain'}"
    )
    if report.problems:
        raise SystemExit(1)


def _settings(texts: list[str]) -> dict[str, Any]:
    """`key=value`, the value as YAML has it."""
    for text in texts:
        if not text.partition("=")[0].isidentifier() or "=" not in text:
            raise UserError(f"found {text!r}; expected a setting of the benchmark, key=value")
    return {key: yaml.safe_load(value) for key, _, value in (t.partition("=") for t in texts)}


def benchmark(args: argparse.Namespace) -> None:
    found = build_benchmarks(({"name": args.benchmark} | _settings(args.settings),), "eval.score")[
        0
    ]
    asked = tasks(found, 0)
    joined = join(asked, args.responses, args.in_order, args.prefilled)
    out = Console()
    out.print(table_of(joined.records, found.rules, f"{args.benchmark}: {args.responses}"))
    if joined.missing or joined.unknown:
        out.print(
            f"{joined.missing:,} prompts have no response and count as blank ones; {joined.unknown:,} rows have a prompt "
            "that is not the benchmark's and are left out"
        )
    if (floor := floors(asked, args.benchmark)) is not None:
        out.print(floor)
    if args.out is not None:
        lines = [json.dumps(asdict(record), ensure_ascii=False) + "\n" for record in joined.records]
        write_atomically(args.out, "".join(lines))


def main() -> None:
    parser = described(__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("constraints", help="verdicts on verifiable constraints")
    command.add_argument("responses", type=Path, metavar="RESPONSES.jsonl")
    command.add_argument(
        "--scorer",
        choices=("official", "repaired"),
        default="repaired",
        help="the reference's verdict, or ours with its defects mended (default)",
    )
    command.add_argument("--out", type=Path, required=True, metavar="VERDICTS.jsonl")
    command.add_argument(
        "--strip-think",
        action="store_true",
        help="check what follows the last </think>; unterminated thinking meets nothing",
    )
    command.set_defaults(run=constraints)
    command = commands.add_parser("answers", help="verdicts on final answers")
    command.add_argument("pairs", type=Path, metavar="PAIRS.jsonl")
    command.add_argument("--out", type=Path, required=True, metavar="GRADED.jsonl")
    command.set_defaults(run=answers)
    command = commands.add_parser("golds", help="golds that cannot be graded")
    command.add_argument("problems", type=Path, metavar="PROBLEMS.jsonl")
    command.add_argument("--key", default="answer", help="of the gold in a row (default: answer)")
    command.set_defaults(run=golds)
    for name in BENCHMARKS:
        command = commands.add_parser(name, help=f"outputs for {name} that were made elsewhere")
        command.add_argument("responses", type=Path, metavar="RESPONSES.jsonl")
        command.add_argument("settings", nargs="*", metavar="key=value", help="of the benchmark")
        command.add_argument("--out", type=Path, metavar="RECORDS.jsonl", help="a record each")
        command.add_argument(
            "--in-order", action="store_true", help="rows are the benchmark's, without prompts"
        )
        command.add_argument(
            "--prefilled", action="store_true", help="the chat template opened <think>"
        )
        command.set_defaults(run=benchmark, benchmark=name)
    args = parser.parse_args()
    guard(lambda: args.run(args))


if __name__ == "__main__":
    main()
