"""`python -m train.preflight`: every recipe with its own accelerate file, without network, GPU or weights."""

import argparse
import re
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import train.grpo
import train.sft
from recipes.architectures import config_of
from recipes.engine import Engine
from recipes.errors import UserError
from recipes.schema import GRPORecipe, SFTRecipe, load_recipe
from tests import stand_ins
from train.memory import estimate
from train.needs import Assumed, load_of, remedies, together, vllm_needs, work_of
from train.preflight import arguments, main
from train.report import announce
from train.shape import shape_of

ROOT = Path(__file__).resolve().parents[1]
SFT, GRPO = "recipes/sft/qwen3_1.7b_gsm8k.yaml", "recipes/grpo/qwen3_1.7b_gsm8k.yaml"
RECIPES = [
    f"recipes/{kind}/{path.name}"
    for kind in ("sft", "grpo")
    for path in sorted((ROOT / "recipes" / kind).glob("*.yaml"))
]
ZERO2 = Engine("zero2", 8, mixed_precision="bf16")


@pytest.fixture(autouse=True)
def in_root(monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("TETHER_RUNS", str(tmp_path))


def printed(capsys, *words):
    main(arguments().parse_intermixed_args(list(words)))
    return capsys.readouterr().out


def launch(path, overrides=(), engine=ZERO2):
    module = train.grpo if "/grpo/" in path else train.sft
    return module.plan(path, list(overrides), engine).launch


@pytest.mark.parametrize("path", RECIPES)
def test_every_recipe_passes_with_its_own_accelerate_file(capsys, path, tmp_path):
    kind = GRPORecipe if "/grpo/" in path else SFTRecipe
    file = re.search(r"recipes/accelerate/\w+\.yaml", Path(path).read_text(encoding="utf-8"))
    recipe = load_recipe(path, kind, [])
    stand_ins.write_traces(tmp_path / "traces.jsonl")
    stand_ins.write_instructions(tmp_path / "own.jsonl", 2714)
    data = stand_ins.traces_at(tmp_path / "traces.jsonl", recipe)
    data += stand_ins.instructions_at(tmp_path / "own.jsonl", recipe.data)
    alone = (
        ["--gpus", "1"] if recipe.trainer.get("use_vllm") else []
    )  # the tiny recipes are for a CPU
    engine = ["--accelerate", file[0]] if file else alone
    out = printed(capsys, "--config", path, *engine, *data)
    assert "caution" not in out and "overflow" not in out
    starts_from_a_stage = recipe.model["model_name_or_path"].startswith("runs/")
    assert ("expected time" in out) is (bool(engine) and not starts_from_a_stage)
    assert max(len(line) for line in out.splitlines()) <= 100


def test_a_rewards_own_model_is_counted(capsys, tmp_path):
    """Not there yet: as large as the policy, 7,615,616,512 parameters in bf16, in both phases."""
    stand_ins.write_instructions(tmp_path / "own.jsonl", 20)
    data = f"data.0.seeds.path={tmp_path / 'own.jsonl'}"
    engine = ["--accelerate", "recipes/accelerate/zero3.yaml"]
    out = printed(capsys, "--config", "recipes/grpo/ssrl_r1_7b.yaml", *engine, data)
    line = next(line for line in out.splitlines() if "models of rewards" in line)
    assert line.count("15.23") == 2
    plain = printed(
        capsys, "--config", "recipes/grpo/ssrl_r1_7b.yaml", *engine, data, "rewards.1.soft=null"
    )
    assert "models of rewards" not in plain


def test_what_is_printed(capsys):
    out = printed(capsys, "--config", GRPO, "--accelerate", "recipes/accelerate/zero2.yaml")
    rows = dict(re.findall(r"│ ([^│]+?) +│ +([^│]+?) +│\n", out))
    # 8 completions on each of 8 GPUs, twice: 128, in groups of 8; 7,473 prompts in rounds of 16.
    assert rows["samples per step"] == "128" and rows["groups per step"] == "16"
    assert rows["completion tokens per step, at most"] == f"{128 * 4096:,}"
    assert rows["steps, at most: rows may be left out"] == str(7473 // 16)
    assert "qwen3_1.7b_gsm8k_grpo: zero2 on 8 GPUs" in out
    assert "1,720,574,976 parameters, all trained; read from recipes/architectures.yaml" in out
    for part in ("weights", "gradients", "optimizer states", "activations", "logits", "KV cache"):
        assert f"│ {part}" in out


def test_gpus_and_overrides_change_the_plan(capsys):
    out = printed(
        capsys, "--config", SFT, "--accelerate", "recipes/accelerate/zero3.yaml", "--gpus", "2", "--gpu-memory", "8",
        "--gpu", "A100", "--mfu", "0.3", "--mean-tokens", "500", "trainer.packing=true",
        "model.attn_implementation=sdpa",
    )  # fmt: skip
    assert "zero3 on 2 GPUs" in out and "of 8 " in out and "steps, at most: rows are packed" in out
    assert "assumed: 312 TFLOP/s a GPU (--gpu), 30.0% of it" in out and "rows of 500 tokens" in out
    assert "likely to overflow: the update needs" in out and "offload_optimizer_device: cpu" in out
    assert (
        "caution: recipes/sft/qwen3_1.7b_gsm8k.yaml: model: attn_implementation: found sdpa" in out
    )


@pytest.mark.parametrize(
    "words, said",
    [
        (["--gpus", "2"], "--gpus: found 2 without --accelerate; expected a file"),
        (["--gpus", "0"], "--gpus: found 0; expected at least 1"),
        (["--accelerate", "x.yaml"], "x.yaml: no such accelerate config"),
        (["--gpu", "H1000"], "--gpu: found 'H1000'"),
        (["--gpu-memory", "-1"], "--gpu-memory: found -1; expected a number above 0"),
        (["--mfu", "24"], "--mfu: found 24; expected a number above 0, at most 1"),
        (["trainer.learning_rat=1"], "Did you mean 'learning_rate'?"),
    ],
)
def test_a_mistake_is_one_line(words, said):
    with pytest.raises(UserError) as error:
        main(arguments().parse_intermixed_args(["--config", SFT, *words]))
    assert said in str(error.value) and "\n" not in str(error.value)


def test_a_missing_recipe_is_one_line():
    with pytest.raises(UserError, match=r"recipes/sft/no\.yaml: no such recipe"):
        main(arguments().parse_intermixed_args(["--config", "recipes/sft/no.yaml"]))


def test_the_command_itself():
    """A refusal is one line and code 2, within seconds of computing (the machine may be busy)."""
    words = [
        "--config",
        SFT,
        "--accelerate",
        "recipes/accelerate/zero2.yaml",
        "trainer.eval_strategy=epoch",
    ]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    command = [sys.executable, "-m", "train.preflight", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(f"error: {SFT}: trainer: eval_strategy: found")
    assert "Traceback" not in done.stderr and done.stdout == ""
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 40  # 6 on an idle core


def test_a_launch_says_its_cautions_and_dry_run_the_rest(capsys):
    announce(launch(GRPO, ["trainer.loss_type=grpo"]))
    assert capsys.readouterr().err.startswith(f"caution: {GRPO}: trainer: loss_type: found grpo")
    announce(launch(GRPO))
    assert capsys.readouterr().err == ""
    path = "recipes/sft/tiny_long.yaml"
    train.sft.main(argparse.Namespace(config=path, overrides=["trainer.max_steps=7"], dry_run=True))
    out = capsys.readouterr().out
    assert "max_steps: 7" in out and "tiny_sft_long: single on CPU" in out
    assert "memory of one process" in out and "model: 3,287,296 parameters" in out


# ---------------------------------------------------------------------- from a launch to what it needs


def load(path, overrides=(), engine=ZERO2, assumed=None):
    found = launch(path, overrides, engine)
    model = config_of(str(found.model.model_name_or_path))
    return found, model, load_of(found, model, shape_of(model, found.model), assumed or Assumed())


def test_a_load_by_hand():
    _, _, of = load(GRPO)
    assert (of.rows, of.tokens) == (8, 512 + 4096) and (of.weight_bytes, of.compute_bytes) == (4, 2)
    assert (of.generation.rows, of.generation.tokens) == (8 * 2, 4608) and of.generation.vllm == 0
    assert of.masked and of.checkpointing and not of.reference
    _, _, of = load(
        GRPO, ["trainer.use_vllm=true", "trainer.beta=0.1", "trainer.vllm_enable_sleep_mode=true"]
    )
    assert (of.generation.vllm, of.generation.sleeps, of.reference) == (0.3, True, True)
    _, _, of = load(GRPO, ["trainer.use_vllm=true", "trainer.vllm_mode=server"])
    assert of.generation is None
    _, _, of = load(SFT, ["trainer.packing=true", "trainer.optim=adafactor"])
    assert (of.rows, of.tokens, of.states) == (1, 4 * 4096, 0) and of.generation is None
    _, _, of = load(
        SFT, ["trainer.per_device_train_batch_size=1", "trainer.label_smoothing_factor=0.1"]
    )
    assert not of.masked and of.all_logits  # a row alone is not padded


def test_work_by_hand():
    found, model, _ = load(GRPO, ["trainer.beta=0.1"])
    work = work_of(found, model, Assumed(prompt_tokens=100, mean_tokens=900))
    # 128 samples of 1,000 tokens; each is generated once and read once by the reference model.
    assert (work.tokens, work.sequence, work.forwards) == (128_000, 1000, 1)
    assert (work.generated, work.token_steps) == (128 * 900, 4096)  # a batch waits for its longest
    twice = ["trainer.num_iterations=2", "trainer.use_vllm=true"]
    found, model, _ = load(GRPO, twice)
    work = work_of(found, model, Assumed(prompt_tokens=100, mean_tokens=900))
    # Generated every other step, so half of a step's samples are new; the old policy reads those.
    assert (work.generated, work.forwards, work.uses_vllm) == (64 * 900, 0.5, True)
    found, model, _ = load(SFT)
    assert work_of(found, model, Assumed()).tokens == 4 * 4 * 8 * 4096


def test_remedies_fit_or_come_together():
    found, model, of = load(SFT, ["model.model_name_or_path=Qwen/Qwen2.5-7B"], Engine("ddp", 8))
    before = estimate(of).peak
    single = remedies(found, model, of)
    assert [one.peak for one in single] == sorted(one.peak for one in single)
    assert all(one.peak < before for one in single)
    texts = [one.text for one in single]
    assert "recipes/accelerate/zero3.yaml" in texts and "model.use_peft=true" in texts
    assert "trainer.gradient_checkpointing=true" not in texts  # it is on
    by_hand = replace(of, engine=replace(of.engine, kind="zero3"))
    assert (
        dict(zip(texts, single, strict=True))["recipes/accelerate/zero3.yaml"].peak
        == estimate(by_hand).peak
    )
    room = single[0].peak - 1  # one is not enough
    chain = together(found, model, of, room)
    assert len(chain) > 1 and chain[-1].peak <= room < chain[0].peak


def test_vllms_share_must_hold_its_weights():
    found, _, of = load(GRPO, ["trainer.use_vllm=true"])
    # 16-bit weights, and one sequence of 4,608 tokens: 28 layers, keys and values, 8 heads of 128, 2 bytes
    assert vllm_needs(found, of) == 2 * 1_720_574_976 + 4608 * 28 * 2 * 8 * 128 * 2
    assert vllm_needs(*load(GRPO)[::2]) == 0


def test_a_small_share_is_said(capsys):
    out = printed(
        capsys, "--config", GRPO, "--accelerate", "recipes/accelerate/zero2.yaml", "trainer.use_vllm=true",
        "trainer.vllm_gpu_memory_utilization=0.03", "trainer.vllm_importance_sampling_mode=token_truncate",
    )  # fmt: skip
    assert (
        "likely to overflow: vLLM's 2.40 GB are less than its weights and one sequence, 3.97 GB"
        in out
    )
    assert "trainer.vllm_gpu_memory_utilization=0.10" in out


def test_a_model_that_is_not_there_yet_is_said(capsys):
    out = printed(capsys, "--config", "recipes/sft/tiny_base.yaml")
    assert (
        "memory and hours: not estimated; runs/tiny_drill/checkpoint-3000 has no config.json yet"
        in out
    )
