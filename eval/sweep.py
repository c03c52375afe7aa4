"""The sweep: every checkpoint on every benchmark, then scores, table and trade-off curve.

    python -m eval.sweep --config recipes/sweep/x.yaml [--dry-run] [section.key=value ...]
        --watch                      also what training still writes, until every run is finished (or Ctrl-C)
        --submit local|slurm --workers N   in N jobs through submitit, with the recipe's `slurm:`

Records go to runs/<name>/records/<run>/<step>/<benchmark>.jsonl. Interrupt it anywhere and start it
again: what is on disk is neither lost nor done twice; a new checkpoint or benchmark is scored
alone. TETHER_PART=0/4 scores the first of four parts of it and draws nothing, for machines that
share the work (scripts/slurm/sweep_array.sbatch).
"""

import argparse
import sys

from rich.console import Console
from tqdm import tqdm

from data.tokenizer import load_chat_tokenizer
from eval.benchmarks import tasks
from eval.checkpoints import weights_of
from eval.curve import CheckpointScores, report
from eval.jobs import Job, Plan, part_of
from eval.scores import scores
from eval.workers import Cluster, default_workers, score_elsewhere, score_here
from recipes import cli
from recipes.run import RunDir, check_checkout
from recipes.schema import SweepRecipe, load_recipe


def main(
    args: argparse.Namespace,
    watch: bool = False,
    submit: Cluster | None = None,
    workers: int | None = None,
) -> None:
    """workers: None for the recipe's `num_workers`"""
    check_checkout(__file__)
    recipe = load_recipe(args.config, SweepRecipe, args.overrides)
    out = RunDir.named(recipe.name)
    plan = Plan(recipe, args.config, out.path, watch)
    benchmarks = plan.benchmarks()
    if recipe.base and not plan.backend().served:
        # Before hours of work on the runs.
        where = f"{args.config}: base"
        folder = weights_of(recipe.base, where).tokenizer
        load_chat_tokenizer(folder, where, recipe.chat_template_kwargs)
    all_jobs = plan.jobs()
    mine = part_of(all_jobs)
    todo = [job for job in mine if not job.file().complete()]
    samples = recipe.sampling.num_samples
    counts = {one.label: len(tasks(one, recipe.seed)) * samples for one in benchmarks}
    lines = ", ".join(f"{label}: {count:,} completions" for label, count in counts.items())
    print(
        f"{len(all_jobs) // len(benchmarks)} checkpoints x ({lines}); {len(todo)} of {len(mine)} jobs to do"
    )
    if args.dry_run:
        return
    out.create(recipe)
    count = workers or default_workers(recipe)
    if todo or watch:
        try:
            if submit:
                score_elsewhere(plan, count, submit)
            else:
                score_here(plan, count if watch else min(count, len(todo)))
        except KeyboardInterrupt:
            if not watch:
                raise
            print("no longer watching", file=sys.stderr)
    if len(mine) < len(all_jobs):
        return
    done = [job for job in plan.jobs() if job.file().complete()] if watch else all_jobs
    console = Console(width=None if sys.stdout.isatty() else 120)
    report(_scored(done, recipe.seed), recipe, out.path, console)


def _scored(all_jobs: list[Job], seed: int) -> list[CheckpointScores]:
    """Scores of every checkpoint, and of every (label, step) over its seeds, whose records are
    pooled by problem."""
    found: list[CheckpointScores] = []
    groups: dict[tuple[str, int, str], list[Job]] = {}
    for job in all_jobs:
        one = job.candidate
        groups.setdefault((one.label, one.step, job.benchmark.label), []).append(job)
    for (label, step, benchmark), members in tqdm(groups.items(), desc="scores", leave=False):
        records = [job.file().read() for job in members]
        own = [tuple(scores(part, seed)) for part in records]
        several = [record for part in records for record in part] if len(records) > 1 else None
        pooled = tuple(scores(several, seed)) if several else own[0]
        found.append(CheckpointScores(label, None, step, benchmark, pooled))
        found += [
            CheckpointScores(label, job.candidate.run, step, benchmark, part)
            for job, part in zip(members, own, strict=True)
        ]
    return found


def parse() -> argparse.Namespace:
    parser = cli.parser(__doc__ or "")
    parser.add_argument(
        "--watch", action="store_true", help="score checkpoints while training writes them"
    )
    parser.add_argument("--submit", choices=("local", "slurm"), help="workers as jobs of submitit")
    parser.add_argument("--workers", type=int, metavar="N", help="instead of the recipe's num_workers")  # fmt: skip
    args = parser.parse_intermixed_args()
    if args.workers is not None and args.workers < 1:
        parser.error(f"--workers: found {args.workers}; expected at least 1")
    return args


if __name__ == "__main__":
    given = parse()
    cli.guard(lambda: main(given, given.watch, given.submit, given.workers))
