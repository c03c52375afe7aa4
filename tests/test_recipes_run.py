"""Every training recipe takes two real steps: its own sources, rewards, trainer and settings, on a tiny model of the same
architecture and tokenizer, and a few rows in the shape of the real data."""

import argparse
import gc
import json
import math
from pathlib import Path

import pytest
import torch
import yaml
from trl import ModelConfig
from trl.import_utils import is_vllm_available

import train.grpo
import train.sft
from data.tokenizer import load_chat_tokenizer
from recipes.errors import UserError
from recipes.schema import GRPORecipe, SFTRecipe, load_recipe
from tests import families, stand_ins
from train.model import load_model

ROOT = Path(__file__).resolve().parents[1]
SMALL = {
    "max_steps": 2, "save_steps": 2, "logging_steps": 1, "gradient_accumulation_steps": 1,
    "use_cpu": True, "bf16": False,
}  # fmt: skip
PROCEDURAL = ("tiny", "drill", "logic")  # they make as many rows as they are asked for


def files(kind):
    return sorted(str(path.relative_to(ROOT)) for path in (ROOT / "recipes" / kind).glob("*.yaml"))


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """Models and data, made once."""
    folder = tmp_path_factory.mktemp("world")
    stand_ins.write_mirror(folder / "mirror")
    stand_ins.write_traces(folder / "traces.jsonl")
    stand_ins.write_instructions(folder / "instructions.jsonl")
    stand_ins.write_judge(folder / "judge")
    gc.freeze()  # each training collects garbage; what was imported need not be searched every time
    yield folder
    gc.unfreeze()


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path, world):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("TETHER_RUNS", str(tmp_path))
    monkeypatch.setenv("TETHER_DATA", str(world / "mirror"))


def model(recipe, world):
    family = families.family_of(recipe.model["model_name_or_path"])
    return families.save(family, world / family)


def overrides(recipe, world, **trainer):
    found = [f"model.model_name_or_path={model(recipe, world)}"]
    found += [f"trainer.{key}={value}" for key, value in (SMALL | trainer).items()]
    for number, entry in enumerate(recipe.data):
        if entry["name"] in PROCEDURAL:
            found.append(f"data.{number}.num_rows=6")
    if isinstance(recipe, GRPORecipe):
        found += stand_ins.judge_at(world / "judge", recipe)
    found += stand_ins.instructions_at(world / "instructions.jsonl", recipe.data, 6)
    return found + stand_ins.traces_at(world / "traces.jsonl", recipe)


def two_steps(module, path, changes, tmp_path):
    module.main(argparse.Namespace(config=path, overrides=changes, dry_run=False))
    (run,) = tmp_path.iterdir()
    state = json.loads((run / "checkpoint-2/trainer_state.json").read_text(encoding="utf-8"))
    losses = [entry["loss"] for entry in state["log_history"] if "loss" in entry]
    assert len(losses) == 2 and all(map(math.isfinite, losses))
    resolved = yaml.safe_load((run / "recipe.yaml").read_text(encoding="utf-8"))
    assert resolved["name"] == run.name and "extends" not in resolved
    return state["log_history"]


@pytest.mark.parametrize("path", files("sft"))
def test_an_sft_recipe_takes_two_steps(path, world, tmp_path):
    recipe = load_recipe(path, SFTRecipe, [])
    small = overrides(recipe, world, per_device_train_batch_size=2, max_length=256)
    two_steps(train.sft, path, small, tmp_path)
    saved = json.loads((tmp_path / recipe.name / "checkpoint-2/config.json").read_text("utf-8"))
    for key, value in recipe.config_overrides.items():
        assert saved[key] == ({**saved[key], **value} if isinstance(value, dict) else value)


@pytest.mark.parametrize("path", files("grpo"))
def test_a_grpo_recipe_takes_two_steps(path, world, tmp_path):
    recipe = load_recipe(path, GRPORecipe, [])
    given = recipe.trainer
    accumulation = given.get("gradient_accumulation_steps", 1)
    small = overrides(
        recipe,
        world,
        per_device_train_batch_size=4,
        num_generations=4,
        # As many updates from a generation as in the recipe, of the two there are.
        steps_per_generation=min(
            given.get("steps_per_generation", accumulation) // accumulation, 2
        ),
        max_completion_length=16,
        use_vllm=False,
    )
    history = two_steps(train.grpo, path, small, tmp_path)
    paid = [entry["name"] for entry in (*recipe.rewards, *recipe.length_penalties)]
    assert all(f"rewards/{name}/mean" in history[0] for name in paid)


def test_another_rope_theta_reaches_the_weights(world):
    path = families.save("qwen2.5", world / "qwen2.5")
    tokenizer = load_chat_tokenizer(path, "x", {})
    changes = {"rope_parameters": {"rope_theta": 20000.0}}
    found = load_model(ModelConfig(path), tokenizer, changes, "x").model.rotary_emb.inv_freq
    # theta ** (-2 i / head_dim) with head_dim 8
    assert torch.allclose(found, torch.tensor([20000 ** (-2 * i / 8) for i in range(4)]))


@pytest.mark.skipif(is_vllm_available(), reason="vLLM is installed")
def test_a_recipe_for_vllm_is_refused_on_a_cpu_before_anything_is_loaded(tmp_path):
    path = "recipes/grpo/joint_qwen3_1.7b_gdpo.yaml"
    with pytest.raises(UserError, match="use_vllm: found true on a CPU") as error:
        train.grpo.main(argparse.Namespace(config=path, overrides=[], dry_run=False))
    assert str(error.value).startswith(path) and not list(tmp_path.iterdir())
