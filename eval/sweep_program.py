"""What a sweep does: score what is not scored yet, then scores, tables, trade-off curve and page. Its command line is
eval/sweep.py."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from tqdm import tqdm

from data.tokenizer import load_chat_tokenizer
from eval.attention.report import attention_report
from eval.attention.summary import Attended
from eval.benchmarks import Benchmark, tasks
from eval.checkpoints import weights_of
from eval.curve import report
from eval.export import Rows
from eval.floors import floors
from eval.grid import report_grid
from eval.jobs import Job, Plan, part_of
from eval.measured import measure
from eval.points import CheckpointScores
from eval.report import Point, write_report
from eval.scored import Evaluated, checkpoint_scores
from eval.tracking import log_sweep
from eval.workers import Cluster, default_workers, score_elsewhere, score_here
from recipes.run import RunDir, write_atomically
from recipes.schema import SweepRecipe


def sweep(
    recipe: SweepRecipe,
    where: str,
    dry_run: bool = False,
    watch: bool = False,
    submit: Cluster | None = None,
    workers: int | None = None,
) -> None:
    """Scores what is not scored yet, and reports. where: the recipe's file; the rest as on the command line."""
    out = RunDir.named(recipe.name)
    plan = Plan(recipe, where, out.path, watch)
    benchmarks = plan.benchmarks()
    asked = plan.asked() if recipe.attention else []
    if recipe.base and not plan.backend().served:
        # Before hours of work on the runs.
        base = f"{where}: base"
        folder = weights_of(recipe.base, base).tokenizer
        load_chat_tokenizer(folder, base, recipe.chat_template_kwargs)
    all_jobs = plan.jobs()
    mine = part_of(all_jobs)
    todo = [job for job in mine if not job.file().complete()]
    samples = recipe.sampling.num_samples
    counts = {one.label: len(tasks(one, recipe.seed)) * samples for one in benchmarks}
    lines = ", ".join(f"{label}: {count:,} completions" for label, count in counts.items())
    mitigations = plan.mitigations()
    some = f" x {len(mitigations)} mitigations" if len(mitigations) > 1 else ""
    if recipe.attention:
        some += f", attention: {len(asked):,} prompts"
    each = len(benchmarks) * len(mitigations) + (recipe.attention is not None)
    print(
        f"{len(all_jobs) // each} checkpoints x ({lines}){some}; {len(todo)} of {len(mine)} jobs to do"
    )
    if dry_run:
        return
    out.create(recipe)
    if len(mitigations) > 1:
        _write_prompts(benchmarks, recipe.seed, out.path / "prompts")
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
    scored = _scored([job for job in done if job.plain], recipe.seed)
    of_records = [job for job in done if job.attention is None]
    attended = _attended([job for job in done if job.attention is not None])
    tables = _attention(attended, scored, recipe, out.path, console) if attended else None
    tables = report(scored, recipe, out.path, console, tables)
    if len(mitigations) > 1:
        tables |= report_grid(of_records, recipe, out.path, console)
    for one in benchmarks:
        if (floor := floors(tasks(one, recipe.seed), one.label)) is not None:
            console.print(floor)
    if recipe.wandb:
        log_sweep(recipe, out, tables)
    _write_page(of_records, benchmarks, attended, recipe, out.path / "report.html")


def _attended(done: list[Job]) -> list[Attended]:
    return [
        Attended(j.candidate.label, j.candidate.run, j.candidate.step, j.file().read())
        for j in done
    ]


def _attention(
    attended: list[Attended], scored: list[CheckpointScores], recipe: SweepRecipe, out: Path, console: Console
) -> dict[str, Rows]:  # fmt: skip
    assert recipe.attention is not None
    title = recipe.title or recipe.name
    return attention_report(attended, scored, recipe.attention.benchmark, title, out, console)


def _write_prompts(benchmarks: Sequence[Benchmark], seed: int, folder: Path) -> None:
    """What train/classifier.py learns from, beside the records, which do not repeat it."""
    folder.mkdir(exist_ok=True)
    for one in benchmarks:
        rows = [{"key": task.key, "prompt": task.prompt} for task in tasks(one, seed)]
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        write_atomically(folder / f"{one.label}.jsonl", lines)


def _write_page(
    done: list[Job], benchmarks: Sequence[Benchmark], attended: list[Attended], recipe: SweepRecipe, path: Path
) -> None:  # fmt: skip
    points = [
        Point(_line(j), j.candidate.run, j.candidate.step, j.benchmark.label, j.file().read())
        for j in done
    ]
    asked = {one.label: tasks(one, recipe.seed) for one in benchmarks}
    write_report(points, asked, path, recipe.title or recipe.name, recipe.seed, attended)
    print(f"{path}: the curve, and every completion behind it")


def _line(job: Job) -> str:
    label = job.candidate.label
    return label if job.plain else f"{label}, {job.mitigation.label}"


def _scored(all_jobs: list[Job], seed: int) -> list[CheckpointScores]:
    """Text is dropped file by file: what was measured is small."""
    progress = tqdm(all_jobs, desc="scores", leave=False)
    return checkpoint_scores(
        (
            Evaluated(
                j.candidate.label,
                j.candidate.run,
                j.candidate.step,
                j.benchmark.label,
                measure(j.file().read()),
            )
            for j in progress
        ),
        seed,
    )
