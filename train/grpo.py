"""Reinforcement learning: recipe -> data -> rewards and length penalty -> TRL's GRPOTrainer.

    accelerate launch train/grpo.py --config recipes/grpo/x.yaml [--dry-run] [section.key=value ...]

The same command continues an interrupted run from its newest whole checkpoint.
"""

import argparse
from dataclasses import replace
from typing import NamedTuple

import transformers
from datasets import Dataset
from trl import GRPOConfig, ModelConfig, get_peft_config

from data.chat import within
from data.decoding import eos_ids
from data.decontaminate import Decontaminator
from data.reference import load_reference, with_reference
from data.sources import Source, build_sources, num_rows
from data.token_budget import with_token_budgets
from data.tokenizer import Thinking, load_chat_tokenizer
from recipes import cli
from recipes.engine import Engine
from recipes.errors import UserError
from recipes.run import RunDir, check_checkout
from recipes.schema import GRPORecipe, load_recipe
from train.arithmetic import arithmetic
from train.config import model_config, trainer_config
from train.curriculum import Levels
from train.engine_check import check_engine
from train.launch import Launch
from train.methods.apply import Methods, build_methods, check_tokenizer
from train.mixture import load_rows
from train.model import load_model
from train.objective import Objective
from train.report import announce, describe
from train.reward_functions import (
    WeightedReward,
    build_rewards,
    check_monitoring,
    check_names,
    check_ready,
    require_columns,
)
from train.rollout import own_rollout
from train.rules import refuse
from train.samples import SampleReader
from train.session import session
from train.trainer import Extras, GRPOTrainer


class Plan(NamedTuple):
    """Everything that is known before a model or a data set is touched."""

    recipe: GRPORecipe
    run: RunDir
    model_args: ModelConfig
    sources: list[Source]
    decontaminator: Decontaminator
    rewards: list[WeightedReward]
    config: GRPOConfig
    methods: Methods
    launch: Launch


def plan(path: str, overrides: list[str], planned: Engine | None = None) -> Plan:
    """Raises UserError for whatever is wrong with the recipe, or with the way it is launched. planned: the processes of
    another machine (train/preflight.py); None: those of this launch."""
    recipe = load_recipe(path, GRPORecipe, overrides)
    run = RunDir.named(recipe.name)
    model_args = model_config(recipe, path)
    sources = build_sources(recipe.data, path)
    decontaminator = Decontaminator(recipe.decontaminate, f"{path}: decontaminate")
    rewards = build_rewards(recipe, path)
    check_names(recipe, rewards, path)
    check_monitoring(recipe, rewards, path)
    if recipe.reference is not None:
        load_reference(recipe.reference, path)
    config = trainer_config(GRPOConfig, recipe, run, path, planned)
    if planned is None:
        check_engine(config, model_args.use_peft, path)
    methods = build_methods(recipe, config, path)
    config.reward_weights = [reward.weight for reward in rewards]
    rows = _num_trained(recipe, num_rows(sources), path)
    launch = Launch.of(path, recipe, model_args, config, rows, planned, tuple(rewards))
    refuse(launch)
    return Plan(recipe, run, model_args, sources, decontaminator, rewards, config, methods, launch)


def _num_trained(recipe: GRPORecipe, rows: int, where: str) -> int:
    held_out = 0 if recipe.monitoring is None else recipe.monitoring.num_prompts
    if held_out >= rows:
        raise UserError(
            f"{where}: monitoring: num_prompts: found {held_out}; expected fewer than the data's {rows} prompts"
        )
    return rows - held_out


def split(dataset: Dataset, recipe: GRPORecipe) -> tuple[Dataset, Dataset | None]:
    """What is trained on, and the monitoring set."""
    if recipe.monitoring is None:
        return dataset, None
    parts = dataset.train_test_split(recipe.monitoring.num_prompts, seed=recipe.seed)
    return parts["train"], parts["test"]


def main(args: argparse.Namespace) -> None:
    check_checkout(__file__)
    known = plan(args.config, args.overrides)
    if args.dry_run:
        describe(known.launch, known.sources)
        return
    check_ready(known.rewards, args.config)
    announce(known.launch)
    with session(known.run, known.recipe, known.config) as found:
        if found:
            found.fit(build_trainer(known))


def build_trainer(known: Plan) -> GRPOTrainer:
    """Reads the data and loads the model."""
    recipe, config, methods = known.recipe, known.config, known.methods
    rewards, model_args, where = known.rewards, known.model_args, known.launch.where
    transformers.set_seed(recipe.seed)
    tokenizer = load_chat_tokenizer(
        str(model_args.model_name_or_path),
        f"{where}: model: model_name_or_path",
        recipe.chat_template_kwargs,
        model_args.model_revision,
    )
    check_tokenizer(methods, tokenizer, where)
    dataset = load_rows(recipe, known.sources, known.decontaminator, config, known.run)
    if "completion" in dataset.column_names:  # an SFT target, nothing to a policy that samples
        dataset = dataset.remove_columns("completion")
    if recipe.reference is not None:
        dataset = with_reference(dataset, recipe.reference, where)
    if recipe.token_budget is not None:
        dataset = with_token_budgets(dataset, recipe.token_budget, recipe.seed)
    if recipe.max_prompt_length is not None:
        dataset = within(dataset, tokenizer, recipe.max_prompt_length)
    require_columns(rewards, dataset.column_names, where)
    # Again, now that it is known how many prompts stayed.
    rows = _num_trained(recipe, len(dataset), where)
    refuse(replace(known.launch, sizes=arithmetic(config, rows, known.launch.engine)))
    dataset, monitoring_set = split(dataset, recipe)
    model = load_model(model_args, tokenizer, {}, where, known.launch.attention)
    ends = eos_ids(model, tokenizer)
    if config.use_vllm:
        # It reads the checkpoint's own generation_config.json, and no tokenizer's template.
        config.generation_kwargs = {"stop_token_ids": ends, **(config.generation_kwargs or {})}
    reader = SampleReader(Thinking.of(tokenizer), frozenset(ends), config.num_generations)
    objective = Objective(rewards, recipe.constrained, recipe.alarms)
    plan = recipe.curriculum
    levels = None if plan is None else Levels(plan, dataset, recipe.seed, where)
    return GRPOTrainer(
        model=model,
        args=config,
        extras=Extras(objective, reader, recipe.dynamic_sampling, recipe.stages, methods, levels),
        reward_funcs=[reward.bind(reader) for reward in rewards],
        train_dataset=dataset,
        eval_dataset=monitoring_set,
        processing_class=tokenizer,
        peft_config=get_peft_config(model_args),
        rollout_func=own_rollout(known.launch, methods),
    )


if __name__ == "__main__":
    cli.run(main, __doc__)
