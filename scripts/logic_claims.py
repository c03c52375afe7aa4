"""Does thinking help with procedures, at two sizes, and what does learning them do to ordinary constraints?

    python scripts/logic_claims.py --config recipes/study/tiny_logic.yaml

The study has to be done. Which figures, and what they decide, were chosen before looking: docs/log.md. Prints them, writes
logic_claims.csv (and .parquet) into the study's folder.
"""

import argparse
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.table import Table

from data.logic.difficulty import LEVELS
from eval.chosen import choose
from eval.contrasts import Estimate, Question, Rows, answered, apart, less, rows
from eval.measured import Measured
from recipes import cli
from recipes.run import RunDir
from recipes.schema import StudyRecipe, load_recipe

LARGE, CONTROL, SMALL = (
    "4 layers, procedures + constraints", "4 layers, constraints", "2 layers, procedures + constraints",
)  # fmt: skip
LOGIC, ORDINARY = "logicif", "tiny"  # benchmarks


class Study:
    """Records of its last checkpoints, seeds pooled."""

    def __init__(self, name: str) -> None:
        self.name = name

    def measured(self, label: str, benchmark: str, direct: bool = False) -> Measured:
        return choose(f"{self.name}:{label}" + "/direct" * direct).measured(benchmark)

    def level(self, label: str, level: str, direct: bool = False) -> Rows:
        """Both, in points, of the functions of a level."""
        of = self.measured(label, LOGIC, direct)
        return rows(of, "hacc", of.slices["difficulty"] == LEVELS.index(level) + 1)  # type: ignore[arg-type]

    def helped(self, label: str) -> Rows:
        """Easy functions: with reasoning less without."""
        return less(self.level(label, "easy"), self.level(label, "easy", direct=True))


def large_helped(study: Study) -> Estimate:
    return apart(study.measured(LARGE, LOGIC).strata, study.helped(LARGE))


def small_helped_less(study: Study) -> Estimate:
    return apart(study.measured(LARGE, LOGIC).strata, study.helped(LARGE), study.helped(SMALL))


def harder_is_harder(study: Study) -> Estimate:
    strata = study.measured(LARGE, LOGIC).strata
    return apart(strata, study.level(LARGE, "easy"), study.level(LARGE, "medium"))


def ordinary_compliance(study: Study) -> Estimate:
    both = [study.measured(label, ORDINARY) for label in (LARGE, CONTROL)]
    return apart(both[0].strata, less(*(rows(of, "hacc") for of in both)))


QUESTIONS: dict[Question, Callable[[Study], Estimate]] = {
    Question("thinking helps the larger model"): large_helped,
    Question("thinking helps the smaller one less"): small_helped_less,
    Question("harder is harder"): harder_is_harder,
    Question("procedures change ordinary compliance", any_sign=True): ordinary_compliance,
}


def rates(study: Study) -> Table:
    """Output and Both in percent, by size and level, with reasoning and without."""
    table = Table("", "", *LEVELS, title="LogicIF, tiny tier: Both (Output), percent of cases")
    for label in (LARGE, SMALL, CONTROL):
        for direct in (False, True):
            of = study.measured(label, LOGIC, direct)
            cells = []
            for number in range(1, len(LEVELS) + 1):
                mask = of.slices["difficulty"] == number
                places, met = of.kinds["met", "logic:output"]
                both = float(np.nanmean(of.column("hacc")[mask]))
                cells.append(f"{both:.1f} ({float(met[mask[places]].mean()):.1f})")
            table.add_row(label, "direct" if direct else "reasoning", *cells)
    return table


def main(args: argparse.Namespace) -> None:
    recipe = load_recipe(args.config, StudyRecipe, [])
    study = Study(recipe.name)
    console, out = Console(width=140), RunDir.named(recipe.name).path
    found = {question: figure(study) for question, figure in QUESTIONS.items()}
    console.print(rates(study), answered(found, out, "logic_claims"))
    console.print(f"wrote {out}/logic_claims.csv (and .parquet)", highlight=False)


def arguments() -> argparse.ArgumentParser:
    parser = cli.described(__doc__)
    parser.add_argument("--config", required=True, metavar="STUDY.yaml")
    return parser


if __name__ == "__main__":
    parsed = arguments().parse_args()
    cli.guard(lambda: main(parsed))
