"""The model that a GRPO recipe trains, for the server that generates its completions.

python scripts/slurm/model_of.py --config recipes/grpo/x.yaml [section.key=value ...]
"""

import argparse

from recipes import cli
from recipes.schema import GRPORecipe, load_recipe


def main(args: argparse.Namespace) -> None:
    print(load_recipe(args.config, GRPORecipe, args.overrides).model["model_name_or_path"])


if __name__ == "__main__":
    cli.run(main, __doc__ or "")
