"""One launch of a run: its directory, held by this launch alone, where it continues, and how it is paused."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from recipes.run import Resume, RunDir
from recipes.schema import Recipe
from train.engine_check import engine_started
from train.pause import PAUSE, Pause


@dataclass(frozen=True)
class Session:
    """resume: where training continues."""

    run: RunDir
    resume: Resume
    pause: Pause

    def fit(self, trainer: Any) -> None:
        engine_started(trainer, self.run)
        trainer.add_callback(self.pause)
        trainer.train(resume_from_checkpoint=self.resume.path)
        if self.pause.paused and trainer.args.process_index == 0:
            step = trainer.state.global_step
            print(
                f"{self.run.path}: paused at step {step}; the same command continues",
                file=sys.stderr,
            )


@contextmanager
def session(run: RunDir, recipe: Recipe, config: Any) -> Iterator[Session | None]:
    """None when the run is finished (Trainer would add a step). config: the trainer's.

    Raises UserError where another launch is training this run, or it holds checkpoints of another recipe.
    """
    lock = run.lock() if config.process_index == 0 else None
    try:
        if lock:
            (run.path / PAUSE).unlink(missing_ok=True)  # of an earlier launch
        with config.main_process_first(local=False, desc="run directory"):  # which nodes share
            run.create(recipe)
            resume = run.resume_from(config.world_size)
        if resume.finished:
            print(f"{run.path}: finished at step {resume.step}, nothing to do")
            yield None
        else:
            run.prepare_wandb()
            with Pause(run.path) as pause:
                yield Session(run, resume, pause)
    finally:
        if lock:
            lock.release()
