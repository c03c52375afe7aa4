"""The batch scripts, run for real with other programs' stand-ins on PATH: what each is called with, and what a warning of
Slurm's does."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from trl import GRPOConfig

from eval.jobs import part_of
from recipes.errors import UserError
from recipes.run import RunDir
from recipes.schema import GRPORecipe, load_recipe
from train.config import trainer_config

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "scripts/slurm"
PROGRAMS = ("srun", "scontrol", "accelerate", "trl", "curl", "python")


@pytest.fixture
def slurm(tmp_path):
    """start(script, *arguments, nodes=..., **variables) -> the running batch script; calls() -> what was called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in PROGRAMS:
        text = f'#!/bin/sh\nexec {sys.executable} {ROOT}/tests/slurm_programs.py {name} "$@"\n'
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)
    log = tmp_path / "calls"
    log.touch()

    def start(script, *arguments, nodes, **variables):
        outside = {key: value for key, value in os.environ.items() if not key.startswith("SLURM_")}
        env = outside | {
            "PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "CALLS": str(log), "NODES": " ".join(nodes),
            "SLURM_SUBMIT_DIR": str(ROOT), "SLURM_JOB_ID": "30007", "SLURM_JOB_NODELIST": "n[1-3]",
            "SLURM_GPUS_ON_NODE": "4", "HEALTH_S": "0.05", **variables,
        }  # fmt: skip
        return subprocess.Popen(["bash", str(SCRIPTS / script), *arguments], env=env, cwd=tmp_path)

    def calls(name=None):
        found = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        return [words for words in found if name is None or words[0] == name]

    return start, calls


RECIPE = ["train/grpo.py", "--config", "recipes/grpo/tiny_answer.yaml", "trainer.max_steps=2"]


def launched(nodes, rank, main, *more):
    return [
        "accelerate", "launch", "--config_file", "recipes/accelerate/zero3.yaml", "--num_machines", str(nodes),
        "--machine_rank", str(rank), "--num_processes", str(4 * nodes), "--main_process_ip", main,
        "--main_process_port", "20007", *RECIPE, *more,
    ]  # fmt: skip


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.s*")), ids=lambda path: path.name)
def test_scripts_are_bash_and_name_no_cluster(script):
    subprocess.run(["bash", "-n", str(script)], check=True)
    options = [
        line
        for line in script.read_text(encoding="utf-8").splitlines()
        if line.startswith("#SBATCH")
    ]
    assert not any(
        word in line
        for line in options
        for word in ("partition", "account", "qos", "constraint", "/")
    )
    if script.suffix == ".sbatch":
        assert "#SBATCH --requeue" in options and any(
            "--signal=B:USR1@" in line for line in options
        )


@pytest.mark.parametrize("nodes", [["n1"], ["n1", "n2"]])
def test_training_starts_a_launcher_on_every_node(slurm, nodes):
    start, calls = slurm
    assert start("train.sbatch", "zero3", *RECIPE, nodes=nodes).wait(20) == 0
    expected = [launched(len(nodes), rank, "n1") for rank in range(len(nodes))]
    assert sorted(calls("accelerate")) == expected
    (step,) = calls("srun")
    assert step[1:] == [
        "--kill-on-bad-exit=1",
        "scripts/slurm/node.sh",
        "zero3",
        str(len(nodes)),
        "n1",
        *RECIPE,
    ]
    assert calls("scontrol") == [["scontrol", "show", "hostnames", "n[1-3]"]]  # nothing is requeued


def test_a_failure_is_the_jobs_failure(slurm):
    start, calls = slurm
    assert (
        start("train.sbatch", "zero3", *RECIPE, nodes=["n1"], SLURM_GPUS_ON_NODE="").wait(20) != 0
    )
    assert calls("accelerate") == [] and len(calls("scontrol")) == 1


def wait_for(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_warning_saves_and_requeues_once(slurm):
    start, calls = slurm
    job = start("train.sbatch", "zero3", *RECIPE, nodes=["n1", "n2"], TRAINING="yes")
    wait_for(lambda: len(calls("listening")) == 2)
    for _ in range(2):  # Slurm may warn again
        job.send_signal(signal.SIGUSR1)
        time.sleep(0.1)
    assert job.wait(20) == 0
    names = [words[0] for words in calls()]
    assert names.count("paused") == 2
    requeues = [words for words in calls("scontrol") if words[1] == "requeue"]
    assert (
        requeues == [["scontrol", "requeue", "30007"]] and names[-1] == "scontrol"
    )  # after the saving


def test_a_vllm_server_takes_the_last_node(slurm):
    start, calls = slurm
    job = start(
        "train_vllm.sbatch", "zero3", *RECIPE, nodes=["n1", "n2", "n3"], VLLM_OPTIONS="--max_model_len 512"
    )  # fmt: skip
    assert job.wait(30) == 0
    served = [
        "--model",
        "data/tiny/base_model",
        "--host",
        "0.0.0.0",
        "--port",
        "8000",
        "--tensor_parallel_size",
        "4",
    ]
    assert calls("trl") == [["trl", "vllm-serve", *served, "--max_model_len", "512"]]
    assert calls("curl")[-1][-1] == "http://n3:8000/health" and len(calls("curl")) == 2
    more = ("trainer.use_vllm=true", "trainer.vllm_mode=server")
    assert sorted(calls("accelerate")) == [launched(2, rank, "n1", *more) for rank in (0, 1)]
    server, trainers = calls("srun")
    assert server[1:4] == ["--nodes=1", "--ntasks=1", "--nodelist=n3"]
    assert trainers[1:5] == ["--kill-on-bad-exit=1", "--nodes=2", "--ntasks=2", "--exclude=n3"]


def test_a_vllm_server_needs_a_node_of_its_own(slurm):
    start, calls = slurm
    assert start("train_vllm.sbatch", "zero3", *RECIPE, nodes=["n1"]).wait(20) == 2
    assert calls("srun") == []


ARRAY = {"SLURM_ARRAY_JOB_ID": "30001", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_COUNT": "3"}


@pytest.mark.parametrize(
    "recipes, called, part",
    [
        (["a.yaml"], "a.yaml", "1/3"),  # a third of one sweep
        (["a.yaml", "b.yaml", "c.yaml"], "b.yaml", ""),  # the second of three
    ],
)
def test_an_array_shares_a_sweep_or_takes_one_each(slurm, recipes, called, part):
    start, calls = slurm
    job = start(
        "sweep_array.sbatch",
        *recipes,
        "num_workers=1",
        nodes=["n1"],
        SLURM_ARRAY_TASK_ID="2",
        **ARRAY,
    )
    assert job.wait(20) == 0
    assert calls("python") == [["python", "-m", "eval.sweep", "--config", called, "num_workers=1"]]
    assert calls("part") == [["part", part]]


def test_a_task_of_an_array_is_requeued_alone(slurm):
    start, calls = slurm
    job = start(
        "sweep_array.sbatch", "a.yaml", nodes=["n1"], SLURM_ARRAY_TASK_ID="1", SWEEP_S="60", **ARRAY
    )
    wait_for(lambda: calls("part"))
    job.send_signal(signal.SIGUSR1)
    assert job.wait(20) == 0
    assert calls("scontrol") == [["scontrol", "requeue", "30001_1"]]


# ---------------------------------------------------------------------- what the scripts set


def test_the_server_of_an_allocation_is_no_part_of_the_recipe(monkeypatch):
    path = str(ROOT / "recipes/grpo/tiny_answer.yaml")
    monkeypatch.setenv("TETHER_VLLM_HOST", "n3")
    for overrides, host in (([], "n3"), (["trainer.vllm_server_host=elsewhere"], "elsewhere")):
        recipe = load_recipe(path, GRPORecipe, overrides)
        assert trainer_config(GRPOConfig, recipe, RunDir.named("x"), path).vllm_server_host == host
    assert "n3" not in str(load_recipe(path, GRPORecipe, []))


def test_parts_of_a_sweep_are_all_of_it_once(monkeypatch):
    monkeypatch.delenv("TETHER_PART", raising=False)
    assert part_of([*"abcde"]) == [*"abcde"]
    found = []
    for index in range(3):
        monkeypatch.setenv("TETHER_PART", f"{index}/3")
        found += part_of([*"abcde"])
    assert sorted(found) == [*"abcde"]


@pytest.mark.parametrize("text", ["3/3", "1", "a/b", "-1/3", ""])
def test_a_part_that_is_none_is_refused(monkeypatch, text):
    monkeypatch.setenv("TETHER_PART", text)
    with pytest.raises(UserError, match="TETHER_PART: found"):
        part_of([])
