"""Attention to constraints of one checkpoint, without a sweep.

    python -m eval.attention CHECKPOINT --benchmark '{name: tiny, per_cell: 4}' --out FOLDER
    python -m eval.attention CHECKPOINT --prompts PROMPTS.jsonl --out FOLDER

CHECKPOINT is a folder, a run's checkpoint (name/checkpoint-50), a folder with a LoRA adapter, or a Hub name. Rows of
PROMPTS.jsonl: {"prompt": ..., "constraints": [passage, ...]}, each passage exactly once in its prompt; with them nothing
checks the answers, so there is no win or lose. FOLDER gets attention.jsonl (a line for each prompt and run), the tables and
the pictures; the same command goes on where it was stopped.
"""

import argparse
import sys
from pathlib import Path

import yaml
from rich.console import Console
from tqdm import tqdm

from data.example import Example
from data.mirror import json_lines
from eval.attention.located import Asked, asked, located
from eval.attention.records import AttentionFile
from eval.attention.report import attention_report
from eval.attention.summary import Attended
from eval.attention.work import Model, filled
from eval.backends.transformers import one_model
from eval.benchmarks import build_benchmarks, tasks
from eval.checkpoints import weights_of
from eval.export import write_table
from eval.marked import fingerprint
from eval.records import Task
from recipes.attention import Attention
from recipes.cli import described, guard
from recipes.errors import UserError
from recipes.schema import Sampling
from recipes.typed import build


def free_prompts(path: Path) -> list[Asked]:
    """Rows with a prompt and the passages of its constraints. Raises UserError for any other."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; expected JSON lines with prompt and constraints")
    found: list[Asked] = []
    for where, row in json_lines(path):
        text, passages = row.get("prompt"), row.get("constraints")
        texts = isinstance(passages, list) and all(isinstance(one, str) for one in passages)
        if not isinstance(text, str) or not texts:
            raise UserError(
                f"{where}: found keys {', '.join(row)}; expected prompt (a text) and constraints (a list of passages)"
            )
        key = str(row.get("id", f"prompt {len(found) + 1}"))
        task = Task(Example(key, "prompts", text, None, text=text), "with")
        found += asked([task], {key: passages or []}, where)
    return found


def main(args: argparse.Namespace) -> None:
    label = "prompts"
    if args.prompts is None:
        (benchmark,) = build_benchmarks((yaml.safe_load(args.benchmark),), "--benchmark")
        label = benchmark.label
    given = {
        key: getattr(args, key) for key in ("num_prompts", "max_new_tokens", "per_head", "spans")
    }
    settings = build(Attention, {"benchmark": label} | given, "arguments")
    if args.prompts is None:
        prompts = located(tasks(benchmark, args.seed), settings, "--benchmark")
    else:
        prompts = free_prompts(args.prompts)[: args.num_prompts]
    weights = weights_of(args.checkpoint, "checkpoint")
    what = [weights.digest(), args.dtype, str(args.max_new_tokens), str(args.batch_size), str(args.per_head)]  # fmt: skip
    mark = fingerprint([*what, *(f"{one.task.key}\t{one.prompt}" for one in prompts)])
    file = AttentionFile(args.out / "attention.jsonl", mark)
    if not file.complete():
        measure(args, settings, prompts, file)
    parts = [Attended(Path(args.checkpoint).name, "", 0, file.read())]
    console = Console(width=None if sys.stdout.isatty() else 160)
    tables = attention_report(parts, [], label, args.checkpoint, args.out, console)
    for stem, rows in tables.items():
        write_table(rows, args.out, stem)
    print(f"wrote {args.out}: attention.jsonl, {', '.join(tables)} as .csv and .parquet, pictures")


def measure(
    args: argparse.Namespace, settings: Attention, prompts: list[Asked], file: AttentionFile
) -> None:
    def load() -> Model:
        found = one_model(args.checkpoint, Sampling(), args.seed, args.dtype)
        return Model(found.module, found.tokenizer, found.thinking)

    with tqdm(total=len(prompts), desc="prompts") as progress:
        for records in filled(file, load, prompts, settings, args.batch_size):
            progress.update(len({one.key for one in records}))


def arguments() -> argparse.ArgumentParser:
    parser = described(__doc__, "python -m eval.attention")
    add = parser.add_argument
    add("checkpoint", metavar="CHECKPOINT")
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--benchmark", metavar="YAML", help="as in a sweep recipe")
    given.add_argument("--prompts", type=Path, metavar="PROMPTS.jsonl")
    add("--spans", metavar="SPANS.jsonl", help="passages of a benchmark's prompts (eval/attention/located.py)")  # fmt: skip
    add("--out", type=Path, required=True, metavar="FOLDER")
    add("--num-prompts", type=int, default=64, help="at most (default: 64)")
    add("--max-new-tokens", type=int, default=512, help="of each generation (default: 512)")
    add("--batch-size", type=int, default=16, help="prompts that generate together (default: 16)")
    add("--per-head", action="store_true", help="keep every head's number, and rank the heads")
    add("--dtype", default="auto", help="of the weights (default: auto, the checkpoint's own)")
    add("--seed", type=int, default=0, help="of the benchmark's problems (default: 0)")
    return parser


if __name__ == "__main__":
    parsed = arguments().parse_args()
    guard(lambda: main(parsed))
