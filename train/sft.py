"""Supervised fine-tuning: recipe -> data -> TRL's SFTTrainer.

    accelerate launch train/sft.py --config recipes/sft/x.yaml [--dry-run] [section.key=value ...]

The same command continues an interrupted run from its newest whole checkpoint.
"""

import argparse
from typing import NamedTuple

import transformers
import trl
from trl import ModelConfig, SFTConfig, get_peft_config

from data.chat import cut_rows, training_rows
from data.decontaminate import Decontaminator
from data.sources import Source, build_sources, num_rows, require_targets
from data.tokenizer import load_chat_tokenizer
from recipes import cli
from recipes.engine import Engine
from recipes.run import RunDir, check_checkout
from recipes.schema import SFTRecipe, load_recipe
from train.checkpoints import WholeCheckpoints
from train.config import model_config, trainer_config
from train.engine_check import check_engine
from train.launch import Launch
from train.mixture import load_rows
from train.model import load_model
from train.muon import OptimizerFactory, muon_factory
from train.report import announce, describe
from train.rules import refuse
from train.session import session


class SFTTrainer(WholeCheckpoints, trl.SFTTrainer):  # type: ignore[misc]
    """TRL's, with checkpoints that are whole or not there."""


class Plan(NamedTuple):
    """Everything that is known before a model or a data set is touched."""

    recipe: SFTRecipe
    run: RunDir
    model_args: ModelConfig
    sources: list[Source]
    decontaminator: Decontaminator
    config: SFTConfig
    optimizer: OptimizerFactory | None  # None: the one of `config`
    launch: Launch


def plan(path: str, overrides: list[str], planned: Engine | None = None) -> Plan:
    """Raises UserError for whatever is wrong with the recipe, or with the way it is launched. planned: the processes of
    another machine (train/preflight.py); None: those of this launch."""
    recipe = load_recipe(path, SFTRecipe, overrides)
    run = RunDir.named(recipe.name)
    model_args = model_config(recipe, path)
    sources = build_sources(recipe.data, path)
    require_targets(sources, path)
    decontaminator = Decontaminator(recipe.decontaminate, f"{path}: decontaminate")
    config = trainer_config(SFTConfig, recipe, run, path, planned)
    if planned is None:
        check_engine(config, model_args.use_peft, path)
    launch = Launch.of(path, recipe, model_args, config, num_rows(sources), planned)
    refuse(launch)
    padded = config.per_device_train_batch_size > 1 and not config.packing
    if launch.flash and padded and "padding_free" not in recipe.trainer:
        config.padding_free = True  # the same rows and losses, without their padding
    optimizer = muon_factory(recipe.muon, config)
    return Plan(recipe, run, model_args, sources, decontaminator, config, optimizer, launch)


def main(args: argparse.Namespace) -> None:
    check_checkout(__file__)
    known = plan(args.config, args.overrides)
    if args.dry_run:
        describe(known.launch, known.sources)
        return
    announce(known.launch)
    with session(known.run, known.recipe, known.config) as found:
        if found:
            found.fit(build_trainer(known))


def build_trainer(known: Plan) -> SFTTrainer:
    """Reads the data and loads the model."""
    recipe, model_args, where = known.recipe, known.model_args, known.launch.where
    transformers.set_seed(recipe.seed)
    tokenizer = load_chat_tokenizer(
        str(model_args.model_name_or_path),
        f"{where}: model: model_name_or_path",
        recipe.chat_template_kwargs,
        model_args.model_revision,
    )
    dataset = load_rows(recipe, known.sources, known.decontaminator, known.config, known.run)
    config, changes = known.config, recipe.config_overrides
    dataset = training_rows(dataset, tokenizer, config.dataset_num_proc)
    if not config.packing:
        # TRL cuts rows too, but refuses to with `padding_free`.
        completions_only = config.completion_only_loss is not False
        dataset = cut_rows(dataset, config.max_length, config.truncation_mode, completions_only)
        config.max_length = None
    return SFTTrainer(
        model=load_model(model_args, tokenizer, changes, where, known.launch.attention),
        args=config,
        train_dataset=dataset,
        processing_class=tokenizer,
        peft_config=get_peft_config(model_args),
        optimizer_cls_and_kwargs=known.optimizer,
    )


if __name__ == "__main__":
    cli.run(main, __doc__)
