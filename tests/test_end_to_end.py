"""The real scripts on the committed base model: train, resume, sweep, plot; tiny world and real-looking
data."""

import argparse
import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

import eval.sweep
import train.grpo
import train.sft
from recipes.errors import UserError
from recipes.run import RunDir

ROOT = Path(__file__).resolve().parents[1]
SMALL = [
    "trainer.max_steps=2", "trainer.save_steps=1", "trainer.logging_steps=1", "trainer.per_device_train_batch_size=4",
]  # fmt: skip
SMALL_SFT = [*SMALL, "data.0.num_rows=16"]
SMALL_GRPO = [
    *SMALL,
    "data.0.num_rows=16",
    "trainer.num_generations=4",
    "trainer.gradient_accumulation_steps=1",
    "trainer.max_completion_length=24",
]
SFT, GRPO = "recipes/sft/tiny_long.yaml", "recipes/grpo/tiny_answer_constraints_length.yaml"


@pytest.fixture
def runs(monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("TETHER_RUNS", str(tmp_path))
    return tmp_path


def launch(module, config, *overrides, dry_run=False):
    module.main(argparse.Namespace(config=config, overrides=list(overrides), dry_run=dry_run))


def changed_recipe(runs, sections):
    """The GRPO recipe with other sections, as a file."""
    with open(GRPO, encoding="utf-8") as file:
        whole = yaml.safe_load(file)
    path = runs / "recipe.yaml"
    path.write_text(yaml.safe_dump(whole | sections), encoding="utf-8")
    return str(path)


def launch_on_two(config, *overrides, program="train/grpo.py", engine="cpu2"):
    """On two processes of this machine."""
    command = [
        sys.executable, "-m", "accelerate.commands.launch", "--config_file", f"recipes/accelerate/{engine}.yaml",
        "--num_processes", "2", "--main_process_port", "0", program, "--config", config, *overrides, "trainer.use_cpu=true",
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def history(folder, key):
    state = json.loads((folder / "trainer_state.json").read_text(encoding="utf-8"))
    return [entry[key] for entry in state["log_history"] if key in entry]


def check_resumes_exactly(runs, config, keys, *overrides):
    """A run whose second save was cut off continues to the same histories as one that was not."""
    launch(train.grpo, config, *SMALL_GRPO, *overrides, "name=whole")
    launch(train.grpo, config, *SMALL_GRPO, *overrides, "name=cut")
    (runs / "cut/checkpoint-2/trainer_state.json").unlink()  # it is written last
    launch(train.grpo, config, *SMALL_GRPO, *overrides, "name=cut")
    for key in keys:
        values = history(runs / "whole/checkpoint-2", key)
        assert history(runs / "cut/checkpoint-2", key) == values and len(values) == 2, key


def sweep_config(runs, benchmarks, names):
    path = runs / "sweep.yaml"
    labels = {name: [name] for name in names}
    recipe = {
        "name": "s", "seed": 0, "base": "data/tiny/base_model", "runs": labels, "benchmarks": benchmarks,
        "sampling": {"max_new_tokens": 40, "batch_size": 8},
    }  # fmt: skip
    path.write_text(json.dumps(recipe), encoding="utf-8")
    return str(path)


def test_sft_writes_its_provenance_and_does_not_train_twice(runs, capsys):
    launch(train.sft, SFT, *SMALL_SFT, "name=a")
    facts = json.loads((runs / "a/run.json").read_text(encoding="utf-8"))
    assert facts["seed"] == 0 and facts["versions"]["trl"] == "1.16.0" and facts["git_commit"]
    assert "max_steps: 2" in (runs / "a/recipe.yaml").read_text(encoding="utf-8")
    assert len(history(runs / "a/checkpoint-2", "loss")) == 2
    launch(train.sft, SFT, *SMALL_SFT, "name=a")
    assert "finished at step 2, nothing to do" in capsys.readouterr().out
    with pytest.raises(ValueError, match="holds checkpoints of another recipe"):
        launch(train.sft, SFT, *SMALL_SFT, "name=a", "seed=1")


def test_rows_end_to_end_train_like_padded_rows(runs):
    """`padding_free`, cut: the same rows, hence the same losses and gradients; on a GPU it is the default."""
    how = ["trainer.bf16=false", "trainer.max_length=150", "trainer.pad_to_multiple_of=null"]
    for name, free in (("padded", "false"), ("free", "true")):
        launch(train.sft, SFT, *SMALL_SFT, *how, f"trainer.padding_free={free}", f"name={name}")
    for key in ("loss", "grad_norm", "num_tokens"):
        padded, free = (history(runs / name / "checkpoint-2", key) for name in ("padded", "free"))
        assert len(padded) == 2 and free == pytest.approx(padded, rel=1e-3), key


def test_grpo_resumes_exactly_after_a_save_that_was_cut_off(runs):
    keys = ("loss", "reward", "grad_norm", "rewards/answer/mean", "rewards/soft_overlong/mean")
    check_resumes_exactly(runs, GRPO, keys)


def test_sweep_scores_two_checkpoints_and_repeats_nothing(runs, capsys):
    launch(train.sft, SFT, *SMALL_SFT, "name=a")
    config = sweep_config(runs, [{"name": "tiny", "per_cell": 1, "steps": [1, 2]}], ["a"])
    launch(eval.sweep, config)
    with (runs / "s/scores.csv").open(encoding="utf-8") as file:
        rows = [
            row for row in csv.DictReader(file) if row["metric"] == "hacc" and row["slice"] == "all"
        ]
    assert {(row["label"], row["step"]) for row in rows} == {("base", "0"), ("a", "1"), ("a", "2")}
    assert all(
        (runs / "s" / f"curve.{kind}").stat().st_size > 100 for kind in ("png", "svg", "csv")
    )

    record = runs / "s/records/a/2/tiny.jsonl"
    lines = record.read_text(encoding="utf-8").splitlines()
    assert (
        len(lines) == 1 + 2 * 3 * 2
    )  # the fingerprint, then 2 difficulties x 3 counts x 2 conditions
    record.unlink()
    record.with_suffix(".part").write_text(
        "\n".join(lines[:5]) + '\n{"key": "tin', encoding="utf-8"
    )
    capsys.readouterr()
    launch(eval.sweep, config)
    assert "1 of 3 jobs to do" in capsys.readouterr().out
    again = record.read_text(encoding="utf-8").splitlines()
    keys = [json.loads(line)["key"] for line in again[1:]]
    assert again[:5] == lines[:5] and len(keys) == len(set(keys)) == 12
    launch(eval.sweep, config)
    assert "0 of 3 jobs to do" in capsys.readouterr().out


def test_a_run_is_trained_by_one_process_at_a_time(runs):
    lock = RunDir.named("a").lock()
    with pytest.raises(UserError, match="another process is training this run"):
        launch(train.sft, SFT, *SMALL_SFT, "name=a")
    lock.release()


@pytest.fixture
def mirror(monkeypatch, tmp_path):
    """A mirror folder with rows of our own in the shape of the real files: LaTeX, Unicode, a long prompt."""
    folder = tmp_path / "mirror"
    (folder / "gsm8k").mkdir(parents=True)
    (folder / "mathif").mkdir()
    row = {
        "question": "Zoë pays 3 € for 2 pens. How much for 4?",
        "answer": "3/2=<<3/2=1.5>>1.5\n1.5*4=6\n#### 6",
    }
    lines = json.dumps(row, ensure_ascii=False) + "\n"
    (folder / "gsm8k/train.jsonl").write_text(lines * 16 + "\n", encoding="utf-8")
    question = (
        r"Let $\triangle ABC$ have $\angle A = 60^\circ$; find $\sum_{k=1}^{n} \frac{1}{k^2}$ — "
        * 12
    )
    for source in ("gsm8k", "math500", "minerva", "olympiad", "aime"):
        for count in ("single", "double", "triple"):
            problem = {
                "source": source, "id": "x-1", "question": question, "answer": r"\frac{\pi^2}{6}",
                "constraint_desc": ["In your entire response, refrain from the use of any commas."],
                "constraint_name": ["punctuation:no_comma"], "constraint_args": [None],
            }  # fmt: skip
            (folder / f"mathif/{source}_{count}.jsonl").write_text(
                json.dumps(problem) + "\n\n", encoding="utf-8"
            )
    monkeypatch.setenv("TETHER_DATA", str(folder))
    return folder


def test_real_prompts_train_generate_score_and_plot(runs, mirror):
    launch(train.sft, "recipes/sft/gsm8k_tiny.yaml", *SMALL_SFT, "name=sft")
    launch(train.grpo, "recipes/grpo/gsm8k_tiny.yaml", *SMALL_GRPO, "name=grpo")
    config = sweep_config(runs, [{"name": "mathif", "limit": 1}], ["sft", "grpo"])
    launch(eval.sweep, config, "sampling.max_new_tokens=8")
    with (runs / "s/scores.csv").open(encoding="utf-8") as file:
        slices = {row["slice"] for row in csv.DictReader(file) if row["metric"] == "hacc"}
    assert {"all", "source=gsm8k", "source=aime", "difficulty=5"} <= slices
    assert (runs / "s/curve.png").is_file()


def test_a_bad_row_is_reported_with_file_and_line(runs, mirror):
    path = mirror / "gsm8k/train.jsonl"
    path.write_text(
        path.read_text(encoding="utf-8") + '{"question": "no answer"}\n', encoding="utf-8"
    )
    with pytest.raises(ValueError, match=r"gsm8k/train\.jsonl:18: missing answer"):
        launch(
            train.sft, "recipes/sft/gsm8k_tiny.yaml", *SMALL_SFT, "data.0.num_rows=99", "name=sft"
        )


STUDY = {
    "name": "study", "seed": 0, "num_workers": 2,
    "regimes": {"SFT": SFT, "SFT again": "recipes/sft/tiny_short_constraints.yaml"},
    "overrides": [*SMALL_SFT, "trainer.max_steps=6", "trainer.save_steps=2"],
    "sweep": {"base": "data/tiny/base_model", "sampling": {"max_new_tokens": 16},
              "benchmarks": [{"name": "tiny", "per_cell": 1, "steps": [1]}]},
}  # fmt: skip


def test_a_study_that_was_killed_continues(runs):
    """kill -9 of the whole study in the middle of training; the same command finishes, and nothing is trained
    twice."""
    path = runs / "study.yaml"
    path.write_text(json.dumps(STUDY), encoding="utf-8")
    command = [sys.executable, "scripts/study.py", "--config", str(path)]
    first = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 180
    while not list(runs.glob("study.*/checkpoint-2/trainer_state.json")):
        assert time.monotonic() < deadline and first.poll() is None
        time.sleep(0.05)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    time.sleep(1)  # its trainers get SIGTERM from the kernel
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for run in ("study.sft_long.s0", "study.sft_short_constraints.s0"):
        assert len(history(runs / run / "checkpoint-6", "loss")) == 6
    assert (runs / "study/curve.png").is_file()
