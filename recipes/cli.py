"""The command line that train/sft.py, train/grpo.py and eval/sweep.py share: --config, --dry-run,
key=value overrides."""

import argparse
import sys
from collections.abc import Callable

from recipes.errors import UserError


def described(doc: str | None, prog: str | None = None) -> argparse.ArgumentParser:
    """A parser whose help is a module's docstring, as it stands. prog: None for the file's name"""
    return argparse.ArgumentParser(
        prog, description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def parser(description: str) -> argparse.ArgumentParser:
    found = described(description)
    found.add_argument(
        "--config", required=True, metavar="RECIPE.yaml", help="a recipe, see recipes/"
    )
    found.add_argument(
        "--dry-run",
        action="store_true",
        help="print the resolved recipe and what it needs, and stop",
    )
    found.add_argument(
        "overrides", nargs="*", metavar="section.key=value", help="e.g. trainer.learning_rate=1e-5"
    )
    return found


def parse(description: str) -> argparse.Namespace:
    return parser(description).parse_intermixed_args()


def guard(program: Callable[[], None]) -> None:
    """Run `program`; what the user wrote wrongly ends in one line per problem and exit code 2, not in
    a traceback."""
    try:
        program()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("interrupted; the same command continues where this one stopped", file=sys.stderr)
        sys.exit(130)


def run(main: Callable[[argparse.Namespace], None], description: str) -> None:
    """Parse the command line and run `main` on it, guarded."""
    args = parse(description)
    guard(lambda: main(args))
