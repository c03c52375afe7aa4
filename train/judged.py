"""How good a reward model's probabilities are, on pairs that it was not trained on.

    python -m train.judged --config recipes/reward_model/x.yaml --on PAIRS [section.key=value ...]

train/reward_model.py does this with its own held-out pairs when it is done. This command does it with pairs of a later
policy: the labels come from a policy, and as that changes a frozen model may no longer be right about it. PAIRS: a run of
scripts/pairs.py, or a file; of its seeds those that the reward model was not trained on measure. Writes measures.json and
calibration.png into runs/<name>/on/<PAIRS>/.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from data.adherence import check
from data.families import place
from data.pairs import Pair, read_pairs
from recipes import cli
from recipes.errors import UserError
from recipes.run import RunDir, write_atomically
from recipes.schema import load_recipe, to_yaml
from recipes.ssrl import RewardModelRecipe
from train.calibration import Quality, draw, quality
from train.soft_scorers.classifier import Classifier

MODEL, MEASURES, PICTURE = "model", "measures.json", "calibration.png"
SALT = "reward model"  # its split of the seeds has nothing to do with `seeds_between` of a source


class HeldOut(NamedTuple):
    """Pairs of seeds that are not trained on. seeds: of kinds that are, kinds: of kinds that are not either"""

    seeds: list[Pair]
    kinds: list[Pair]


def of_held_out_seed(pair: Pair, recipe: RewardModelRecipe) -> bool:
    return place(pair.seed_id, SALT) < recipe.held_out_share


def held_out(pairs: list[Pair], recipe: RewardModelRecipe) -> HeldOut:
    found = HeldOut([], [])
    for pair in pairs:
        if of_held_out_seed(pair, recipe) and not pair.blank:
            (found.kinds if pair.kind in recipe.held_out_kinds else found.seeds).append(pair)
    return found


def evaluations(parts: HeldOut) -> dict[str, list[tuple[Pair, int]]]:
    """Name -> pairs with what is right. Labels say what was asked, truth what was done."""
    found: dict[str, list[tuple[Pair, int]]] = {
        "held-out seeds, labels": [(pair, pair.label) for pair in parts.seeds],
        "held-out kinds, labels": [(pair, pair.label) for pair in parts.kinds],
    }
    for sort in ("hard", "hidden"):
        for name, part in (("seeds", parts.seeds), ("kinds", parts.kinds)):
            found[f"held-out {name}, {sort}, truth"] = [
                (pair, int(pair.truth))
                for pair in part
                if pair.sort == sort and pair.truth is not None
            ]
    return {name: rows for name, rows in found.items() if rows}


def judged(folder: Path, recipe: RewardModelRecipe, parts: HeldOut, out: Path) -> None:
    """Measure the saved model on these pairs, against the labels and against what checkers know; print and write it."""
    sets = evaluations(parts)
    pairs = list(dict.fromkeys(pair for found in sets.values() for pair, _ in found))
    batch = recipe.trainer.get("per_device_eval_batch_size", 8)
    scorer = Classifier(str(folder), batch, recipe.max_length)  # as the reward will ask it
    scores = scorer.score([(pair.constraint, pair.response) for pair in pairs])
    said = dict(zip(pairs, scores, strict=True))
    drawn = {
        name: ([label for _, label in found], [said[pair] for pair, _ in found])
        for name, found in sets.items()
    }
    draw(drawn, out / PICTURE)
    measures = {
        name: quality(*drawn[name], [pair.seed_id for pair, _ in found])
        for name, found in sets.items()
    }
    facts = {name: asdict(one) for name, one in measures.items()}
    write_atomically(out / MEASURES, json.dumps(facts, indent=1) + "\n")
    console = Console(width=160)
    console.print(table(measures))
    console.print(f"wrote {out}/{MEASURES}, {PICTURE}", highlight=False)


def table(measures: dict[str, Quality]) -> Table:
    found = Table(title="P(followed), 95 % intervals over seeds")
    for name in ("measured on", "pairs", "positive", "accuracy", "AUROC", "ECE", "Brier"):
        found.add_column(name, justify="left" if name == "measured on" else "right")
    for name, one in measures.items():
        scores = [
            f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"
            for score in (one.accuracy, one.auroc, one.ece, one.brier)
        ]
        found.add_row(name, f"{one.num:,}", f"{one.positive:.2f}", *scores)
    return found


def main(args: argparse.Namespace) -> None:
    recipe = load_recipe(args.config, RewardModelRecipe, args.overrides)
    folder = RunDir.named(recipe.name).path
    check(str(folder / MODEL), f"{args.config}: name")
    parts = held_out(read_pairs([args.on], "--on"), recipe)
    if not any(parts):
        raise UserError(f"--on: found {args.on!r} without pairs of held-out seeds; expected some")
    if args.dry_run:
        told = (
            f"{len(parts.seeds):,} pairs of held-out seeds, {len(parts.kinds):,} of held-out kinds"
        )
        print(f"{to_yaml(recipe)}\n{told}")
        return
    out = folder / "on" / Path(args.on).name.removesuffix(".jsonl")  # names of runs have dots
    out.mkdir(parents=True, exist_ok=True)
    judged(folder / MODEL, recipe, parts, out)


def arguments() -> argparse.ArgumentParser:
    parser = cli.parser(__doc__ or "")
    parser.add_argument("--on", required=True, metavar="PAIRS", help="a run of scripts/pairs.py")
    return parser


if __name__ == "__main__":
    parsed = arguments().parse_intermixed_args()
    cli.guard(lambda: main(parsed))
