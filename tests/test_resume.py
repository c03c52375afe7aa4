"""Nothing is lost: runs that are killed anywhere, whose disk is full, whose checkpoints are damaged, or that are paused."""

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time

import pytest

import train.grpo
import train.sft
from recipes.checkpoints import MANIFEST, STAGING, damage
from recipes.errors import UserError
from recipes.run import RunDir
from tests import families
from tests.forked import finish, kill, start
from tests.test_end_to_end import GRPO, SFT, SMALL_GRPO, SMALL_SFT, history, launch, runs
from tests.wandb_server import Server

__all__ = ["runs"]
STEPS = 4
SETTINGS = {
    "sft": (SFT, [*SMALL_SFT, "data.0.cot=[short]"], ("loss", "grad_norm", "learning_rate")),
    "grpo": (GRPO, SMALL_GRPO, ("loss", "grad_norm", "reward", "completions/mean_length", "rewards/constraints/mean")),
}  # fmt: skip


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A model that costs nothing: what is tested is the way there and back."""
    return families.save("tiny", tmp_path_factory.mktemp("tiny"))


def settings(kind, tiny, *more):
    config, small, keys = SETTINGS[kind]
    return config, [*small, f"model.model_name_or_path={tiny}", *more], keys


def histories(folder, keys):
    return {key: history(folder / f"checkpoint-{STEPS}", key) for key in keys}


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("kind", ["sft", "grpo"])
def test_a_run_that_is_killed_anywhere_ends_as_if_it_had_not_been(runs, tiny, kind, processes):
    config, small, keys = settings(kind, tiny, f"trainer.max_steps={STEPS}")
    began = time.monotonic()
    whole = start(runs, kind, config, *small, "name=whole", processes=processes)
    assert finish(whole) == [0] * processes, (runs / "log-0").read_text()
    took = time.monotonic() - began
    seed = random.randrange(10**6)
    rng = random.Random(seed)
    for _ in range(2):
        running = start(runs, kind, config, *small, "name=killed", processes=processes)
        time.sleep(rng.uniform(0.3, 1.0) * took)
        running[rng.randrange(processes)].kill()
        time.sleep(0.2)  # the others may go on for a moment
        kill(running)
        shown = sorted(path.name for path in (runs / "killed").glob("checkpoint-*"))
        assert not any(damage(runs / "killed" / name) for name in shown), seed
    ended = start(runs, kind, config, *small, "name=killed", processes=processes)
    assert finish(ended) == [0] * processes, (seed, (runs / "log-0").read_text())
    found = histories(runs / "killed", keys)
    assert found == histories(runs / "whole", keys), seed
    assert all(len(values) == STEPS for values in found.values())
    assert not (runs / "killed" / STAGING).exists()
    again = start(runs, kind, config, *small, "name=killed", processes=processes)
    assert finish(again) == [0] * processes
    assert len(list((runs / "killed").glob("checkpoint-*"))) == STEPS  # no step after the end


def test_a_save_that_is_cut_off_is_not_seen(runs):
    launch(train.sft, SFT, *SMALL_SFT, "name=run")
    run, staged = RunDir(runs / "run"), runs / "run" / STAGING / "checkpoint-2"
    shutil.move(runs / "run/checkpoint-2", staged)
    written = {path.name for path in staged.iterdir()}
    assert {
        "model.safetensors",
        "optimizer.pt",
        "rng_state.pth",
        "trainer_state.json",
        MANIFEST,
    } < written
    for name in sorted(written):
        (staged / name).unlink()
        assert [found.step for found in run.checkpoints()] == [1]
    assert run.resume_from(1).step == 1 and not (runs / "run" / STAGING).exists()


@pytest.mark.parametrize(
    "name, harm, said",
    [
        ("optimizer.pt", "remove", "optimizer.pt is missing"),
        ("rng_state.pth", "remove", "rng_state.pth is missing"),
        ("trainer_state.json", "remove", "trainer_state.json is missing"),
        ("scheduler.pt", "remove", "scheduler.pt is missing"),
        ("model.safetensors", "cut", "model.safetensors has 1,000 of "),
        (MANIFEST, "remove", f"no {MANIFEST}"),
        (MANIFEST, "cut", f"{MANIFEST} cannot be read"),
    ],
)
def test_a_damaged_checkpoint_is_named_and_skipped(trained, capsys, name, harm, said):
    file = trained / "run/checkpoint-2" / name
    if harm == "remove":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[: 1000 if name != MANIFEST else 30])
    found = RunDir(trained / "run").resume_from(1)
    assert found.step == 1 and not found.finished
    assert "checkpoint-2: " in (printed := capsys.readouterr().err) and said in printed
    before = histories_of(trained / "kept", 2)
    launch(train.sft, SFT, *SMALL_SFT, "name=run")  # writes it again
    assert not damage(trained / "run/checkpoint-2")
    assert histories_of(trained / "run", 2) == before


def histories_of(folder, step):
    return {key: history(folder / f"checkpoint-{step}", key) for key in ("loss", "grad_norm")}


@pytest.fixture
def trained(runs):
    launch(train.sft, SFT, *SMALL_SFT, "name=run")
    shutil.copytree(runs / "run", runs / "kept")
    return runs


def test_another_number_of_processes_is_refused(trained):
    with pytest.raises(
        UserError, match="checkpoint-2: saved by 1 processes, found 2; continue with 1"
    ):
        RunDir(trained / "run").resume_from(2)


@pytest.mark.parametrize(
    "limit", [1_000_000, 14_000_000]
)  # bytes: in the weights, in the optimizer
def test_a_full_disk_loses_nothing(runs, limit, monkeypatch):
    """No file of this process may grow beyond the limit while the second checkpoint is saved."""
    save, before = train.sft.SFTTrainer._save_checkpoint, resource.getrlimit(resource.RLIMIT_FSIZE)

    def limited(self, *args):
        if self.state.global_step == 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
        try:
            save(self, *args)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    with monkeypatch.context() as patched:
        patched.setattr(train.sft.SFTTrainer, "_save_checkpoint", limited)
        with pytest.raises(
            UserError, match=r"checkpoint-2 could not be saved: .* same command continues"
        ) as caught:
            launch(train.sft, SFT, *SMALL_SFT, "name=run")
    assert "\n" not in str(caught.value)
    assert not damage(runs / "run/checkpoint-1") and not (runs / "run/checkpoint-2").exists()
    launch(train.sft, SFT, *SMALL_SFT, "name=run")
    assert len(history(runs / "run/checkpoint-2", "loss")) == 2


def test_a_bug_while_saving_is_no_full_disk(runs, monkeypatch):
    def broken(*_):
        raise KeyError("bug")

    monkeypatch.setattr(train.sft.SFTTrainer, "_save_rng_state", broken)
    with pytest.raises(KeyError, match="bug"):
        launch(train.sft, SFT, *SMALL_SFT, "name=run")


@pytest.mark.parametrize("how, processes", [("file", 1), ("signal", 2)])
def test_a_paused_run_goes_on_exactly(runs, tiny, how, processes):
    # Steps 1 and 2, 3 and 4, ... share a generation, and a run can only be resumed between them.
    config, small, keys = settings(
        "grpo",
        tiny,
        "trainer.max_steps=40",
        "trainer.save_steps=40",
        "trainer.steps_per_generation=2",
    )
    for name in ("whole", "paused"):
        running = start(runs, "grpo", config, *small, f"name={name}", processes=processes)
        if name == "paused":
            wait_for(lambda: (runs / "paused/recipe.yaml").exists())
            time.sleep(1)  # before the first step, or after some
            if how == "file":
                (runs / "paused/pause").touch()
            else:
                os.kill(running[-1].pid, signal.SIGUSR1)
        assert finish(running) == [0] * processes, (runs / "log-0").read_text()
    [stopped] = (runs / "paused").glob("checkpoint-*")
    step = int(stopped.name.removeprefix("checkpoint-"))
    assert step < 40 and step % 2 == 0 and not damage(stopped)
    assert f"paused at step {step}; the same command continues" in (runs / "log-0").read_text()
    assert (
        finish(start(runs, "grpo", config, *small, "name=paused", processes=processes))
        == [0] * processes
    )
    assert not (runs / "paused/pause").exists()
    for key in keys:
        assert history(runs / "paused/checkpoint-40", key) == history(
            runs / "whole/checkpoint-40", key
        )


def wait_for(there):
    until = time.monotonic() + 60
    while not there():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_every_launch_goes_on_with_the_same_wandb_run(runs):
    for _ in range(2):
        assert finish(start(runs, "sft", SFT, *SMALL_SFT, "name=run", wandb="offline")) == [0]
        shutil.rmtree(runs / "run/checkpoint-2")  # so that there is something to go on with
    found = [path.name.split("-")[-1] for path in (runs / "run/wandb").glob("offline-run-*")]
    assert found == [(runs / "run/wandb_id").read_text(encoding="utf-8").strip()] * 2


def test_every_launch_goes_on_with_the_same_wandb_run_online(runs, tiny):
    """The client's own protocol, against a stand-in of the server: one run, whose history the second launch continues. In
    processes of their own, since the client sends the rest when Python exits."""
    config, small, _ = settings("sft", tiny, f"trainer.max_steps={STEPS}", "trainer.use_cpu=true")
    command = [sys.executable, "train/sft.py", "--config", config, *small, "name=run"]
    server = Server()
    online = {"WANDB_MODE": "online", "WANDB_BASE_URL": server.url, "WANDB_API_KEY": "0" * 40}
    environment = os.environ | online | {"TETHER_RUNS": str(runs), "PYTHONPATH": "."}
    try:
        for _ in range(2):
            done = subprocess.run(command, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr[-2000:]
            shutil.rmtree(runs / f"run/checkpoint-{STEPS}")  # as if it had been killed before
    finally:
        server.close()
    ((name, run),) = server.runs.items()
    assert name == (runs / "run/wandb_id").read_text(encoding="utf-8").strip()
    assert (run.begun, run.found, run.finished) == (2, 1, 2)
    lines = [line for _, line in sorted(run.history.items())]
    assert [line["_step"] for line in lines] == list(range(len(run.history)))
    steps = [line["train/global_step"] for line in lines if "train/loss" in line]
    assert steps == [*range(1, STEPS + 1), STEPS], "the step that was lost is there again"
