"""Stages that build on each other, one after another: a policy, pairs from it, a reward model from them, RL with that.

    python scripts/chain.py --config recipes/chain/x.yaml [--dry-run] [section.key=value ...]

All recipes are read before the first stage starts. Interrupt it (Ctrl-C, kill -9, power) and start it again: what is
finished is skipped, and the stage that was interrupted goes on where it stopped.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from recipes import cli
from recipes.chain import ChainRecipe, Link
from recipes.errors import UserError
from recipes.processes import die_with_parent
from recipes.run import check_checkout
from recipes.schema import (
    GRPORecipe,
    Recipe,
    SFTRecipe,
    StudyRecipe,
    SweepRecipe,
    TracesRecipe,
    load_recipe,
)
from recipes.ssrl import PairsRecipe, RewardModelRecipe

ROOT = Path(__file__).resolve().parents[1]


class Kind(NamedTuple):
    """The recipe's class, and what runs it."""

    recipe: type[Recipe]
    program: tuple[str, ...]


KINDS = {
    "sft": Kind(SFTRecipe, ("train/sft.py",)),
    "traces": Kind(TracesRecipe, ("scripts/traces.py",)),
    "pairs": Kind(PairsRecipe, ("scripts/pairs.py",)),
    "reward_model": Kind(RewardModelRecipe, ("train/reward_model.py",)),
    "grpo": Kind(GRPORecipe, ("train/grpo.py",)),
    "study": Kind(StudyRecipe, ("scripts/study.py",)),
    "sweep": Kind(SweepRecipe, ("-m", "eval.sweep")),
}


def kind_of(link: Link, where: str) -> Kind:
    """Raises UserError for a recipe in a folder that says nothing."""
    folder = Path(link.recipe).parent.name
    if folder not in KINDS:
        known = ", ".join(f"recipes/{name}/" for name in KINDS)
        raise UserError(f"{where}: found {link.recipe!r}; expected a recipe in one of {known}")
    return KINDS[folder]


def name_of(link: Link, where: str = "stages") -> str:
    """Of its run."""
    return load_recipe(link.recipe, kind_of(link, where).recipe, list(link.overrides)).name


def command(link: Link, kind: Kind) -> list[str]:
    found = [*(link.launch or (sys.executable,)), *kind.program, "--config", link.recipe]
    return [*found, *link.overrides]


def main(args: argparse.Namespace) -> None:
    check_checkout(__file__)
    recipe = load_recipe(args.config, ChainRecipe, args.overrides)
    commands = []
    for number, link in enumerate(recipe.links):
        where = f"{args.config}: stages.{number}"
        name_of(link, where)  # mistakes in it are told before anything starts
        commands.append(command(link, kind_of(link, where)))
    console = Console(stderr=True, highlight=False)
    for number, one in enumerate(commands, start=1):
        console.print(f"stage {number} of {len(commands)}: {' '.join(one)}", style="bold")
        if args.dry_run:
            continue
        done = subprocess.run(one, cwd=ROOT, check=False, preexec_fn=die_with_parent)
        if done.returncode == -2:
            raise KeyboardInterrupt
        if done.returncode:
            raise UserError(
                f"stage {number} ({recipe.links[number - 1].recipe}) ended with exit code {done.returncode}; its own "
                "message is above, and the same command goes on from there"
            )


if __name__ == "__main__":
    cli.run(main, __doc__)
