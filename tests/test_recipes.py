"""Every recipe in the repository loads, and what a user may write wrongly is one line that says where and
what."""

import argparse
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from transformers import LlamaConfig, Qwen2Config
from trl import GRPOConfig

import scripts.chain
import scripts.pairs
import train.grpo
import train.reward_model
import train.sft
from data.sources.tiny import Tiny
from data.tokenizer import load_tokenizer
from eval.benchmarks import build_benchmarks
from recipes.chain import ChainRecipe
from recipes.engine import Engine
from recipes.errors import UserError
from recipes.extends import read
from recipes.run import RunDir
from recipes.schema import GRPORecipe, SFTRecipe, StudyRecipe, SweepRecipe, load_recipe, to_yaml
from recipes.ssrl import PairsRecipe, RewardModelRecipe
from scripts.study import plan
from tests import stand_ins
from train.config import trainer_config
from train.model import change

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
def test_sft_recipes_load(path, tmp_path):
    stand_ins.write_traces(tmp_path / "traces.jsonl")
    data = stand_ins.traces_at(tmp_path / "traces.jsonl", load_recipe(path, SFTRecipe, []))
    assert train.sft.plan(path, data).launch.sizes.steps > 0


@pytest.mark.parametrize("path", files("grpo"))
def test_grpo_recipes_load(path, tmp_path):
    stand_ins.write_instructions(tmp_path / "x.jsonl", 2714)
    data = stand_ins.instructions_at(tmp_path / "x.jsonl", load_recipe(path, GRPORecipe, []).data)
    assert train.grpo.plan(path, data, Engine("single")).launch.sizes.groups_per_step


@pytest.mark.parametrize("path", files("pairs"))
def test_pairs_recipes_load(path):
    assert scripts.pairs.build(load_recipe(path, PairsRecipe, []), path)


@pytest.mark.parametrize("path", files("reward_model"))
def test_reward_model_recipes_load(path):
    recipe = load_recipe(path, RewardModelRecipe, [])
    assert train.reward_model.arguments(recipe, RunDir.named("x"), path).num_train_epochs == 3


def _with_regimes(path):
    """A recipe's text; of a study, with that of the recipes it trains."""
    text = Path(path).read_text(encoding="utf-8")
    named = [one for one in files("grpo") if one in text and one != path]
    return text + "".join(Path(one).read_text(encoding="utf-8") for one in named)


@pytest.mark.parametrize("path", files("chain"))
def test_the_stages_of_a_chain_load_and_name_the_run_before(path, capsys):
    args = argparse.Namespace(config=path, overrides=[], dry_run=True)
    scripts.chain.main(args)
    links = load_recipe(path, ChainRecipe, []).links
    assert f"stage {len(links)} of {len(links)}" in capsys.readouterr().err
    # Each names the run of the one before.
    texts = [_with_regimes(one.recipe) for one in links]
    names = [scripts.chain.name_of(one) for one in links]
    for name, text in zip(names, texts[1:], strict=False):
        assert name in text


@pytest.mark.parametrize("path", files("sweep"))
def test_sweep_recipes_load(path):
    assert build_benchmarks(load_recipe(path, SweepRecipe, []).benchmarks, path)


@pytest.mark.parametrize("path", files("study"))
def test_study_recipes_load(path):
    recipe = load_recipe(path, StudyRecipe, [])
    paths = [entry if isinstance(entry, str) else entry.recipe for entry in recipe.regimes.values()]
    assert all((ROOT / path).is_file() for path in paths)
    assert build_benchmarks(recipe.sweep["benchmarks"], path)


@pytest.mark.parametrize(
    "path",
    [
        path
        for kind in ("sft", "grpo", "sweep", "pairs", "reward_model", "chain")
        for path in files(kind)
    ],
)
def test_a_header_says_how_the_recipe_is_run(path):
    text = Path(path).read_text(encoding="utf-8")
    header = "".join(line for line in text.splitlines(True) if line.startswith("#"))
    assert text.startswith(header)
    assert path in header or "make " in header
    ours = ("/mathif_qwen2.5", "/mathif_r1", "/joint_", "/grpo/ssrl_", "/grpo/logic_")
    if any(one in path for one in ours):
        assert "/sweep/" in path or ("Hardware: " in header and "\n# hours: " in header)
        assert "Published (Table" in header or "To compare: " in header


def check(path, overrides):
    return train.grpo.plan(path, overrides).launch.sizes


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
        (
            "trainer.chat_template_kwargs={enable_thinking: false}",
            "trainer: chat_template_kwargs is set by Tether (from `chat_template_kwargs`); remove it",
        ),
        ("rewards.0.name=anser", "rewards.0: name: unknown reward 'anser'. Did you mean 'answer'?"),
        ("rewards.0.weight=much", "rewards.0: weight: found 'much'"),
        ("rewards.0.wieght=2", "rewards.0: unknown key 'wieght'. Did you mean 'weight'?"),
        ("rewards.1.aggregate=max", "rewards.1: aggregate: found 'max'"),
        ("length_penalty.name=soft_overlng", "Did you mean 'soft_overlong'?"),
        ("length_penalty.buffer_tokens=500", "length_penalty: buffer_tokens: found 500"),
        ("data.0.name=tinny", "data.0: name: unknown data source 'tinny'. Did you mean 'tiny'?"),
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


# ---------------------------------------------------------------------- extends


def written(folder, **files):
    """Recipe files of that content in `folder`; the path of each."""
    paths = {name: folder / f"{name}.yaml" for name in files}
    for name, content in files.items():
        paths[name].write_text(yaml.safe_dump(content), encoding="utf-8")
    return {name: str(path) for name, path in paths.items()}


BASE = {
    "seed": 0,
    "model": {"model_name_or_path": "m", "dtype": "float32"},
    "data": [{"name": "tiny", "num_rows": 4}],
    "rewards": [{"name": "answer"}, {"name": "constraints"}],
    "length_penalty": {"name": "soft_overlong", "max_tokens": 9, "buffer_tokens": 3},
    "trainer": {"max_steps": 3, "learning_rate": 1.0e-4},
}


def test_a_recipe_wins_over_what_it_extends_section_by_section(tmp_path):
    own = {
        "extends": str(tmp_path / "base.yaml"),
        "name": "own",
        "model": {"dtype": "bfloat16"},
        "rewards": [{"name": "answer"}],
        "length_penalty": {"name": "conditioned"},
        "trainer": {"max_steps": 5},
    }
    path = written(tmp_path, base=BASE, own=own)["own"]
    recipe = load_recipe(path, GRPORecipe, ["trainer.learning_rate=1"])
    assert recipe.model == {"model_name_or_path": "m", "dtype": "bfloat16"}
    assert recipe.rewards == ({"name": "answer"},)  # a list is replaced
    assert recipe.length_penalty == {
        "name": "conditioned"
    }  # and what a name builds: its settings are its own
    assert recipe.trainer == {"max_steps": 5, "learning_rate": 1}
    assert recipe.data == ({"name": "tiny", "num_rows": 4},)


def test_later_files_win_and_files_extend_files(tmp_path):
    paths = written(
        tmp_path,
        base=BASE,
        longer={"extends": str(tmp_path / "base.yaml"), "trainer": {"max_steps": 7}},
        gdpo={"trainer": {"scale_rewards": "none", "max_steps": 8}, "length_penalty": None},
        own={"extends": [str(tmp_path / "longer.yaml"), str(tmp_path / "gdpo.yaml")], "name": "own"},
    )  # fmt: skip
    recipe = load_recipe(paths["own"], GRPORecipe, [])
    assert recipe.trainer == {"max_steps": 8, "learning_rate": 1.0e-4, "scale_rewards": "none"}
    assert recipe.length_penalties == () and "extends" not in to_yaml(recipe)


@pytest.mark.parametrize(
    "value, said",
    [
        ("recipes/base/joynt.yaml", "extends: found 'recipes/base/joynt.yaml', which is no file. Did you mean 'recipes/"),
        (3, "extends: found 3; expected a recipe file or a list of them"),
        ([3], "extends: found [3]; expected a recipe file or a list of them"),
    ],
)  # fmt: skip
def test_a_mistake_in_extends_is_one_line(value, said, tmp_path):
    path = written(tmp_path, own={"extends": value, "name": "own"})["own"]
    with pytest.raises(UserError) as error:
        load_recipe(path, GRPORecipe, [])
    assert str(error.value).startswith(f"{path}: {said}") and "\n" not in str(error.value)


def test_recipes_that_extend_each_other_are_refused(tmp_path):
    names = {name: str(tmp_path / f"{name}.yaml") for name in ("a", "b")}
    paths = written(tmp_path, a={"extends": names["b"]}, b={"extends": names["a"]})
    with pytest.raises(
        UserError, match=r"b\.yaml: extends: found .*a\.yaml', which extends this file"
    ):
        load_recipe(paths["a"], GRPORecipe, [])


def test_a_mistake_names_the_files_that_are_extended(tmp_path):
    own = {"extends": str(tmp_path / "base.yaml"), "name": "own"}
    paths = written(tmp_path, base={**BASE, "sead": 1}, own=own)
    with pytest.raises(UserError) as error:
        load_recipe(paths["own"], GRPORecipe, [])
    assert str(error.value).startswith(
        f"{paths['own']} (extends {paths['base']}): unknown key 'sead'. Did you mean 'seed'?"
    )


def trained():
    """Every training recipe by its name."""
    recipes = [load_recipe(path, SFTRecipe, []) for path in files("sft")]
    recipes += [load_recipe(path, GRPORecipe, []) for path in files("grpo")]
    by_name = {recipe.name: recipe for recipe in recipes}
    assert len(by_name) == len(recipes), "two recipes write to one run directory"
    return by_name


def test_a_sweep_scores_runs_that_recipes_make():
    known = set(trained())
    for path in files("study"):
        known |= {run.name for run in plan(load_recipe(path, StudyRecipe, []), path)}
    for path in files("sweep"):
        runs = load_recipe(path, SweepRecipe, []).runs.values()
        assert {name for names in runs for name in names} <= known, path


def test_a_run_that_starts_from_another_finds_its_checkpoint():
    known = trained()
    for recipe in known.values():
        start = recipe.model["model_name_or_path"]
        if "/checkpoint-" not in start:
            continue
        _, name, checkpoint = start.split("/")
        step, before = int(checkpoint.removeprefix("checkpoint-")), known[name].trainer
        last = step == before["max_steps"]  # Trainer saves at its end too
        assert last or (step < before["max_steps"] and step % before["save_steps"] == 0), (
            recipe.name
        )


def test_every_shared_file_is_shared():
    recipes = [path for kind in ("sft", "grpo", "sweep", "base") for path in files(kind)]
    extended = {path for recipe in recipes for path in read(recipe)[1]}
    assert extended == set(files("base"))


# ---------------------------------------------------------------------- a model's own config


def test_config_values_are_changed_and_the_rest_kept():
    rope = {"rope_type": "linear", "factor": 2.0, "rope_theta": 10000.0}
    config = LlamaConfig(rope_parameters=rope)
    change(config, {"rope_parameters": {"rope_theta": 20000}, "max_position_embeddings": 8192}, "x")
    assert config.rope_parameters == {**rope, "rope_theta": 20000}
    assert config.max_position_embeddings == 8192


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"rope_theta": 20000.0}, "unknown key 'rope_theta'."),
        ({"hidden_sice": 3}, "unknown key 'hidden_sice'. Did you mean 'hidden_size'?"),
        ({"hidden_size": "wide"}, "hidden_size: found 'wide'; expected a value like 4096"),
        ({"hidden_size": True}, "hidden_size: found True; expected a value like 4096"),
        ({"use_cache": 1}, "use_cache: found 1; expected a value like True"),
        ({"rope_parameters": 3}, "rope_parameters: found 3; expected a value like {"),
        ({"rope_parameters": {"rope_thta": 3}}, "rope_parameters: unknown key 'rope_thta'. Did you mean 'rope_theta'?"),
        ({"rope_parameters": {"rope_theta": "high"}}, "rope_parameters: rope_theta: found 'high'; expected a value"),
    ],
)  # fmt: skip
def test_a_mistake_in_config_overrides_is_one_line(changes, said):
    with pytest.raises(UserError) as error:
        change(Qwen2Config(), changes, "x.yaml")
    assert str(error.value).startswith(f"x.yaml: config_overrides: {said}")
    assert "\n" not in str(error.value)


# ---------------------------------------------------------------------- MathIF's training study (arXiv:2505.14810, Table 7)


@pytest.mark.parametrize("path", [path for path in files("grpo") if "/mathif_" in path])
def test_mathifs_rl_runs_have_the_hyper_parameters_of_table_7(path):
    config, gpus = train.grpo.plan(path, [], Engine("ddp", 8)).config, 8
    per_pass = config.per_device_train_batch_size * gpus
    assert config.num_generations == 8
    assert per_pass * config.steps_per_generation == 128 * 8  # batch
    assert per_pass * config.gradient_accumulation_steps == 64 * 8  # mini-batch
    assert config.num_iterations == 1 == config.max_grad_norm == config.temperature
    assert (config.epsilon, config.epsilon_high or config.epsilon) == (0.2, 0.2)
    assert (config.entropy_coef, config.beta) == (0.001, 0.001)
    assert (config.learning_rate, config.lr_scheduler_type, config.warmup_steps) == (
        1e-6,
        "constant",
        0,
    )
    # Every process rewards whole groups, whatever compares the completions of a prompt.
    assert (
        config.per_device_train_batch_size * config.steps_per_generation % config.num_generations
        == 0
    )
    lengths = {"1k": 1024, "2k": 2048, "4k": 4096, "8k": 8192}
    assert config.max_completion_length == lengths.get(path.removesuffix(".yaml")[-2:], 3072)
    recipe = load_recipe(path, GRPORecipe, [])
    assert recipe.max_prompt_length == 1024
    assert config.vllm_max_model_length >= recipe.max_prompt_length + config.max_completion_length
    paid = {reward["name"]: reward["weight"] for reward in recipe.rewards}
    assert paid == ({"answer": 1, "think_format": 0.1} if "format" in path else {"answer": 1})


@pytest.mark.parametrize("path", [path for path in files("sft") if "/mathif_" in path])
def test_mathifs_sft_runs_have_the_hyper_parameters_of_table_7(path, tmp_path):
    stand_ins.write_traces(tmp_path / "traces.jsonl")
    recipe = load_recipe(path, SFTRecipe, [])
    config = train.sft.plan(path, stand_ins.traces_at(tmp_path / "traces.jsonl", recipe)).config
    assert config.per_device_train_batch_size == 1
    assert config.gradient_accumulation_steps * 8 == 256
    assert (config.max_length, config.truncation_mode) == (8192, "keep_start")
    assert (config.learning_rate, config.lr_scheduler_type, config.warmup_steps) == (
        1e-6,
        "cosine",
        0.1,
    )
    assert (config.adam_beta1, config.adam_beta2, config.weight_decay, config.max_grad_norm) == (
        0.9,
        0.95,
        0.01,
        1,
    )
    assert config.max_steps == 211  # 3 epochs of 18k examples: 3 * 18,000 / 256 = 210.9
    theta = recipe.config_overrides.get("rope_parameters", {}).get("rope_theta")
    assert theta == (20_000 if "math_" in path else None)
