"""Supervised fine-tuning: recipe -> data -> TRL's SFTTrainer.

    accelerate launch train/sft.py --config recipes/sft/x.yaml [--dry-run] [section.key=value ...]

The same command continues an interrupted run from its newest whole checkpoint.
"""

import argparse
from typing import NamedTuple

import transformers
import trl
from trl import ModelConfig, SFTConfig, get_peft_config

from data.chat import training_rows
from data.sources import Source, build_sources, load_mixture, num_rows, require_targets
from data.tokenizer import load_chat_tokenizer
from recipes import cli
from recipes.run import RunDir, check_checkout
from recipes.schema import SFTRecipe, load_recipe
from train.checkpoints import WholeCheckpoints
from train.config import model_config, trainer_config
from train.dry_run import Arithmetic, arithmetic, describe
from train.model import load_model
from train.muon import OptimizerFactory, muon_factory
from train.session import session


class SFTTrainer(WholeCheckpoints, trl.SFTTrainer):  # type: ignore[misc]
    """TRL's, with checkpoints that are whole or not there."""


class Plan(NamedTuple):
    """Everything that is known before a model or a data set is touched."""

    recipe: SFTRecipe
    run: RunDir
    model_args: ModelConfig
    sources: list[Source]
    config: SFTConfig
    optimizer: OptimizerFactory | None  # None: the one of `config`
    sizes: Arithmetic


def plan(path: str, overrides: list[str]) -> Plan:
    """Raises UserError for whatever is wrong with the recipe."""
    recipe = load_recipe(path, SFTRecipe, overrides)
    run = RunDir.named(recipe.name)
    model_args = model_config(recipe, path)
    sources = build_sources(recipe.data, path)
    require_targets(sources, path)
    config = trainer_config(SFTConfig, recipe, run, path)
    optimizer = muon_factory(recipe.muon, config, path)
    sizes = arithmetic(config, num_rows(sources), path)
    return Plan(recipe, run, model_args, sources, config, optimizer, sizes)


def main(args: argparse.Namespace) -> None:
    check_checkout(__file__)
    launch = plan(args.config, args.overrides)
    recipe, run, config = launch.recipe, launch.run, launch.config
    if args.dry_run:
        describe(recipe, config, launch.sources, launch.sizes)
        return
    with session(run, recipe, config) as found:
        if found:
            found.fit(build_trainer(launch, args.config))


def build_trainer(launch: Plan, where: str) -> SFTTrainer:
    """Reads the data and loads the model. where: the recipe's path."""
    recipe, model_args = launch.recipe, launch.model_args
    transformers.set_seed(recipe.seed)
    tokenizer = load_chat_tokenizer(
        str(model_args.model_name_or_path),
        f"{where}: model: model_name_or_path",
        recipe.chat_template_kwargs,
        model_args.model_revision,
    )
    dataset = load_mixture(launch.sources, recipe.seed, recipe.system_prompt)
    dataset = training_rows(dataset, tokenizer, launch.config.dataset_num_proc)
    return SFTTrainer(
        model=load_model(model_args, tokenizer, recipe.config_overrides, where),
        args=launch.config,
        train_dataset=dataset,
        processing_class=tokenizer,
        peft_config=get_peft_config(model_args),
        optimizer_cls_and_kwargs=launch.optimizer,
    )


if __name__ == "__main__":
    cli.run(main, __doc__)
