"""A whole study from one recipe: train every regime with every seed, then sweep all checkpoints and
draw the curve.

    python scripts/study.py --config recipes/study/tiny_curve.yaml [--dry-run] [section.key=value
    ...]

Runs side by side on the CPU, `num_workers` at a time, each with its share of the cores; every run's
output is in runs/<run>/train.log. Interrupt it (Ctrl-C, kill -9, power) and start it again:
finished runs are skipped, the others continue from their newest checkpoint, and so does the sweep.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

import train.grpo
import train.sft
from eval.benchmarks import build_benchmarks
from recipes import cli
from recipes.errors import UserError
from recipes.processes import die_with_parent
from recipes.run import RunDir, check_checkout, runs_root, write_atomically
from recipes.schema import Regime, StudyRecipe, SweepRecipe, load_recipe, to_yaml
from recipes.typed import build

ROOT = Path(__file__).resolve().parents[1]
PLANS: dict[str, Callable[[str, list[str]], Any]] = {"sft": train.sft.plan, "grpo": train.grpo.plan}
# A trainer's bar has no description; those of data and weights have one.
_STEPS = re.compile(rb"[\r\n]\s*\d+%\|[^|]*\| *(\d+)/(\d+) \[")


@dataclass
class Run:
    """One training run of the study. start: the run from whose last checkpoint it starts, None for its recipe's model."""

    label: str
    name: str
    kind: str
    recipe: str
    overrides: list[str]
    start: "Run | None" = None
    process: subprocess.Popen[bytes] | None = None
    task: TaskID | None = None

    @property
    def command(self) -> list[str]:
        """Of a run whose start is not finished without its model."""
        command = [sys.executable, f"train/{self.kind}.py", "--config", self.recipe]
        command += self.overrides
        if self.start and self.start.finished():
            last = RunDir.named(self.start.name).newest()
            assert last is not None
            command.append(f"model.model_name_or_path={last.path}")
        return command

    @property
    def log(self) -> Path:
        return runs_root() / self.name / "train.log"

    def ready(self) -> bool:
        return self.start is None or self.start.finished()

    def finished(self) -> bool:
        found = RunDir.named(self.name).newest()
        return found is not None and found.finished


def plan(recipe: StudyRecipe, where: str) -> list[Run]:
    """Seeds outermost, so that a first curve is there early. Raises UserError for a recipe in
    another kind of folder."""
    runs: list[Run] = []
    for seed in range(recipe.seed, recipe.seed + recipe.num_seeds):
        earlier: dict[str, Run] = {}
        for label, entry in recipe.regimes.items():
            regime = Regime(entry) if isinstance(entry, str) else entry
            path = Path(regime.recipe)
            kind = path.parent.name
            if kind not in PLANS:
                raise UserError(
                    f"{where}: regimes: {label}: found {regime.recipe!r}; expected recipes/sft/ or recipes/grpo/"
                )
            # Regimes that share a recipe are told apart by their labels.
            stem = path.stem.removeprefix("tiny_") if isinstance(entry, str) else _slug(label)
            name = f"{recipe.name}.{kind}_{stem}.s{seed}"
            overrides = [*recipe.overrides, *regime.overrides, f"name={name}", f"seed={seed}"]
            if regime.start and regime.start not in earlier:
                raise UserError(
                    f"{where}: regimes: {label}: start: found {regime.start!r}; expected a regime above it: "
                    f"{', '.join(earlier) or 'there is none'}"
                )
            start = earlier.get(regime.start)
            earlier[label] = Run(label, name, kind, regime.recipe, overrides, start)
        runs += earlier.values()
    names = [run.name for run in runs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UserError(
            f"{where}: regimes: found several for {', '.join(twice)}; expected labels that differ"
        )
    return runs


def _slug(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")


def sweep_recipe(recipe: StudyRecipe, runs: list[Run], where: str) -> SweepRecipe:
    groups: dict[str, list[str]] = {}
    for run in runs:
        groups.setdefault(run.label, []).append(run.name)
    return build(
        SweepRecipe,
        {**recipe.sweep, "name": recipe.name, "seed": recipe.seed, "runs": groups},
        f"{where}: sweep",
    )


def environment(num_workers: int) -> dict[str, str]:
    """A worker's share of the cores (the allocator's settings are the Makefile's)."""
    threads = max(1, (os.cpu_count() or 1) // num_workers)
    return {"TOKENIZERS_PARALLELISM": "false", **os.environ, "OMP_NUM_THREADS": str(threads)}


def _start(run: Run, num_workers: int) -> None:
    run.log.parent.mkdir(parents=True, exist_ok=True)
    log: IO[bytes]
    with run.log.open("wb") as log:
        run.process = subprocess.Popen(
            run.command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, env=environment(num_workers),
            preexec_fn=die_with_parent, start_new_session=True,
        )  # fmt: skip


def _steps(run: Run) -> tuple[int, int] | None:
    """(done, total) from the last progress bar in the run's log."""
    if not run.log.is_file():
        return None
    with run.log.open("rb") as log:
        log.seek(max(0, log.seek(0, os.SEEK_END) - 4096))
        found = _STEPS.findall(log.read())
    return (int(found[-1][0]), int(found[-1][1])) if found else None


def train_all(runs: list[Run], num_workers: int) -> None:
    """Raises RuntimeError when a run fails, with the end of its log; the others are stopped and
    continue next time."""
    waiting = [run for run in runs if not run.finished()]
    running: list[Run] = []
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total} steps"),
               TimeElapsedColumn(), TimeRemainingColumn())  # fmt: skip
    if done := len(runs) - len(waiting):
        print(f"{done} of {len(runs)} runs are finished already")
    with Progress(*columns, refresh_per_second=2) as progress:
        try:
            while waiting or running:
                for run in [one for one in waiting if one.ready()][: num_workers - len(running)]:
                    waiting.remove(run)
                    _start(run, num_workers)
                    run.task = progress.add_task(run.name, total=None)
                    running.append(run)
                time.sleep(0.3)
                for run in list(running):
                    _update(run, progress)
                    assert run.process is not None
                    if (code := run.process.poll()) is not None:
                        running.remove(run)
                        if code:
                            raise RuntimeError(
                                f"{run.name} failed (exit {code}); {run.log} ends with:\n{_tail(run)}"
                            )
        finally:
            for run in running:
                assert run.process is not None
                run.process.terminate()
            for run in running:
                assert run.process is not None
                run.process.wait()


def _update(run: Run, progress: Progress) -> None:
    steps = _steps(run)
    if steps and run.task is not None:
        progress.update(run.task, completed=steps[0], total=steps[1])


def _tail(run: Run) -> str:
    lines = run.log.read_text(encoding="utf-8", errors="replace").replace("\r", "\n").splitlines()
    return "\n".join(line for line in lines if line.strip())[-2000:]


def main(args: argparse.Namespace) -> None:
    check_checkout(__file__)
    recipe = load_recipe(args.config, StudyRecipe, args.overrides)
    runs = plan(recipe, args.config)
    sweep = sweep_recipe(recipe, runs, args.config)
    for run in runs:
        PLANS[run.kind](run.recipe, run.overrides)  # all mistakes now, not when their turn comes
    build_benchmarks(sweep.benchmarks, args.config)
    print(
        f"{recipe.name}: {len(runs)} runs ({len(recipe.regimes)} regimes x {recipe.num_seeds} seeds), then the sweep"
    )
    if args.dry_run:
        for run in runs:
            print(" ".join(run.command))
        print(to_yaml(sweep))
        return
    started = time.monotonic()
    train_all(runs, recipe.num_workers)
    trained = time.monotonic()
    folder = RunDir.named(recipe.name).path
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "sweep.yaml"
    write_atomically(path, to_yaml(sweep))
    command = [sys.executable, "-m", "eval.sweep", "--config", str(path)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(1), check=False, preexec_fn=die_with_parent
    )
    if done.returncode:
        sys.exit(done.returncode)
    minutes = [(trained - started) / 60, (time.monotonic() - trained) / 60]
    print(f"training {minutes[0]:.1f} min, sweep {minutes[1]:.1f} min")


if __name__ == "__main__":
    try:
        cli.run(main, __doc__ or "")
    except RuntimeError as error:
        sys.exit(f"error: {error}")
