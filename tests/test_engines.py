"""Every engine of recipes/accelerate on two processes (CPU, gloo) computes what one process computes, from the same global
batch: losses, rewards, gradient norms, clipped steps, saved weights, and the rest of a run that is resumed."""

import json
import os
import shutil
import subprocess
import sys

import pytest
import yaml
from accelerate.commands.config.config_args import load_config_from_file
from accelerate.commands.launch import launch_command_parser
from transformers import AutoModelForCausalLM

from tests.engine_jobs import run
from tests.test_end_to_end import ROOT, history

FILES = sorted((ROOT / "recipes/accelerate").glob("*.yaml"))
BASE = "data/tiny/base_model"
CLIP = 0.05  # below every gradient norm here
CONFIGS = {
    "sft": "recipes/sft/tiny_long.yaml",
    "grpo": "recipes/grpo/tiny_answer_constraints_length.yaml",
}
COMMON = [
    "trainer.max_steps=2", "trainer.save_steps=1", "trainer.logging_steps=1", "trainer.gradient_accumulation_steps=2",
    "trainer.pad_to_multiple_of=8", "data.0.num_rows=16", "trainer.use_cpu=true", "trainer.bf16=false",
    "trainer.report_to=none",
]  # fmt: skip
# A step of plain gradient descent shows the gradient's scale: its length is that of the clipped gradient.
PLAIN = [
    "trainer.optim=sgd",
    "trainer.learning_rate=1.0",
    "trainer.warmup_steps=0",
    f"trainer.max_grad_norm={CLIP}",
]
LORA = [
    "model.use_peft=true", "model.lora_r=4", "model.lora_dropout=0", "model.lora_target_modules=[q_proj, v_proj]",
    "trainer.gradient_checkpointing=true",
]  # fmt: skip
# Groups of four with different rewards, whose length term compares a group's members.
GRPO = [
    "data.0.steps=[1]", "data.0.num_constraints=[1]", "trainer.num_generations=4", "trainer.max_completion_length=40",
    "trainer.temperature=1.3", "length_penalty={name: kimi, weight: 0.5}",
]  # fmt: skip
RUNS = {
    "sft": [*PLAIN],
    "grpo": [*PLAIN, *GRPO],
    "sft_lora": [*LORA],  # AdamW
    "grpo_lora": [*PLAIN, *GRPO, *LORA, "trainer.beta=0.1"],
}
ENGINES = {
    "ddp": ("sft", "grpo"),
    "zero2": ("sft", "grpo"),
    "zero3": ("sft", "grpo", "sft_lora", "grpo_lora"),
    "fsdp2": ("grpo", "sft_lora"),
}
KINDS = {"ddp": "DDP", "zero2": "DeepSpeed", "zero3": "DeepSpeed", "fsdp2": "FSDP"}
KEYS = ("loss", "grad_norm", "reward", "rewards/kimi/std", "mean_token_accuracy")
needs_compiler = pytest.mark.skipif(
    shutil.which("c++") is None, reason="no C++ compiler: DeepSpeed compiles its CPU collectives at its first run"
)  # fmt: skip


def job(name, processes):
    """The same four rows a micro-batch, however many processes share them."""
    kind = name.partition("_")[0]
    rows = f"trainer.per_device_train_batch_size={4 // processes}"
    return (kind, CONFIGS[kind], [*COMMON, *RUNS[name], rows, f"name={name}"])


def jobs(names, processes):
    """Runs with an adapter are resumed: what they did after their first step, they do again."""
    for name in names:
        yield job(name, processes)
        if name == "sft_lora":
            yield ("drop", f"{name}/checkpoint-2", [])
            yield job(name, processes)


def launch(command, runs, **variables):
    env = os.environ | {
        "TETHER_RUNS": str(runs), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), **variables,
    }  # fmt: skip
    command = [sys.executable, "-m", "accelerate.commands.launch", *command]
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600, check=False
    )


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The runs of one process."""
    runs = tmp_path_factory.mktemp("alone")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        patch.setenv("TETHER_RUNS", str(runs))
        run([job(name, 1) for name in RUNS])
    return runs


def together(engine, runs):
    command = [
        "--config_file", f"recipes/accelerate/{engine}.yaml", "--num_processes", "2", "--main_process_port", "0",
        "tests/engine_jobs.py", json.dumps(list(jobs(ENGINES[engine], 2))),
    ]  # fmt: skip
    done = launch(
        command, runs, **({"ACCELERATE_TORCH_DEVICE": "cpu"} if engine == "fsdp2" else {})
    )
    assert done.returncode == 0, done.stderr


def weights(folder):
    """As transformers reads them, from model.safetensors or with the adapter on top of its base."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="float32")
    return {name: value.detach() for name, value in model.named_parameters()}


def distance(one, other):
    assert set(one) == set(other)
    return sum(float((one[name] - other[name]).square().sum()) for name in one) ** 0.5


@pytest.mark.parametrize(
    "engine", ["ddp", pytest.param("zero2", marks=needs_compiler), pytest.param("zero3", marks=needs_compiler), "fsdp2"]
)  # fmt: skip
def test_two_processes_train_as_one_does(engine, alone, tmp_path):
    together(engine, tmp_path)
    for name in ENGINES[engine]:
        facts = json.loads((tmp_path / name / "engine.json").read_text(encoding="utf-8"))
        assert (facts["kind"], facts["num_processes"]) == (KINDS[engine], 2)
        ours, one = tmp_path / name / "checkpoint-2", alone / name / "checkpoint-2"
        for key in KEYS:
            expected = history(one, key)
            assert history(ours, key) == pytest.approx(expected, rel=1e-4, abs=1e-6), (name, key)
        norms = history(ours, "grad_norm")
        assert len(norms) == 2 and min(norms) > 0.02, name  # there was something to learn
        (saved,) = ours.glob("*model.safetensors")
        assert saved.name == ("adapter_" if "lora" in name else "") + "model.safetensors"
        assert distance(weights(ours), weights(one)) < 1e-4, name
        if "lora" not in name:
            first = weights(tmp_path / name / "checkpoint-1")
            assert distance(first, weights(BASE)) == pytest.approx(CLIP, rel=1e-3), name


def test_accelerate_itself_runs_one_process_where_two_were_asked_for(tmp_path):
    """It says nothing; the run does, before anything is loaded."""
    script = ["train/sft.py", "--config", CONFIGS["sft"], *COMMON, "name=x"]
    done = launch(["--cpu", "--num_processes", "2", *script], tmp_path)
    assert done.returncode != 0
    assert (
        f"error: {CONFIGS['sft']}: launch: found 1 process; expected DDP over 2 processes"
        in done.stderr
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_accelerate_knows_every_key(path):
    """It refuses unknown keys at the top and ignores those inside its sections."""
    config = load_config_from_file(str(path))
    known = set(vars(launch_command_parser().parse_args(["x.py"])))
    assert set(config.deepspeed_config) <= known and set(config.fsdp_config) <= known
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert raw["mixed_precision"] == "no"  # the recipe's `bf16` decides alone
    assert not {"gradient_clipping", "gradient_accumulation_steps"} & set(config.deepspeed_config)
