"""A constraint-wise reward model: does this response follow this constraint? From pairs of scripts/pairs.py ("Beyond the
Trade-off", https://arxiv.org/abs/2508.02150, section 3.3; docs/ssrl.md).

    accelerate launch train/reward_model.py --config recipes/reward_model/x.yaml [--dry-run] [section.key=value ...]

A sequence classifier with two labels. Writes runs/<name>/model/, for `soft: {name: classifier, ...}` of the `constraints`
reward, and how good it is on seeds and kinds that it was not trained on, against the labels and, where a checker knows it,
against the truth: measures.json and calibration.png. The same command continues an interrupted run.
"""

import argparse
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
import transformers
from datasets import Dataset
from peft import PeftModel, get_peft_model
from transformers import DataCollatorWithPadding, TrainingArguments
from trl import ModelConfig, get_peft_config

from data.adherence import encode, load
from data.pairs import Pair, read_pairs, to_learn
from data.tokenizer import load_tokenizer
from recipes import cli
from recipes.errors import UserError
from recipes.run import RunDir, check_checkout
from recipes.schema import load_recipe, to_yaml
from recipes.ssrl import RewardModelRecipe
from recipes.typed import build, one_of
from train.checkpoints import WholeCheckpoints
from train.config import DTYPES, cpu_has_bf16
from train.judged import MODEL, HeldOut, held_out, judged, of_held_out_seed
from train.session import session

MANAGED = ("output_dir", "seed", "run_name", "resume_from_checkpoint")


class Trainer(WholeCheckpoints, transformers.Trainer):  # type: ignore[misc]
    """transformers', with checkpoints that are whole or not there."""


class Split(NamedTuple):
    """held_out: what measures, which is not filtered: where labels are wrong is what truth is there for; dropped: from what
    is trained on"""

    train: list[Pair]
    held_out: HeldOut
    dropped: Counter[str]


@dataclass(frozen=True)
class Plan:
    recipe: RewardModelRecipe
    run: RunDir
    model_args: ModelConfig
    config: TrainingArguments
    split: Split
    where: str


def split(pairs: list[Pair], recipe: RewardModelRecipe, where: str) -> Split:
    """Raises UserError where there is nothing to learn from, or nothing to measure on."""
    known = {pair.kind for pair in pairs}
    for kind in recipe.held_out_kinds:
        if kind not in known:
            raise UserError(
                f"{where}: held_out_kinds: found {kind!r}; expected some of {', '.join(sorted(known))}"
            )
    train = [
        pair
        for pair in pairs
        if not of_held_out_seed(pair, recipe)
        and pair.kind not in recipe.held_out_kinds
        and (recipe.learn_from == "all" or pair.sort != "hard")
    ]
    kept, dropped = to_learn(train, recipe.drop_contradicted, recipe.drop_identical)
    found = Split(kept, held_out(pairs, recipe), dropped)
    for name, part in (("to train on", kept), ("of held-out seeds", found.held_out.seeds)):
        labels = sorted({pair.label for pair in part})
        if labels != [0, 1]:
            raise UserError(
                f"{where}: pairs: found {len(part)} {name} with labels {labels}; expected some of both (more pairs, or "
                "another held_out_share)"
            )
    return found


def plan(path: str, overrides: list[str]) -> Plan:
    """All that is known before a model is touched. Raises UserError."""
    recipe = load_recipe(path, RewardModelRecipe, overrides)
    run = RunDir.named(recipe.name)
    model_args = build(ModelConfig, recipe.model, f"{path}: model")
    if not model_args.model_name_or_path:
        raise UserError(
            f"{path}: model: missing key 'model_name_or_path'; expected a folder or a Hub name"
        )
    one_of("dtype", model_args.dtype, DTYPES, f"{path}: model")
    model_args.lora_task_type = "SEQ_CLS"
    config = arguments(recipe, run, path)
    pairs = read_pairs(recipe.pairs, path)
    return Plan(recipe, run, model_args, config, split(pairs, recipe, path), path)


def arguments(recipe: RewardModelRecipe, run: RunDir, where: str) -> TrainingArguments:
    """Raises UserError."""
    for key in MANAGED:
        if key in recipe.trainer:
            raise UserError(f"{where}: trainer: {key} is set by Tether; remove it")
    given, on_cpu = dict(recipe.trainer), not torch.cuda.is_available()
    if on_cpu:  # as in train/config.py
        given["bf16"] = bool(given.get("bf16", False)) and cpu_has_bf16()
        given["fp16"] = False
    ours = {"output_dir": str(run.path), "run_name": recipe.name, "seed": recipe.seed}
    defaults = {"use_cpu": on_cpu, "report_to": "wandb"}
    config = build(TrainingArguments, defaults | given | ours, f"{where}: trainer")
    if config.save_strategy == "no":
        raise UserError(
            f"{where}: trainer: save_strategy: found no; expected steps or epoch: the last one is the model"
        )
    return config


def rows_of(pairs: list[Pair], tokenizer: Any, recipe: RewardModelRecipe, where: str) -> Dataset:
    try:
        ids = [encode(tokenizer, one.constraint, one.response, recipe.max_length) for one in pairs]
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
    return Dataset.from_dict({"input_ids": ids, "labels": [pair.label for pair in pairs]})


def build_trainer(known: Plan) -> Trainer:
    transformers.set_seed(known.recipe.seed)  # the head is drawn
    args = known.model_args
    judge = load(
        str(args.model_name_or_path), f"{known.where}: model: model_name_or_path", num_labels=2, train=True,
        dtype=args.dtype if args.dtype in ("auto", None) else getattr(torch, str(args.dtype)),
        revision=args.model_revision, attn_implementation=args.attn_implementation,
    )  # fmt: skip
    peft_config = get_peft_config(args)
    return Trainer(
        judge.model if peft_config is None else get_peft_model(judge.model, peft_config),
        known.config,
        DataCollatorWithPadding(judge.tokenizer),
        rows_of(known.split.train, judge.tokenizer, known.recipe, known.where),
        processing_class=judge.tokenizer,
    )


def save(known: Plan) -> None:
    """The model of the last checkpoint alone, an adapter merged into it; whole or not there."""
    last = known.run.newest()
    assert last is not None and last.path is not None
    adapter = (Path(last.path) / "adapter_config.json").is_file()
    own = str(known.model_args.model_name_or_path) if adapter else last.path
    model, tokenizer = load(own, known.where, num_labels=2)
    if adapter:
        model = PeftModel.from_pretrained(model, last.path).merge_and_unload()
    staged = known.run.path / f".{MODEL}.tmp"
    shutil.rmtree(staged, ignore_errors=True)
    model.save_pretrained(staged)
    tokenizer.save_pretrained(staged)
    staged.replace(known.run.path / MODEL)


def main(args: argparse.Namespace) -> None:
    check_checkout(__file__)
    known = plan(args.config, args.overrides)
    parts = known.split
    load_tokenizer(str(known.model_args.model_name_or_path), f"{args.config}: model")
    told = (
        f"{len(parts.train):,} pairs to train on, {len(parts.held_out.seeds):,} of held-out seeds, "
        f"{len(parts.held_out.kinds):,} of held-out kinds"
    )
    for reason, count in sorted(parts.dropped.items()):
        told += f"\nnot trained on: {count:,}, {reason}"
    if args.dry_run:
        print(f"{to_yaml(known.recipe)}\n{told}")
        return
    if known.config.process_index == 0:
        print(told)
    with session(known.run, known.recipe, known.config) as found:
        if found:
            found.fit(build_trainer(known))
            if found.pause.paused:
                return
        if known.config.process_index == 0:
            folder = known.run.path / MODEL
            if not folder.is_dir():
                save(known)
            judged(folder, known.recipe, parts.held_out, known.run.path)


if __name__ == "__main__":
    cli.run(main, __doc__)
