"""Every recipe in the repository loads, and what a user may write wrongly is one line that says where and
what."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from trl import GRPOConfig

import train.grpo
import train.sft
from data.sources.tiny import Tiny
from data.tokenizer import load_tokenizer
from eval.benchmarks import build_benchmarks
from recipes.errors import UserError
from recipes.run import RunDir
from recipes.schema import GRPORecipe, SFTRecipe, StudyRecipe, SweepRecipe, load_recipe, to_yaml
from train.config import trainer_config

ROOT = Path(__file__).resolve().parents[1]
GRPO = "recipes/grpo/tiny_answer_constraints_length.yaml"


@pytest.fixture(autouse=True)
def in_root(monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("TETHER_RUNS", str(tmp_path))


def files(kind):
    found = sorted(
        str(path.relative_to(ROOT)) for path in (ROOT / "recipes" / kind).rglob("*.yaml")
    )
    assert found
    return found


@pytest.mark.parametrize("path", files("sft"))
def test_sft_recipes_load(path):
    assert train.sft.plan(path, []).sizes.steps > 0


@pytest.mark.parametrize("path", files("grpo"))
def test_grpo_recipes_load(path):
    assert train.grpo.plan(path, []).sizes.groups_per_step


@pytest.mark.parametrize("path", files("sweep"))
def test_sweep_recipes_load(path):
    assert build_benchmarks(load_recipe(path, SweepRecipe, []).benchmarks, path)


@pytest.mark.parametrize("path", files("study"))
def test_study_recipes_load(path):
    recipe = load_recipe(path, StudyRecipe, [])
    paths = [entry if isinstance(entry, str) else entry.recipe for entry in recipe.regimes.values()]
    assert all((ROOT / path).is_file() for path in paths)
    assert build_benchmarks(recipe.sweep["benchmarks"], path)


@pytest.mark.parametrize("path", files("accelerate"))
def test_accelerate_configs_are_yaml(path):
    assert yaml.safe_load(Path(path).read_text(encoding="utf-8"))["num_processes"] >= 1


def check(path, overrides):
    return train.grpo.plan(path, overrides).sizes


@pytest.mark.parametrize(
    "override, said",
    [
        ("seeed=3", "unknown key 'seeed'. Did you mean 'seed'?"),
        (
            "trainer.learning_rat=3",
            "trainer: unknown key 'learning_rat'. Did you mean 'learning_rate'?",
        ),
        ("trainer.learning_rate=fast", "trainer: learning_rate: found 'fast' (str); expected"),
        ("trainer.loss_type=dap", "trainer: loss_type: found 'dap'. Did you mean 'dapo'?"),
        (
            "trainer.scale_rewards=grup",
            "trainer: scale_rewards: found 'grup'. Did you mean 'group'?",
        ),
        ("trainer.num_generations=4.5", "trainer: num_generations: found 4.5 (float); expected"),
        ("trainer.num_generations=3", "num_generations (3)"),
        ("trainer.output_dir=x", "trainer: output_dir is set by Tether"),
        ("rewards.0.name=anser", "rewards.0: name: unknown reward 'anser'. Did you mean 'answer'?"),
        ("rewards.0.weight=much", "rewards.0: weight: found 'much'"),
        ("rewards.1.aggregate=max", "rewards.1: aggregate: found 'max'"),
        ("length_penalty.name=soft_overlng", "Did you mean 'soft_overlong'?"),
        ("length_penalty.buffer_tokens=500", "length_penalty: buffer_tokens: found 500"),
        ("data.0.name=tinny", "data.0: unknown data source 'tinny'. Did you mean 'tiny'?"),
        ("data.0.step=3", "data.0: unknown key 'step'. Did you mean 'steps'?"),
        ("data.0.steps=[9]", "data.0: steps: found [9]"),
        ("model.model_name_or_pth=x", "model: unknown key 'model_name_or_pth'. Did you mean"),
        ("model.dtype=float23", "model: dtype: found 'float23'. Did you mean 'float32'?"),
        ("name=a/b", "name: found 'a/b'"),
    ],
)
def test_a_mistake_is_one_line_with_file_key_found_and_expected(override, said):
    with pytest.raises(ValueError) as error:
        check(GRPO, [override])
    assert str(error.value).startswith(GRPO) and said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "override, said",
    [
        ("sampling.max_new_token=9", "sampling: unknown key 'max_new_token'. Did you mean 'max_new_tokens'?"),
        ("sampling.max_new_tokens=0", "sampling: max_new_tokens: found 0; expected at least 1"),
        ("sampling.top_p=high", "sampling.top_p: found 'high' (str); expected"),
    ],
)  # fmt: skip
def test_a_mistake_inside_a_section_names_the_section_and_its_keys(override, said):
    path = "recipes/sweep/tiny_base.yaml"
    with pytest.raises(UserError) as error:
        load_recipe(path, SweepRecipe, [override])
    assert str(error.value).startswith(f"{path}: {said}") and "\n" not in str(error.value)


def test_a_missing_key_inside_a_section_is_named():
    path = "recipes/sft/tiny_drill.yaml"
    with pytest.raises(
        UserError, match=r"muon: missing key 'learning_rate'. Accepted: learning_rate"
    ):
        load_recipe(path, SFTRecipe, ["muon={weight_decay: 0.1}"])


def test_a_save_inside_a_generation_cycle_is_refused():
    with pytest.raises(ValueError, match="save_steps: found 6; expected a multiple of 4"):
        check(GRPO, ["trainer.num_iterations=4"])


def test_a_missing_recipe_suggests_one():
    with pytest.raises(ValueError, match=r"Did you mean 'recipes/grpo/tiny_answer\.yaml'"):
        load_recipe("recipes/grpo/tiny_anser.yaml", GRPORecipe, [])


def test_yaml_numbers_without_a_dot_become_floats():
    # PyYAML reads 1e-6 as a string, and GRPOConfig(learning_rate="1e-6") would keep it.
    recipe = load_recipe(GRPO, GRPORecipe, ["trainer.learning_rate=1e-6"])
    assert trainer_config(GRPOConfig, recipe, RunDir.named("x"), GRPO).learning_rate == 1e-6


def test_the_resolved_recipe_loads_again(tmp_path):
    recipe = load_recipe(GRPO, GRPORecipe, ["seed=7"])
    path = tmp_path / "resolved.yaml"
    path.write_text(to_yaml(recipe), encoding="utf-8")
    again = load_recipe(str(path), GRPORecipe, [])
    assert to_yaml(again) == to_yaml(recipe) and again.seed == 7


@pytest.mark.parametrize(
    "path", [path for kind in ("sft", "grpo") for path in files(kind) if "base" not in path]
)
def test_no_regime_trains_on_a_held_out_kind_or_the_test_split(path):
    for entry in load_recipe(path, SFTRecipe if "/sft/" in path else GRPORecipe, []).data:
        assert entry.get("kinds", Tiny.kinds) == "train" and entry.get("split", "train") == "train"


def test_arithmetic_of_a_grpo_step():
    sizes = check(
        GRPO, ["trainer.max_steps=-1", "trainer.num_train_epochs=1", "data.0.num_rows=400"]
    )
    # 64 completions a step, 8 a prompt: 8 groups; 400 prompts: 50 steps; at most 64 * 256 tokens.
    assert (sizes.samples_per_step, sizes.groups_per_step, sizes.steps) == (64, 8, 50)
    assert sizes.tokens_per_step == 64 * 256


def test_a_missing_model_is_one_line():
    with pytest.raises(UserError) as error:
        load_tokenizer("data/tiny/base_modl", "x.yaml: model: model_name_or_path")
    assert "found 'data/tiny/base_modl'; expected a folder" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_mistake_on_the_command_line_ends_in_one_line_and_code_2():
    command = [sys.executable, "train/grpo.py", "--config", GRPO, "trainer.learning_rat=1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith(f"error: {GRPO}: trainer: unknown key")
    assert "Traceback" not in done.stderr
