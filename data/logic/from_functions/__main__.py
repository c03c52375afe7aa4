"""Functions of your own as instances of LogicIF: to be carried out by hand, checked by execution.

    python -m data.logic.from_functions FILE.py --inputs INPUTS.jsonl --out OUT.jsonl --model NAME [--endpoint URL]

FILE.py: functions that return `(result, {counter: whole number, ...})`; INPUTS.jsonl: rows `{"function": name, "input":
[argument, ...]}`. Each function is run in the sandbox (data/sandbox), twice for every input. What goes wrong or is not fit
to be asked is left out and counted, and so is a function with fewer than three cases left. OUT.jsonl gets a row for each
case, as in the benchmark.

The words are by an OpenAI-compatible server (key: OPENAI_API_KEY, where it wants one): it describes a function, and verifies
and mends the description up to three times. Answers are cached: the same command costs nothing again. Without --model a
function's docstring is its description, as it stands.
"""

import argparse
import json
import math
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tqdm import tqdm

from data.endpoint import Endpoint
from data.logic.difficulty import complexity
from data.logic.from_functions.gold import FEWEST_CASES, Gold, Judge, numbers, output_format
from data.logic.from_functions.source import Function, read_functions
from data.logic.from_functions.wording import Wording, describe
from data.logic.instruction import instruction
from data.mirror import json_lines
from data.sandbox import protection
from recipes.cli import described, guard
from recipes.errors import UserError
from recipes.run import write_atomically

Inputs = dict[str, list[list[Any]]]


def read_inputs(path: Path, functions: dict[str, Function]) -> Inputs:
    """By function. Raises UserError naming file and line."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; expected JSON lines")
    found: Inputs = {}
    for where, values in json_lines(path):
        name, arguments = values.get("function"), values.get("input")
        if name not in functions:
            raise UserError(
                f"{where}: function: found {name!r}; expected one of {', '.join(functions)}"
            )
        if not isinstance(arguments, list):
            raise UserError(f"{where}: input: found {arguments!r}; expected a list of arguments")
        if not all(map(math.isfinite, numbers(arguments))):
            raise UserError(f"{where}: input: found {arguments!r}; expected finite numbers")
        found.setdefault(name, []).append(arguments)
    if not found:
        raise UserError(f"{path}: found no row; expected inputs")
    return found


def worded(
    golds: dict[str, Gold], functions: dict[str, Function], endpoint: Endpoint | None, threads: int
) -> dict[str, Wording]:
    """Raises UserError for a function without a docstring when there is no endpoint."""

    def one(name: str) -> Wording:
        function = functions[name]
        if endpoint is not None:
            return describe(endpoint, function, list(golds[name].cases[0].stats))
        if not function.docstring:
            raise UserError(f"{name}: found no docstring; give --model, which describes functions")
        return Wording(function.docstring, 0)

    with ThreadPoolExecutor(threads) as pool:
        found = tqdm(pool.map(one, golds), total=len(golds), desc="descriptions", leave=False)
        return dict(zip(golds, found, strict=True))


def rows(task: str, function: Function, gold: Gold, description: str) -> Iterator[dict[str, Any]]:
    """A row for each case, as the benchmark's (the page of LogicIF: schema)."""
    kind = output_format([case.output for case in gold.cases])
    metrics = complexity(function.source)
    for case in gold.cases:
        keys = list(case.stats)
        yield {
            "task_id": task,
            "test_case_id": case.test_case_id,
            "input": case.input,
            "code_output": {"output": case.output, "stats": case.stats},
            "function": function.source,
            "description": description,
            "instruction": instruction(description, case.input, keys, kind),
            "stats_keys": keys,
            "output_format": kind,
            "complexity_metrics": metrics,
        }


def main(args: argparse.Namespace) -> None:
    functions = read_functions(args.file)
    inputs = read_inputs(args.inputs, functions)
    print(f"sandbox: {', '.join(protection())}")
    with Judge(args.timeout_s) as judge:
        names = tqdm(inputs, desc="functions", leave=False)
        golds = {name: judge.gold(functions[name], inputs[name]) for name in names}
    endpoint = None
    if args.model is not None:
        endpoint = Endpoint(args.model, args.endpoint, args.cache, args.temperature)
    kept = {name: gold for name, gold in golds.items() if gold.enough}
    wordings = worded(kept, functions, endpoint, args.concurrency)
    found = [
        row
        for name, wording in wordings.items()
        if wording.description is not None
        for row in rows(
            f"{args.file.stem}_{name}", functions[name], kept[name], wording.description
        )
    ]
    write_atomically(args.out, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found))
    tell_cases(golds)
    tell_functions(functions, golds, wordings)
    print(
        f"{args.out}: {len(found):,} cases of {len({row['task_id'] for row in found}):,} functions"
    )
    if endpoint is not None:
        tell_cost(endpoint, args.price_in, args.price_out)


def tell_cases(golds: dict[str, Gold]) -> None:
    dropped = sum((gold.dropped for gold in golds.values()), Counter[str]())
    if dropped:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in dropped.most_common())
        print(f"cases left out: {dropped.total():,} ({reasons})")
    for name, gold in golds.items():
        if gold.said:
            print(f"  {name}: {gold.said}")


def tell_functions(
    functions: dict[str, Function], golds: dict[str, Gold], wordings: dict[str, Wording]
) -> None:
    for name in functions:
        if name in golds and not golds[name].enough:
            left = len(golds[name].cases)
            print(f"function left out: {name}: {left} cases are left, fewer than {FEWEST_CASES}")
        elif name in wordings and wordings[name].description is None:
            print(f"function left out: {name}: description: {wordings[name].why}")
    if unused := [name for name in functions if name not in golds]:
        print(f"functions without inputs: {', '.join(unused)}")


def tell_cost(endpoint: Endpoint, price_in: float | None, price_out: float | None) -> None:
    spent = endpoint.spent
    cost = ""
    if price_in is not None and price_out is not None:
        cost = f", {spent.cost(price_in, price_out):.4f} in the currency of your prices"
    print(
        f"asked {endpoint.asked:,} times, {endpoint.asked - spent.requests:,} of them answered by the cache; "
        f"{spent.prompt_tokens:,} tokens in, {spent.completion_tokens:,} out{cost}"
    )


def arguments() -> argparse.ArgumentParser:
    parser = described(__doc__, "python -m data.logic.from_functions")
    add = parser.add_argument
    add("file", type=Path, metavar="FILE.py")
    add("--inputs", type=Path, required=True, metavar="INPUTS.jsonl")
    add("--out", type=Path, required=True, metavar="OUT.jsonl")
    add("--model", metavar="NAME", help="that writes and verifies (default: docstrings are taken)")
    add("--endpoint", metavar="URL", help="of an OpenAI-compatible server (default: OpenAI's)")
    add(
        "--temperature",
        type=_temperature,
        default=0.0,
        metavar="T",
        help="default: 0; `none` is not sent (o-series, gpt-5)",
    )
    add("--concurrency", type=int, default=8, help="functions described at a time (default: 8)")
    add(
        "--cache",
        type=Path,
        default=Path("runs/wording_cache"),
        help="folder of answers (default: runs/wording_cache)",
    )
    add("--price-in", type=float, metavar="P", help="of a million prompt tokens")
    add("--price-out", type=float, metavar="P", help="of a million completion tokens")
    add("--timeout-s", type=float, default=5.0, help="of one run (default: 5)")
    return parser


def _temperature(text: str) -> float | None:
    return None if text == "none" else float(text)


if __name__ == "__main__":
    parsed = arguments().parse_args()
    guard(lambda: main(parsed))
