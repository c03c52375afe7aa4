"""Classifiers that say whether reasoning helps a prompt, one for each checkpoint of a sweep, from the sweep's own records.

    python train/classifier.py --config recipes/classifier/x.yaml [--dry-run] [section.key=value ...]

Writes runs/<name>/<run>/<step>/: classifier.json (who trained, counts, measures) and model/, which the mitigation
`classifier_selective` reads. Both a model and TF-IDF are measured in Monte-Carlo cross-validation and across distributions;
the model of the first split is kept.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from transformers import TrainingArguments

from data.reason_classifier import INFO, MODEL
from data.sweep_records import Compared, checkpoints, compared
from recipes import cli
from recipes.errors import UserError
from recipes.reason import ClassifierRecipe
from recipes.registry import did_you_mean
from recipes.run import RunDir, check_checkout, write_atomically
from recipes.schema import load_recipe
from recipes.typed import build
from train.reason.fits import fit_model, fit_words
from train.reason.labels import Split, counts, crossed, fits, halves, labelled
from train.reason.measures import Measured, estimate, measured

BY_MODEL, BY_WORDS = "model", "tfidf"
MANAGED = ("output_dir", "seed", "report_to", "save_strategy")
AVERAGED = (
    "accuracy", "majority_rate", "precision", "recall", "met_chosen", "met_cot", "met_direct", "met_oracle"
)  # fmt: skip


def main(args: argparse.Namespace) -> None:
    check_checkout(__file__)
    recipe = load_recipe(args.config, ClassifierRecipe, args.overrides)
    run = RunDir.named(recipe.name)
    config = _config(recipe, run.path, recipe.seed, args.config)
    rows = {one: _rows(recipe, one, args.config) for one in _targets(recipe, args.config)}
    for target, found in rows.items():
        print(f"{target}: {len(found)} prompts; {counts(found)}")
        for number in range(recipe.num_splits):
            split = halves(found, recipe.train_share, recipe.seed + number)
            _require_both(split, recipe, f"{args.config}: {target}: split {number}")
        for name, cross in recipe.cross.items():
            _require_both(crossed(found, cross), recipe, f"{args.config}: {target}: cross.{name}")
    if args.dry_run:
        return
    run.create(recipe)
    console = Console(width=None if sys.stdout.isatty() else 120)
    for target, found in rows.items():
        facts = _classifier(recipe, found, config, run.path / target)
        write_atomically(run.path / target / INFO, json.dumps(facts, indent=1) + "\n")
        console.print(_table(target, facts))
    console.print(f"wrote {run.path}/<run>/<step>/{INFO} and {MODEL}/", highlight=False)


def _config(
    recipe: ClassifierRecipe, out: Path, seed: int, where: str = "trainer"
) -> TrainingArguments:
    for key in set(MANAGED) & set(recipe.trainer):
        raise UserError(f"{where}: trainer: {key}: decided by the run; expected no such key")
    ours = {"output_dir": str(out), "seed": seed, "report_to": "none", "save_strategy": "no",
            "use_cpu": not torch.cuda.is_available(), "disable_tqdm": True}  # fmt: skip
    return build(TrainingArguments, ours | recipe.trainer, f"{where}: trainer")


def _targets(recipe: ClassifierRecipe, where: str) -> list[str]:
    known = checkpoints(recipe.sweep)
    for one in recipe.checkpoints:
        if one not in known:
            raise UserError(f"{where}: checkpoints: unknown {one!r}.{did_you_mean(one, known)}")
    return list(recipe.checkpoints) or known


def _rows(recipe: ClassifierRecipe, target: str, where: str) -> list[Compared]:
    found = [row for row in compared(recipe.sweep, target) if fits(row, recipe.part)]
    if not found:
        raise UserError(f"{where}: part: found no prompt of {target} in it; expected some")
    return found


def _require_both(split: Split, recipe: ClassifierRecipe, where: str) -> None:
    """Raises UserError where there is nothing to learn from, or nothing to measure on."""
    labels = {label for _, label in labelled(split.train, recipe.ties)}
    if len(labels) < 2 or not split.test:
        raise UserError(
            f"{where}: found {counts(split.train)} to train on and {len(split.test)} prompts to measure on; expected "
            "prompts that reasoning helps and others: more prompts, or a checkpoint whose two replies differ"
        )


def _classifier(
    recipe: ClassifierRecipe, rows: list[Compared], config: TrainingArguments, out: Path
) -> dict[str, Any]:
    """Fits all splits, saves the first one's model; returns what there is to know about them."""
    first = halves(rows, recipe.train_share, recipe.seed)
    splits = {
        f"split {number}": halves(rows, recipe.train_share, recipe.seed + number)
        for number in range(recipe.num_splits)
    }
    crosses = {f"cross {name}": crossed(rows, cross) for name, cross in recipe.cross.items()}
    found: dict[str, dict[str, Measured]] = {}
    for number, (name, split) in enumerate((splits | crosses).items()):
        own = _config(recipe, out, recipe.seed + number)
        found[name] = _fitted(split, recipe, own, out / MODEL if number == 0 else None)
    return {
        "sweep": recipe.sweep,
        "train_problems": sorted({row.problem for row in first.train}),
        "max_length": recipe.max_length,
        "outcomes": counts(rows),
        "outcomes_trained_on": counts(first.train),
        "ties": recipe.ties,
        "measured": {
            name: {kind: one._asdict() for kind, one in kinds.items()} for name, kinds in found.items()
        },
        "cross_validation": {
            kind: _averages([found[name][kind] for name in splits]) for kind in (BY_MODEL, BY_WORDS)
        },
    }  # fmt: skip


def _fitted(
    split: Split, recipe: ClassifierRecipe, config: TrainingArguments, save_to: Path | None
) -> dict[str, Measured]:
    pairs = labelled(split.train, recipe.ties)
    prompts, labels = [row.prompt for row, _ in pairs], [label for _, label in pairs]
    fitted = {
        BY_MODEL: fit_model(prompts, labels, recipe, config, save_to),
        BY_WORDS: fit_words(prompts, labels, recipe),
    }
    asked = [row.prompt for row in split.test]
    return {kind: measured(split.test, of(asked), labels) for kind, of in fitted.items()}


def _averages(splits: Sequence[Measured]) -> dict[str, Any]:
    """Of each measure over the splits; those that fewer than two of them know are left out."""
    found = {}
    for name in AVERAGED:
        known = [one for one in splits if getattr(one, name) is not None]
        if len(known) > 1:
            train = sum(one.num_train for one in known) / len(known)
            test = sum(one.num_test for one in known) / len(known)
            values = [float(getattr(one, name)) for one in known]
            found[name] = estimate(values, train, test)._asdict()
    return found


def _table(target: str, facts: dict[str, Any]) -> Table:
    splits = len([name for name in facts["measured"] if name.startswith("split")])
    table = Table(title=f"{target}: {facts['outcomes']}; mean of {splits} splits, 95 % intervals")
    table.add_column("classifier")
    for name in AVERAGED:
        table.add_column(name.replace("met_", "met, "), justify="right")
    for kind, averages in facts["cross_validation"].items():
        table.add_row(kind, *(_cell(averages.get(name)) for name in AVERAGED))
    for name, kinds in facts["measured"].items():
        if name.startswith("cross"):
            for kind, one in kinds.items():
                cells = ["-" if one[key] is None else f"{one[key]:.2f}" for key in AVERAGED]
                table.add_row(f"{kind}, {name}", *cells)
    return table


def _cell(found: dict[str, float] | None) -> str:
    return (
        "-" if found is None else f"{found['mean']:.2f} [{found['low']:.2f}, {found['high']:.2f}]"
    )


if __name__ == "__main__":
    cli.run(main, __doc__ or "")
