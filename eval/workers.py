"""Processes that score the jobs of a sweep, each with one warm engine: here, side by side, or by submitit.

All go through the same list, each from a place of its own, and claim a job before they do it. A job that another one holds
is looked at again until it is done, so that what a killed worker leaves is taken up.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import parent_process
from pathlib import Path
from typing import Any, Literal

import submitit
import torch
from filelock import FileLock, Timeout
from pebble import ProcessExpired, ProcessPool
from submitit.core.utils import UncompletedJobError
from tqdm import tqdm

from eval.ahead import worker_context
from eval.attention.work import Model, filled
from eval.backends import Engine
from eval.backends.transformers import Generator
from eval.generate import Prompt
from eval.jobs import Job, Plan, Twins, by_architecture, prompt_list, task_list
from eval.mitigations import responses
from eval.mitigations.judged import judged
from eval.records import judge
from recipes.errors import UserError
from recipes.schema import SweepRecipe

LOOK_S = 1.0  # between looks at jobs that others hold, and at workers
WATCH_S = 5.0  # between looks at runs that still train
DAY_MIN = 24 * 60
Cluster = Literal["local", "slurm"]


class Worker:
    """number: of `count`; told: called after every job that is found whole."""

    def __init__(
        self, plan: Plan, number: int = 0, count: int = 1, told: Callable[[], None] = lambda: None
    ) -> None:
        self._plan, self._number, self._count, self._told = plan, number, count, told
        self._engine: Engine | None = None
        self._loaded = ""
        self._whole: set[tuple[Path, str]] = set()
        self._twins = Twins()

    def run(self) -> None:
        while not _orphaned():
            # Asked before checkpoints are listed: one that is written in between is seen.
            last_look = not self._plan.watch or self._plan.finished()
            held = self._pass(self._plan.mine())
            if last_look and not held:
                return
            time.sleep(LOOK_S if held else WATCH_S)

    def _pass(self, jobs: list[Job]) -> int:
        """Does what is not done and not claimed; returns how many jobs have to wait for others."""
        self._twins.add(jobs)
        ordered = by_architecture(jobs, self._plan.backend().served)
        start = _start(ordered, self._number, self._count)
        held = 0
        for job in ordered[start:] + ordered[:start]:
            if (job.path, job.mark) in self._whole:
                continue
            if _orphaned():
                return held
            with _claimed(job) as mine:
                if not (mine and self._done(job, jobs)):
                    held += 1
                    continue
            self._whole.add((job.path, job.mark))
            self._told()
        return held

    def _done(self, job: Job, jobs: list[Job]) -> bool:
        """Whether the job's records are there now; they are not where its drafts have yet to be written."""
        if self._twins.adopt(job):
            return True
        if job.drafts in jobs and not job.drafts.file().complete():
            return False
        self._score(job)
        return True

    def _score(self, job: Job) -> None:
        """Generate and judge what is missing."""
        if job.attention is not None:
            self._attend(job)
            return
        todo = job.tasks(self._plan.recipe)
        file = job.file()
        kept = file.partial()
        have = {record.key for record in kept}
        done = {index for index, task in enumerate(todo) if task.key in have}
        file.start(kept)
        engine = self._showing(job)
        if job.plain:
            for batch in engine.generate(self._prompts(job), done):
                new = [(todo[index], found) for index, found in batch if index not in done]
                file.append(judge(new, engine.thinking))
        else:
            size = self._plan.recipe.sampling.batch_size
            for some in responses(job.mitigation, engine, todo, size, done):
                replies = [(todo[index], found) for index, found in some if index not in done]
                file.append(judged(replies, engine.thinking))
        file.finish()

    def _attend(self, job: Job) -> None:
        """Measure what is missing of a checkpoint's attention."""
        assert job.attention is not None

        def load() -> Model:
            engine = self._showing(job)
            assert isinstance(engine, Generator), "the plan has checked the backend"
            return Model(engine.module, engine.tokenizer, engine.thinking)

        prompts, size = self._plan.asked(), self._plan.recipe.sampling.batch_size
        for _ in filled(job.file(), load, prompts, job.attention, size):
            pass

    def _prompts(self, job: Job) -> list[Prompt]:
        """With drafts, where there are some: another machine's part of the sweep may hold them."""
        recipe = self._plan.recipe
        asked = prompt_list(job.benchmark, recipe.seed, recipe.sampling.num_samples)
        if job.drafts is None or not job.drafts.file().complete():
            return list(asked)
        written = {record.key: record.completion for record in job.drafts.file().read()}
        tasks = task_list(job.benchmark, recipe.seed, recipe.sampling.num_samples)
        return [
            one._replace(draft=written[task.key]) for one, task in zip(asked, tasks, strict=True)
        ]

    def _showing(self, job: Job) -> Engine:
        if self._engine is None:
            gpus = torch.cuda.device_count()
            device = f"cuda:{self._number % gpus}" if gpus else "cpu"
            self._engine = self._plan.backend().engine(self._plan.how(device))
        if self._loaded != job.digest:
            self._loaded = ""
            self._engine.load(job.candidate.weights, job.digest)
            self._loaded = job.digest
        return self._engine


@contextmanager
def _claimed(job: Job) -> Iterator[bool]:
    """Whether the job is this process's. Its place is claimed too, beside a sweep of the same name with other settings."""
    job.path.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        try:
            held.enter_context(job.claim().acquire(timeout=0))
            held.enter_context(FileLock(job.path.with_suffix(".lock")).acquire(timeout=0))
        except Timeout:
            yield False
            return
        yield True


def _start(ordered: list[Job], number: int, count: int) -> int:
    """Where a worker begins: at the first job of a checkpoint, so that two do not load the same."""
    at = len(ordered) * number // count
    while 0 < at < len(ordered) and ordered[at].digest == ordered[at - 1].digest:
        at += 1
    return at


def _orphaned() -> bool:
    parent = parent_process()
    return parent is not None and not parent.is_alive()


@dataclass(frozen=True)
class Share:
    """A worker as submitit runs it: the same again where Slurm takes its machine away."""

    plan: Plan
    number: int
    count: int

    def __call__(self) -> None:
        Worker(self.plan, self.number, self.count).run()

    def checkpoint(self) -> submitit.helpers.DelayedSubmission:
        return submitit.helpers.DelayedSubmission(self)


def _share_cores(count: int) -> None:
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // count))


def _serve(plan: Plan, number: int, count: int, environment: dict[str, str]) -> None:
    """A process beside others on this machine. Ctrl-C goes to the parent, which stops it. environment: the parent's; that of
    what this process was forked from may be older."""
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _share_cores(count)
    Worker(plan, number, count).run()


def default_workers(recipe: SweepRecipe) -> int:
    return recipe.num_workers or max(1, torch.cuda.device_count())


def score_here(plan: Plan, count: int) -> None:
    """In this process and `count - 1` others, with a progress bar over jobs."""
    threads = torch.get_num_threads()
    # None starts before it has work.
    pool = ProcessPool(max(1, count - 1), context=worker_context())
    try:
        environment = dict(os.environ)
        others = {
            n: pool.schedule(_serve, args=(plan, n, count, environment)) for n in range(1, count)
        }
        if others:
            _share_cores(count)
        with _bar(plan.mine()) as progress:
            Worker(plan, 0, count, progress.update).run()
        while others:
            _collect(others)
            time.sleep(LOOK_S / 10)
    finally:
        torch.set_num_threads(threads)
        pool.stop()
        pool.join()


def score_elsewhere(plan: Plan, count: int, cluster: Cluster) -> None:
    """By submitit: on Slurm, or with its local executor in processes of this machine. Ctrl-C cancels them."""
    executor = submitit.AutoExecutor(plan.out / "workers", cluster)
    try:
        # submitit's own limit is five minutes, on this machine too.
        ours = {"name": plan.recipe.name, "timeout_min": DAY_MIN}
        executor.update_parameters(**(ours | plan.recipe.slurm))
    except (NameError, TypeError, ValueError) as error:
        raise UserError(f"{plan.where}: slurm: {error}") from None
    with executor.batch():  # one job array
        shares = [executor.submit(Share(plan, number, count)) for number in range(count)]
    names = ", ".join(share.job_id for share in shares)
    print(f"{count} workers: {names}; they log to {plan.out / 'workers'}")
    try:
        _follow(plan, shares)
    except BaseException:
        for share in shares:
            share.cancel()
        raise


def _collect(waiting: dict[int, Any]) -> None:
    """Takes out the workers that have ended. One that was killed is named; one that failed ends the sweep."""
    for number, worker in list(waiting.items()):
        if not worker.done():
            continue
        del waiting[number]
        error = worker.exception()
        if isinstance(error, (ProcessExpired, UncompletedJobError)):
            print(f"worker {number} was killed; the others do its share", file=sys.stderr)
        elif error is not None:
            raise error


def _follow(plan: Plan, workers: Sequence[Any]) -> None:
    """Waits for workers elsewhere. Exits where jobs are left because no worker is."""
    waiting = dict(enumerate(workers))
    pending = plan.mine()
    with _bar(pending) as progress:
        while waiting:
            time.sleep(LOOK_S)
            _collect(waiting)
            if plan.watch:
                continue
            left = [job for job in pending if not job.file().complete()]
            progress.update(len(pending) - len(left))
            pending = left
    if left := [job for job in plan.mine() if not job.file().complete()]:
        sys.exit(f"error: {len(left)} jobs are left, no worker is; the same command continues")


def _bar(jobs: list[Job]) -> Any:
    return tqdm(total=len(jobs), desc="sweep", unit=" jobs")
