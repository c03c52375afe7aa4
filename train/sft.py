"""Supervised fine-tuning: recipe -> data -> TRL's SFTTrainer.

    accelerate launch train/sft.py --config recipes/sft/x.yaml [--dry-run] [section.key=value ...]

The same command continues an interrupted run from its newest whole checkpoint.
"""

import argparse
from typing import NamedTuple

import transformers
from trl import ModelConfig, SFTConfig, SFTTrainer, get_peft_config

from data.sources import Source, build_sources, load_mixture, num_rows, require_targets
from data.tokenizer import load_tokenizer
from recipes import cli
from recipes.run import RunDir, check_checkout
from recipes.schema import SFTRecipe, load_recipe
from train.config import log_offline, model_config, trainer_config
from train.dry_run import Arithmetic, arithmetic, describe
from train.model import load_model
from train.muon import OptimizerFactory, muon_factory


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
    recipe, run, model_args, sources, config, optimizer, sizes = plan(args.config, args.overrides)
    if args.dry_run:
        describe(recipe, config, sources, sizes)
        return

    lock = run.lock() if config.process_index == 0 else None  # until this process ends
    with config.main_process_first(desc="run directory"):
        run.create(recipe)
        resume = run.resume_from()
    if resume.finished:
        print(f"{run.path}: finished at step {resume.step}, nothing to do")
        return
    log_offline(run)
    transformers.set_seed(recipe.seed)
    tokenizer = load_tokenizer(
        str(model_args.model_name_or_path),
        f"{args.config}: model: model_name_or_path",
        model_args.model_revision,
    )
    dataset = load_mixture(sources, recipe.seed)
    trainer = SFTTrainer(
        model=load_model(model_args),
        args=config,
        train_dataset=dataset,
        processing_class=tokenizer,
        peft_config=get_peft_config(model_args),
        optimizer_cls_and_kwargs=optimizer,
    )
    trainer.train(resume_from_checkpoint=resume.path)
    if lock:
        lock.release()


if __name__ == "__main__":
    cli.run(main, __doc__)
