"""The sweep against lm-eval (its hf backend, batched, once per checkpoint): same weights, prompts, token limit and dtype.

    python scripts/bench/sweep.py [--checkpoints 8] [--prompts 500] [--lm-eval PATH]

End to end, from one command line to the last score; both have the whole machine. The checkpoints are the tiny base model
with a little noise, greedy. lm-eval stays out of requirements.txt for the packages that it brings; in its own environment:

    python3.11 -m venv lm_eval && lm_eval/bin/pip install -r requirements.txt lm_eval==0.4.13
    python scripts/bench/sweep.py --lm-eval lm_eval/bin/lm_eval
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import psutil
import torch
import yaml
from safetensors.torch import load_file, save_file

from eval.benchmarks import tasks
from eval.benchmarks.tiny import Tiny
from recipes import cli
from recipes.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
BASE = ROOT / "data/tiny/base_model"
CELLS = 6 * 3 * 2  # difficulties, numbers of constraints, conditions
NOISE = 0.002  # of weights of about 0.05: other completions, of about the same length


def perturbed(folder: Path, seed: int) -> str:
    shutil.copytree(BASE, folder)
    generator = torch.Generator().manual_seed(seed)
    noisy = {
        name: (one.float() + NOISE * torch.randn(one.shape, generator=generator)).to(one.dtype)
        for name, one in load_file(BASE / "model.safetensors").items()
    }
    save_file(noisy, folder / "model.safetensors", {"format": "pt"})
    return str(folder)


def timed(command: list[str], log: Path, **env: str) -> tuple[float, float]:
    """Seconds by the clock and of the machine's cores, whoever used them: not all of a program's processes are its children.
    Raises RuntimeError, with the end of the log, for a command that fails."""

    def spent() -> float:
        found = psutil.cpu_times()
        return found.user + found.nice + found.system

    before, started = spent(), time.monotonic()
    with log.open("w", encoding="utf-8") as file:
        whole = os.environ | {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"} | env
        done = subprocess.run(command, cwd=ROOT, env=whole, stdout=file, stderr=file, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}:\n{log.read_text(encoding='utf-8')[-2000:]}")
    return time.monotonic() - started, spent() - before


class Sweep:
    """Ours, in a folder of its own for each number of checkpoints."""

    def __init__(self, folder: Path, args: argparse.Namespace, models: list[str]) -> None:
        self._folder, self._args, self._models = folder, args, models
        self.records = folder / f"runs{len(models)}/bench/records"

    def run(self) -> tuple[float, float]:
        args = self._args
        recipe = {
            "name": "bench", "seed": 0, "dtype": "bfloat16", "num_workers": min(args.workers, len(self._models)),
            "checkpoints": {str(number): [path] for number, path in enumerate(self._models)},
            "sampling": {"max_new_tokens": args.max_new_tokens, "batch_size": args.batch_size},
            "benchmarks": [{"name": "tiny", "per_cell": args.per_cell}],
        }  # fmt: skip
        path = self._folder / "sweep.yaml"
        path.write_text(yaml.safe_dump(recipe), encoding="utf-8")
        command = [sys.executable, "-m", "eval.sweep", "--config", str(path)]
        runs = str(self._folder / f"runs{len(self._models)}")
        return timed(command, self._folder / "sweep.log", TETHER_RUNS=runs)

    def completions(self, number: int) -> dict[str, str]:
        """By prompt's key."""
        lines = (self.records / f"{number}/0/tiny.jsonl").read_text(encoding="utf-8").splitlines()
        return {row["key"]: row["completion"] for row in map(json.loads, lines[1:])}

    def gaps(self) -> list[float]:
        """Seconds between checkpoints that were finished."""
        times = sorted(path.stat().st_mtime for path in self.records.glob("*/0/tiny.jsonl"))
        return [after - before for before, after in pairwise(times)]


def harness_task(folder: Path, args: argparse.Namespace) -> None:
    rows = [{"key": t.key, "prompt": t.prompt, "answer": t.example.answer}
            for t in tasks(Tiny(args.per_cell), 0)]  # fmt: skip
    data = folder / "prompts.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    task = {
        "task": "tether_tiny", "dataset_path": "json", "dataset_kwargs": {"data_files": {"test": str(data)}},
        "test_split": "test", "output_type": "generate_until", "doc_to_text": "{{prompt}}", "doc_to_target": "{{answer}}",
        "generation_kwargs": {"until": [], "do_sample": False, "max_gen_toks": args.max_new_tokens},
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
    }  # fmt: skip
    (folder / "tether_tiny.yaml").write_text(yaml.safe_dump(task), encoding="utf-8")


def harness(folder: Path, args: argparse.Namespace, model: str, out: Path) -> tuple[float, float]:
    command = [
        args.lm_eval, "run", "--model", "hf", "--model_args", f"pretrained={model},dtype=bfloat16", "--tasks", "tether_tiny",
        "--include_path", str(folder), "--batch_size", str(args.batch_size), "--device", "cpu", "--apply_chat_template",
        "--log_samples", "--output_path", str(out),
    ]  # fmt: skip
    return timed(command, folder / "lm_eval.log", HF_HOME=str(folder / "hf"))


def harness_completions(out: Path) -> dict[str, str]:
    (path,) = out.rglob("samples_*.jsonl")
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {row["doc"]["key"]: row["resps"][0][0] for row in rows}


def main(args: argparse.Namespace) -> None:
    places = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    found = args.lm_eval or shutil.which("lm_eval", path=places)
    if not found or not Path(found).is_file():
        raise UserError(
            f"--lm-eval: found {args.lm_eval!r}; expected the program (see --help: how to install it)"
        )
    args.lm_eval, args.per_cell = str(Path(found).absolute()), -(-args.prompts // CELLS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        models = [perturbed(folder / f"model{n}", n) for n in range(args.checkpoints)]
        print(
            f"{len(models)} checkpoints x {args.per_cell * CELLS} prompts, {args.max_new_tokens} tokens at most, "
            f"batches of {args.batch_size}, bf16, {os.cpu_count()} cores (load before: {os.getloadavg()[0]:.1f})"
        )
        one, whole = Sweep(folder, args, models[:1]), Sweep(folder, args, models)
        first, ours, again = one.run(), whole.run(), whole.run()
        harness_task(folder, args)
        theirs = [harness(folder, args, path, folder / f"out{n}") for n, path in enumerate(models)]
        total = [sum(times) for times in zip(*theirs, strict=True)]
        mine, other = whole.completions(0), harness_completions(folder / "out0")
        gaps, half = whole.gaps(), len(models) // 2
    same = sum(mine[key].strip() == other[key].strip() for key in mine) / len(mine)
    each = ", ".join(f"{seconds:.1f}" for seconds, _ in theirs)
    print(
        f"sweep:   {ours[0]:7.1f} s ({ours[1]:.1f} s of the cores); nothing left to do: {again[0]:.1f} s\n"
        f"lm-eval: {total[0]:7.1f} s ({total[1]:.1f} s of the cores); each checkpoint: {each} s\n"
        f"ratio:   x{total[0] / ours[0]:.2f} by the clock, x{total[1] / ours[1]:.2f} of the cores; "
        f"{same:.1%} of the first checkpoint's completions are the same text"
    )
    if len(models) > 1:
        further = (ours[0] - first[0]) / (len(models) - 1)
        print(f"one checkpoint: {first[0]:.1f} s; each further one: {further:.1f} s")
    if half > 1:
        early, late = gaps[:half], gaps[half:]
        print(
            f"between finished checkpoints: {sum(early) / len(early):.1f} s in the first half, "
            f"{sum(late) / len(late):.1f} s in the second"
        )


def parse() -> argparse.Namespace:
    parser = cli.described(__doc__)
    parser.add_argument("--checkpoints", type=int, default=8)
    parser.add_argument("--prompts", type=int, default=500)
    parser.add_argument("--max-new-tokens", type=int, default=384)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--lm-eval", metavar="PATH", help="its program; else the one on PATH")
    return parser.parse_args()


if __name__ == "__main__":
    arguments = parse()
    cli.guard(lambda: main(arguments))
