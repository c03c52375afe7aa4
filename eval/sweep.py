"""The sweep: every checkpoint of every run on every benchmark, then scores, table and trade-off
curve.

    python -m eval.sweep --config recipes/sweep/x.yaml [--dry-run] [section.key=value ...]

Records go to runs/<name>/records/<run>/<step>/<benchmark>.jsonl. Interrupt it anywhere and start it
again: what is on disk is neither lost nor done twice; a new checkpoint or benchmark is scored
alone. TETHER_PART=0/4 scores the first of four parts of it and draws nothing, for machines that
share the work (scripts/slurm/sweep_array.sbatch).
"""

import argparse
import hashlib
import os
import signal
import sys
from concurrent.futures import as_completed
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock
from pebble import ProcessPool
from rich.console import Console
from tqdm import tqdm

from data.prompt import messages
from data.tokenizer import Thinking, load_chat_tokenizer
from eval.benchmarks import Benchmark, build_benchmarks, tasks
from eval.curve import CheckpointScores, report
from eval.generate import Generator
from eval.measured import measure
from eval.records import RecordFile, fingerprint, judge
from eval.scored import Evaluated, checkpoint_scores
from recipes import cli
from recipes.checkpoints import Checkpoint
from recipes.errors import UserError
from recipes.run import RunDir, check_checkout, runs_root
from recipes.schema import Sampling, SweepRecipe, load_recipe

BASE = "base"


@dataclass(frozen=True)
class Job:
    """One checkpoint on one benchmark."""

    label: str  # its line in the curve
    run: str  # a run's name, or "base"
    step: int
    checkpoint: str
    benchmark: Benchmark
    sampling: Sampling
    seed: int
    dtype: str
    chat_template_kwargs: dict[str, Any]
    path: Path

    def file(self) -> RecordFile:
        """Its records; the fingerprint covers weights, prompts, golds and sampling, so a change of
        any is scored anew."""
        prompts = (
            f"{t.key}\t{t.prompt}\t{t.example.answer}" for t in tasks(self.benchmark, self.seed)
        )
        settings = f"{self.benchmark}|{self.sampling}|{self.seed}|{self.dtype}"
        if self.chat_template_kwargs:
            settings += f"|{self.chat_template_kwargs}"
        return RecordFile(
            self.path, fingerprint([_weights_digest(self.checkpoint), settings, *prompts])
        )


@cache
def _weights_digest(checkpoint: str) -> str:
    """Of all weight files in a folder; a Hub name stands for itself."""
    files = sorted(file for file in Path(checkpoint).glob("*.safetensors"))
    digests = []
    for file in files:
        with file.open("rb") as handle:
            digests.append(hashlib.file_digest(handle, "sha256").hexdigest())
    return "+".join(digests) or checkpoint


def jobs(recipe: SweepRecipe, benchmarks: list[Benchmark], out: Path, where: str) -> list[Job]:
    """In the order of the recipe. Raises UserError for a run without checkpoints."""
    points = [(BASE, BASE, 0, recipe.base)] if recipe.base else []
    for label, names in recipe.runs.items():
        for name in names:
            points += [(label, name, c.step, str(c.path)) for c in _checkpoints(name, where)]
    return [
        Job(label, run, step, path, benchmark, recipe.sampling, recipe.seed, recipe.dtype, recipe.chat_template_kwargs,
            out / "records" / run / str(step) / f"{benchmark.label}.jsonl")
        for label, run, step, path in points
        for benchmark in benchmarks
    ]  # fmt: skip


def _checkpoints(name: str, where: str) -> list[Checkpoint]:
    found = RunDir.named(name).checkpoints()
    if not found:
        known = sorted({folder.parent.name for folder in runs_root().glob("*/checkpoint-*")})
        raise UserError(
            f"{where}: runs: {name!r} has no checkpoints in {runs_root() / name}; train it first. "
            f"Runs with checkpoints: {', '.join(known) or 'none'}"
        )
    return found


def score(job: Job) -> int:
    """Generate and judge what is missing of a job; returns the number of new records."""
    job.path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(
        job.path.with_suffix(".lock")
    ):  # released when its process dies, however that happens
        file = job.file()
        if file.complete():
            return 0
        kept = file.partial()
        done = {record.key for record in kept}
        todo = [task for task in tasks(job.benchmark, job.seed) if task.key not in done]
        file.start(kept)
        generator = Generator(
            job.checkpoint, job.sampling, job.seed, job.dtype, job.chat_template_kwargs
        )
        thinking = Thinking.of(generator.tokenizer)
        for batch in generator.generate([messages(task.prompt) for task in todo]):
            file.append(judge([(todo[index], generation) for index, generation in batch], thinking))
        file.finish()
        return len(todo)


def _start_worker(num_threads: int) -> None:
    torch.set_num_threads(num_threads)
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C goes to the parent, which stops its workers


def score_all(todo: list[Job], num_workers: int) -> None:
    """Run jobs in `num_workers` processes (one: in this one), with a progress bar over jobs."""
    with tqdm(total=len(todo), desc="sweep", unit=" jobs") as progress:
        if num_workers == 1:
            for job in todo:
                score(job)
                progress.update()
            return
        threads = max(1, (os.cpu_count() or 1) // num_workers)
        context = get_context("spawn")
        pool = ProcessPool(
            num_workers, initializer=_start_worker, initargs=(threads,), context=context
        )
        try:
            for future in as_completed([pool.schedule(score, args=(job,)) for job in todo]):
                future.result()
                progress.update()
        finally:
            pool.stop()
            pool.join()


def main(args: argparse.Namespace) -> None:
    check_checkout(__file__)
    recipe = load_recipe(args.config, SweepRecipe, args.overrides)
    benchmarks = build_benchmarks(recipe.benchmarks, args.config)
    out = RunDir.named(recipe.name)
    if recipe.base:
        # Before hours of work on the runs.
        load_chat_tokenizer(recipe.base, f"{args.config}: base", recipe.chat_template_kwargs)
    all_jobs = jobs(recipe, benchmarks, out.path, args.config)
    mine = part_of(all_jobs)
    todo = [job for job in mine if not job.file().complete()]
    counts = {benchmark.label: len(tasks(benchmark, recipe.seed)) for benchmark in benchmarks}
    plan = ", ".join(f"{label}: {count:,} completions" for label, count in counts.items())
    print(
        f"{len(all_jobs) // len(benchmarks)} checkpoints x ({plan}); {len(todo)} of {len(mine)} jobs to do"
    )
    if args.dry_run:
        return
    out.create(recipe)
    score_all(todo, min(recipe.num_workers, max(1, len(todo))))
    if len(mine) < len(all_jobs):
        return
    report(
        _scored(all_jobs, recipe.seed),
        recipe,
        out.path,
        Console(width=None if sys.stdout.isatty() else 120),
    )


def part_of(all_jobs: list[Job]) -> list[Job]:
    """All of them, or those of TETHER_PART. Not of what is left to do, which differs between machines."""
    text = os.environ.get("TETHER_PART", "0/1")
    index, slash, count = text.partition("/")
    if not (slash and index.isdigit() and count.isdigit() and int(index) < int(count)):
        raise UserError(f"TETHER_PART: found {text!r}; expected two numbers such as 0/4")
    return all_jobs[int(index) :: int(count)]


def _scored(all_jobs: list[Job], seed: int) -> list[CheckpointScores]:
    """Text is dropped file by file: what was measured is small."""
    progress = tqdm(all_jobs, desc="scores", leave=False)
    return checkpoint_scores(
        (
            Evaluated(j.label, j.run, j.step, j.benchmark.label, measure(j.file().read()))
            for j in progress
        ),
        seed,
    )


if __name__ == "__main__":
    cli.run(main, __doc__)
