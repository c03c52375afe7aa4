"""One worker and several make the same records, a killed one's share is taken up, and a sweep that watches ends."""

import argparse
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest
from pebble import ProcessExpired
from submitit.core.utils import UncompletedJobError

import eval.backends.transformers
import eval.sweep
import eval.workers
from eval.jobs import Plan
from eval.records import RecordFile
from eval.workers import Worker, _start
from recipes.checkpoints import publish, seal
from recipes.errors import UserError
from tests.test_sweep_engine import BASE, ROOT, TINY, perturbed, recipe, records, runs, sweep

__all__ = ["runs"]
SAMPLED = {"max_new_tokens": 40, "temperature": 1.0, "batch_size": 4}


def wait_for(condition, timeout_s=120):
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def parts(folder):
    return [path for path in folder.rglob("*.part") if path.read_bytes().count(b"\n") > 4]


def all_records(folder):
    return {path.parent.parent.name: records(path) for path in folder.rglob("*.jsonl")}


def test_a_killed_worker_s_share_is_taken_up_and_the_records_are_those_of_one(runs):
    """Two workers of submitit's local executor, one of them killed by SIGKILL within a job; against one that was not."""
    what = {
        "base": str(BASE), "sampling": SAMPLED, "benchmarks": [TINY | {"per_cell": 2}],
        "checkpoints": {str(seed): [str(perturbed(runs / str(seed), seed))] for seed in (1, 2)},
    }  # fmt: skip
    sweep(runs, None, **what)
    alone = all_records(runs / "s/records")
    assert [len(one) for one in alone.values()] == [24] * 3
    shutil.rmtree(runs / "s")  # else they were found by content
    config = str(runs / "sweep.yaml")
    command = [sys.executable, "-m", "eval.sweep", "--config", config, "--submit", "local", "--workers", "2"]  # fmt: skip
    env = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    log = (runs / "log").open("w+", encoding="utf-8")
    parent = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT)
    folder = runs / "s/records"
    wait_for(lambda: parts(folder) or parent.poll() is not None)

    def workers():
        found = psutil.Process(parent.pid).children(recursive=True)
        return [one for one in found if "submitit.core._submit" in " ".join(one.cmdline())]

    first = parts(folder)[0]
    lock = str(first.with_suffix(".lock"))
    (holder,) = [one for one in workers() if lock in {file.path for file in one.open_files()}]
    os.kill(holder.pid, signal.SIGKILL)
    assert parent.wait(180) == 0, (runs / "log").read_text(encoding="utf-8")[-2000:]
    assert "was killed; the others do its share" in (runs / "log").read_text(encoding="utf-8")
    assert all_records(folder) == alone
    assert (runs / "s/curve.png").is_file()


def test_workers_of_this_machine_make_the_records_of_one(runs):
    what = {"base": str(BASE), "sampling": SAMPLED, "checkpoints": {"p": [str(perturbed(runs / "p", 1))]}}  # fmt: skip
    plan = Plan(recipe(**what), "s.yaml", runs / "s")
    eval.workers.score_here(plan, 2)
    found = all_records(runs / "s/records")
    shutil.rmtree(runs / "s")
    eval.workers.score_here(plan, 1)
    assert all_records(runs / "s/records") == found and len(found) == 2


def test_a_job_that_another_one_holds_is_waited_for(runs):
    plan = Plan(recipe(base=str(BASE)), "s.yaml", runs / "s")
    (job,) = plan.jobs()
    held = job.claim()
    held.acquire()
    worker = threading.Thread(target=Worker(plan).run)
    worker.start()
    time.sleep(1.5)
    assert worker.is_alive() and not job.path.exists()
    held.release()  # as when its process dies
    worker.join(60)
    assert job.file().complete()


def test_who_drafts_for_whom_is_decided_by_the_recipe(runs):
    """A run's first checkpoint for its others, the sweep's first for the first ones; nothing where tokens are sampled."""
    models = [str(perturbed(runs / name, seed)) for seed, name in enumerate("abc", start=1)]
    what = {
        "base": str(BASE), "checkpoints": {"way": models[:2], "other": models[2:]},
        "benchmarks": [TINY, TINY | {"label": "more"}],
    }  # fmt: skip

    def drafted(**more):
        jobs = Plan(recipe(**what, **more), "s.yaml", runs / "s").jobs()
        return [
            (j.candidate.run, j.candidate.step, j.drafts and (j.drafts.candidate.run, j.drafts.candidate.step))
            for j in jobs if all(d.benchmark == j.benchmark for d in [j.drafts] if d)
        ]  # fmt: skip

    base = ("base", 0)
    expected = [(*base, None), ("way", 0, base), ("way", 1, ("way", 0)), ("other", 0, base)]
    assert drafted() == [row for row in expected for _ in range(2)]
    sampled = drafted(sampling=SAMPLED)
    assert len(sampled) == 8 and not any(drafts for _, _, drafts in sampled)


def test_drafts_change_no_record(runs, monkeypatch):
    paths = {str(seed): [str(perturbed(runs / str(seed), seed))] for seed in (1, 2)}
    what = {"base": str(BASE), "checkpoints": paths, "sampling": {"max_new_tokens": 60}}
    plan = Plan(recipe(**what), "s.yaml", runs / "s")
    asked = []
    prompts = Worker._prompts
    monkeypatch.setattr(
        Worker, "_prompts", lambda self, job: asked.append(prompts(self, job)) or asked[-1]
    )
    Worker(plan).run()
    found = all_records(runs / "s/records")
    completions = {key: row["completion"] for key, row in found["base"].items()}
    assert [{one.key: one.draft for one in each} for each in asked] == [
        dict.fromkeys(completions, ""),
        completions,
        completions,
    ]
    shutil.rmtree(runs / "s")
    monkeypatch.setattr(eval.backends.transformers.Transformers, "drafts", False)
    Worker(plan).run()
    assert all_records(runs / "s/records") == found
    assert found["1"] != found["base"] != found["2"]


def test_a_checkpoint_waits_for_its_drafts(runs):
    """They are in work elsewhere."""
    what = {"base": str(BASE), "checkpoints": {"p": [str(perturbed(runs / "p", 1))]}}
    plan = Plan(recipe(**what), "s.yaml", runs / "s")
    first, second = plan.jobs()
    held = first.claim()
    held.acquire()
    worker = threading.Thread(target=Worker(plan, 1, 2).run)
    worker.start()
    time.sleep(1.5)
    assert worker.is_alive() and not second.path.exists()
    held.release()
    worker.join(60)
    assert first.file().complete() and second.file().complete()


@pytest.mark.parametrize(
    "count, starts", [(1, [0]), (2, [0, 4]), (3, [0, 2, 4]), (6, [0, 2, 2, 4, 4, 6])]
)
def test_workers_begin_at_checkpoints_of_their_own(count, starts):
    """Three checkpoints with two benchmarks each; at its end a list begins anew."""
    jobs = [argparse.Namespace(digest=digest) for digest in "aabbcc"]
    assert [_start(jobs, number, count) for number in range(count)] == starts


class Ended:
    def __init__(self, error):
        self.error = error

    def done(self):
        return True

    def exception(self):
        return self.error


def test_where_every_worker_was_killed_the_sweep_says_so(runs, monkeypatch, capsys):
    monkeypatch.setattr(eval.workers, "LOOK_S", 0.01)
    plan = Plan(recipe(base=str(BASE)), "s.yaml", runs / "s")
    with pytest.raises(SystemExit, match="1 jobs are left, no worker is"):
        eval.workers._follow(plan, [Ended(UncompletedJobError("x")), Ended(ProcessExpired("x", 9))])
    assert capsys.readouterr().err.count("was killed") == 2
    with pytest.raises(UserError, match="bad"):
        eval.workers._follow(plan, [Ended(UserError("bad"))])


def test_slurm_s_keys_are_checked(runs):
    with pytest.raises(UserError, match=r"slurm: .*slurm_partitoin"):
        plan = Plan(recipe(base=str(BASE), slurm={"slurm_partitoin": "x"}), "s.yaml", runs / "s")
        eval.workers.score_elsewhere(plan, 1, "local")


# ---------------------------------------------------------------------- watching


def save(run, step, max_steps):
    """A checkpoint as Trainer's, published by rename."""
    staged = run / f".saving/checkpoint-{step}"
    staged.parent.mkdir(parents=True)
    perturbed(staged, step)
    state = {"global_step": step, "max_steps": max_steps}
    (staged / "trainer_state.json").write_text(json.dumps(state), encoding="utf-8")
    seal(staged, 1)
    publish(staged, run)


def test_a_sweep_that_watches_scores_what_training_writes_and_ends_with_it(
    runs, monkeypatch, capsys
):
    monkeypatch.setattr(eval.workers, "WATCH_S", 0.1)
    path = runs / "sweep.yaml"
    whole = {"name": "s", "seed": 0, "runs": {"a": ["a"]}, "benchmarks": [TINY], "dtype": "float32",
             "sampling": {"max_new_tokens": 8}}  # fmt: skip
    path.write_text(json.dumps(whole), encoding="utf-8")
    seen = []

    def training():
        for step in (1, 2, 3):
            save(runs / "a", step, 3)
            record = runs / f"s/records/a/{step}/tiny.jsonl"
            seen.append(wait_for(record.is_file))

    trainer = threading.Thread(target=training)
    trainer.start()
    args = argparse.Namespace(config=str(path), overrides=[], dry_run=False)
    eval.sweep.main(args, watch=True)
    trainer.join()
    assert seen == [True] * 3
    with (runs / "s/scores.csv").open(encoding="utf-8") as file:
        assert {row["step"] for row in csv.DictReader(file)} == {"1", "2", "3"}


def test_half_a_checkpoint_is_not_seen(runs):
    save(runs / "a", 1, 2)
    plan = Plan(recipe(runs={"a": ["a"]}), "s.yaml", runs / "s", watch=True)
    staged = runs / "a/.saving/checkpoint-2"
    shutil.copytree(runs / "a/checkpoint-1", staged)
    assert [job.candidate.step for job in plan.jobs()] == [1] and not plan.finished()
    state = staged / "trainer_state.json"
    state.write_text(state.read_text(encoding="utf-8").replace('p": 1', 'p": 2'), encoding="utf-8")
    publish(staged, runs / "a")
    assert [job.candidate.step for job in plan.jobs()] == [1, 2] and plan.finished()


def test_a_run_that_has_not_begun_is_waited_for_only_when_watching(runs):
    assert Plan(recipe(runs={"a": ["a"]}), "s.yaml", runs / "s", watch=True).jobs() == []
    with pytest.raises(UserError, match="'a' has no checkpoints"):
        Plan(recipe(runs={"a": ["a"]}), "s.yaml", runs / "s").jobs()


def test_records_of_before_can_still_be_read(runs):
    """A line as it was written before records had a sample."""
    sweep(runs, None, base=str(BASE))
    path = runs / "s/records/base/0/tiny.jsonl"
    mark, *lines = path.read_text(encoding="utf-8").splitlines()
    older = [{k: v for k, v in json.loads(line).items() if k != "sample"} for line in lines]
    path.write_text("\n".join([mark, *map(json.dumps, older)]) + "\n", encoding="utf-8")
    found = RecordFile(path, json.loads(mark)["fingerprint"]).read()
    assert len(found) == 12 and {record.sample for record in found} == {0}
