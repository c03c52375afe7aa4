"""The jobs of a sweep, one for each checkpoint, benchmark and mitigation, and where their records are.

A job's records are known by their content: the digest of the weights, the prompts with their golds, and how completions are
drawn. Records of the same content, in this sweep or another, are copied and not made again.
"""

import hashlib
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock

from data.prompt import messages
from eval.attention.located import Asked, located
from eval.attention.records import AttentionFile
from eval.backends import Backend, How, build_backend
from eval.backends.transformers import Transformers
from eval.benchmarks import Benchmark, build_benchmarks, tasks
from eval.checkpoints import Candidate, candidates
from eval.generate import Prompt
from eval.marked import MarkedFile, fingerprint
from eval.mitigations import NONE, Mitigation, build_mitigations
from eval.mitigations.none import CoT
from eval.records import RecordFile, Task
from eval.weights import config_of
from recipes.attention import Attention
from recipes.errors import UserError
from recipes.run import RunDir, runs_root
from recipes.schema import SweepRecipe
from recipes.typed import one_of

# Of how completions are made. 2: each row draws by itself, and the mark covers config, stops and tokenizer and leaves out
# the size of batches; records of before are read by whoever names the file, but made anew by a sweep.
VERSION = "2"
MITIGATED = "1"  # the same, of how mitigations write
ATTENTION_VERSION = "attention 1"
# Runs of which one has no drafts for its first checkpoint. With more, workers wait for the first drafts; with fewer, more
# is written token by token, which takes twice as long.
FIRSTS = 4


@dataclass(frozen=True)
class Job:
    """One checkpoint on one benchmark, with one mitigation. digest: of its weights; mark: of what its records will hold;
    drafts: another checkpoint's job on this benchmark, whose completions are this one's drafts; attention: None for
    completions, else what is measured of their attention."""

    candidate: Candidate
    benchmark: Benchmark
    mitigation: Mitigation
    digest: str
    mark: str
    path: Path
    drafts: "Job | None" = None
    attention: Attention | None = None

    @property
    def plain(self) -> bool:
        """Whether the model answers as it does."""
        return self.mitigation.name == NONE and self.attention is None

    def tasks(self, recipe: SweepRecipe) -> list[Task]:
        listed = task_list(self.benchmark, recipe.seed, recipe.sampling.num_samples)
        return [task for task in listed if self.mitigation.measures(task)]

    def file(self) -> MarkedFile[Any]:
        kind = AttentionFile if self.attention else RecordFile
        return kind(self.path, self.mark)

    def claim(self) -> FileLock:
        """Held by the one process that makes these records; the kernel lets go of it when that process dies, however it
        does. By content, so that two sweeps do not make the same."""
        folder = runs_root() / ".claims"
        folder.mkdir(parents=True, exist_ok=True)
        return FileLock(folder / f"{self.mark}.lock")


@cache
def task_list(benchmark: Benchmark, seed: int, num_samples: int) -> tuple[Task, ...]:
    """Every prompt, as often as it is sampled."""
    return tuple(
        replace(task, sample=sample)
        for task in tasks(benchmark, seed)
        for sample in range(num_samples)
    )


@cache
def prompt_list(benchmark: Benchmark, seed: int, num_samples: int) -> tuple[Prompt, ...]:
    return tuple(
        Prompt(task.prompt_key, messages(task.prompt), task.sample)
        for task in task_list(benchmark, seed, num_samples)
    )


@cache
def _prompts_digest(benchmark: Benchmark, seed: int) -> str:
    parts = (f"{t.key}\t{t.prompt}\t{t.example.answer}" for t in tasks(benchmark, seed))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Plan:
    """A sweep, as every worker reads it. where: the recipe's file; out: the sweep's run directory; watch: until all runs are
    finished."""

    recipe: SweepRecipe
    where: str
    out: Path
    watch: bool = False

    def backend(self) -> Backend:
        return build_backend(self.recipe.backend, self.where)

    def benchmarks(self) -> list[Benchmark]:
        return build_benchmarks(self.recipe.benchmarks, self.where)

    def mitigations(self) -> list[Mitigation]:
        """Raises UserError for one that the backend or a benchmark cannot have."""
        found = build_mitigations(self.recipe.mitigations, self.backend(), self.where)
        for benchmark in self.benchmarks():
            for one in found:
                if (why := one.refuse(benchmark)) is not None:
                    raise UserError(
                        f"{self.where}: mitigations: found {one.name} with benchmark {benchmark.label}: {why}"
                    )
        return found

    def how(self, device: str) -> How:
        r = self.recipe
        return How(r.sampling, r.seed, device, r.dtype, r.adapters, r.chat_template_kwargs)

    def jobs(self) -> list[Job]:
        """In the order of the recipe."""
        backend, benchmarks, mitigations = self.backend(), self.benchmarks(), self.mitigations()
        asked = self.asked() if self.recipe.attention else []
        attended = self._attended() if self.recipe.attention else None
        found = []
        for one in candidates(self.recipe, self.where, backend.served, self.watch):
            digest = one.weights.path if backend.served else one.weights.digest()
            for benchmark in benchmarks:
                found += [self._job(one, benchmark, each, digest) for each in mitigations]
            if attended is not None:
                path = self.out / "attention" / one.run / f"{one.step}.jsonl"
                mark = self._attention_mark(one, attended, digest, asked)
                attention = self.recipe.attention
                found.append(Job(one, attended, CoT(), digest, mark, path, attention=attention))
        drafting = backend.drafts and self.recipe.sampling.temperature == 0
        return _with_drafts(found) if drafting else found

    def _job(
        self, one: Candidate, benchmark: Benchmark, mitigation: Mitigation, digest: str
    ) -> Job:
        folder = self.out / "records" / one.run / str(one.step)
        mark = self._mark(one, benchmark, digest)
        if mitigation.name != NONE:
            mitigation = mitigation.for_checkpoint(one.run, one.step)
            folder = folder / mitigation.label
            mark = fingerprint([mark, MITIGATED, mitigation.mark()])
        return Job(one, benchmark, mitigation, digest, mark, folder / f"{benchmark.label}.jsonl")

    def mine(self) -> list[Job]:
        return part_of(self.jobs())

    def _mark(self, one: Candidate, benchmark: Benchmark, digest: str) -> str:
        r, s = self.recipe, self.recipe.sampling
        settings = [VERSION, self.backend().mark(), benchmark, r.seed, r.dtype, r.chat_template_kwargs,
                    s.max_new_tokens, s.temperature, s.top_p, s.num_samples, one.weights.base and r.adapters]  # fmt: skip
        return fingerprint([digest, repr(settings), _prompts_digest(benchmark, r.seed)])

    def asked(self) -> list[Asked]:
        """What attention is measured on. Raises UserError for a recipe that asks for what cannot be measured."""
        attention, where = self.recipe.attention, f"{self.where}: attention"
        assert attention is not None
        found = self.backend()
        if not isinstance(found, Transformers):
            raise UserError(
                f"{where}: found backend {self.recipe.backend['name']!r}; expected transformers, which shows its attention"
            )
        return located(tasks(self._attended(), self.recipe.seed), attention, where)

    def _attended(self) -> Benchmark:
        assert self.recipe.attention is not None
        labels = {one.label: one for one in self.benchmarks()}
        name = self.recipe.attention.benchmark
        one_of("benchmark", name, labels, f"{self.where}: attention")
        return labels[name]

    def _attention_mark(
        self, one: Candidate, benchmark: Benchmark, digest: str, prompts: list[Asked]
    ) -> str:
        r = self.recipe
        assert r.attention is not None
        settings = [ATTENTION_VERSION, benchmark, r.seed, r.dtype, r.chat_template_kwargs, r.sampling.batch_size,
                    r.attention.max_new_tokens, r.attention.per_head, one.weights.base and r.adapters]  # fmt: skip
        texts = (f"{asked.task.key}\t{asked.prompt}" for asked in prompts)
        return fingerprint([digest, repr(settings), *texts])

    def finished(self) -> bool:
        """Whether no run will write a further checkpoint."""
        runs = [name for names in self.recipe.runs.values() for name in names]
        found = [RunDir.named(name).newest() for name in runs]
        return all(newest is not None and newest.finished for newest in found)


def _with_drafts(jobs: list[Job]) -> list[Job]:
    """A run's first checkpoint drafts for its others, and one first checkpoint in FIRSTS for the first ones behind it:
    decided by the recipe, not by which worker is where, since another draft may round a tie otherwise. Mitigations write
    without."""
    firsts: dict[tuple[Benchmark, str], Job] = {}
    drafting: dict[Benchmark, tuple[int, Job]] = {}
    found = []
    for job in jobs:
        if not job.plain:
            found.append(job)
            continue
        run = job.benchmark, job.candidate.run
        if run in firsts:
            found.append(replace(job, drafts=firsts[run]))
            continue
        count, other = drafting.get(job.benchmark, (FIRSTS, job))
        if count < FIRSTS:
            job = replace(job, drafts=other)
            drafting[job.benchmark] = count + 1, other
        else:
            drafting[job.benchmark] = 1, job
        firsts[run] = job
        found.append(job)
    return found


def part_of(all_jobs: list[Any]) -> list[Any]:
    """All of them, or those of TETHER_PART. Not of what is left to do, which differs between machines."""
    text = os.environ.get("TETHER_PART", "0/1")
    index, slash, count = text.partition("/")
    if not (slash and index.isdigit() and count.isdigit() and int(index) < int(count)):
        raise UserError(f"TETHER_PART: found {text!r}; expected two numbers such as 0/4")
    return all_jobs[int(index) :: int(count)]


def by_architecture(jobs: Iterable[Job], served: bool) -> list[Job]:
    """A checkpoint's jobs side by side, and checkpoints of one architecture, whose weights can be swapped."""
    groups: dict[str, dict[str, list[Job]]] = {}
    for job in jobs:
        key = "" if served else repr(config_of(job.candidate.weights.architecture))
        adapted = job.candidate.weights.base or ""  # adapters of one base after each other
        groups.setdefault(key, {}).setdefault(adapted, []).append(job)
    return [job for group in groups.values() for part in group.values() for job in part]


class Twins:
    """Whole record files by their mark: of this sweep's jobs, and what lies in other sweeps."""

    def __init__(self) -> None:
        self._paths: dict[str, set[Path]] = {}
        for pattern in ("records/*/*/*", "records/*/*/*/*", "attention/*/*"):
            for path in runs_root().glob(f"*/{pattern}.jsonl"):
                if mark := MarkedFile.mark_of(path):
                    self._paths.setdefault(mark, set()).add(path)

    def add(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            self._paths.setdefault(job.mark, set()).add(job.path)

    def adopt(self, job: Job) -> bool:
        """Whether the job's records are at their place now."""
        file = job.file()
        if file.complete():
            return True
        for path in self._paths.get(job.mark, ()):
            if MarkedFile.mark_of(path) == job.mark:
                job.path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, file.part)
                file.finish()
                return True
        return False
