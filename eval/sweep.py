"""The sweep: every checkpoint on every benchmark, with every mitigation, then scores, tables and trade-off curve.

    python -m eval.sweep --config recipes/sweep/x.yaml [--dry-run] [section.key=value ...]
        --watch                      also what training still writes, until every run is finished (or Ctrl-C)
        --submit local|slurm --workers N   in N jobs through submitit, with the recipe's `slurm:`

Records go to runs/<name>/records/<run>/<step>/<benchmark>.jsonl, those with a mitigation to a
folder of its own there. Interrupt it anywhere and start it
again: what is on disk is neither lost nor done twice; a new checkpoint or benchmark is scored
alone. TETHER_PART=0/4 scores the first of four parts of it and draws nothing, for machines that
share the work (scripts/slurm/sweep_array.sbatch).
"""

import argparse
from typing import Literal

from eval.ahead import import_ahead
from recipes import cli
from recipes.run import check_checkout
from recipes.schema import SweepRecipe, load_recipe


def main(
    args: argparse.Namespace,
    watch: bool = False,
    submit: Literal["local", "slurm"] | None = None,
    workers: int | None = None,
) -> None:
    """workers: None for the recipe's `num_workers`"""
    check_checkout(__file__)
    recipe = load_recipe(args.config, SweepRecipe, args.overrides)
    if not (args.dry_run or submit) and (workers or recipe.num_workers or 1) > 1:
        import_ahead()
    # Five seconds of imports: a mistyped recipe is answered before, and workers have theirs meanwhile.
    from eval.sweep_program import sweep

    sweep(recipe, args.config, args.dry_run, watch, submit, workers)


def parse() -> argparse.Namespace:
    parser = cli.parser(__doc__ or "")
    parser.add_argument(
        "--watch", action="store_true", help="score checkpoints while training writes them"
    )
    parser.add_argument("--submit", choices=("local", "slurm"), help="workers as jobs of submitit")
    parser.add_argument("--workers", type=int, metavar="N", help="instead of the recipe's num_workers")  # fmt: skip
    args = parser.parse_intermixed_args()
    if args.workers is not None and args.workers < 1:
        parser.error(f"--workers: found {args.workers}; expected at least 1")
    return args


if __name__ == "__main__":
    given = parse()
    cli.guard(lambda: main(given, given.watch, given.submit, given.workers))
