"""Does thinking help with procedures, at two sizes, and what does learning them do to ordinary constraints?

    python scripts/logic_claims.py --config recipes/study/tiny_logic.yaml

The study has to be done. Which figures, and what they decide, were chosen before looking: docs/log.md. Prints them, writes
logic_claims.csv (and .parquet) into the study's folder.
"""

from collections.abc import Callable

import numpy as np
from rich.table import Table

from data.logic.difficulty import LEVELS
from eval.chosen import choose
from eval.contrasts import Estimate, Rows, apart, less, rows
from eval.measured import Measured
from eval.questions import Question, ask

LARGE, CONTROL, SMALL = (
    "4 layers, procedures + constraints", "4 layers, constraints", "2 layers, procedures + constraints",
)  # fmt: skip
LOGIC, ORDINARY = "logicif", "tiny"  # benchmarks


def measured(study: str, label: str, benchmark: str, direct: bool = False) -> Measured:
    """The last checkpoints of a size, seeds pooled."""
    return choose(f"{study}:{label}" + "/direct" * direct).measured(benchmark)


def level(study: str, label: str, name: str, direct: bool = False) -> Rows:
    """Both, in points, of the functions of a level."""
    of = measured(study, label, LOGIC, direct)
    return rows(of, "hacc", of.slices["difficulty"] == LEVELS.index(name) + 1)  # type: ignore[arg-type]


def helped(study: str, label: str) -> Rows:
    """Easy functions: with reasoning less without."""
    return less(level(study, label, "easy"), level(study, label, "easy", direct=True))


def large_helped(study: str) -> Estimate:
    return apart(measured(study, LARGE, LOGIC).strata, helped(study, LARGE))


def small_helped_less(study: str) -> Estimate:
    return apart(measured(study, LARGE, LOGIC).strata, helped(study, LARGE), helped(study, SMALL))


def harder_is_harder(study: str) -> Estimate:
    strata = measured(study, LARGE, LOGIC).strata
    return apart(strata, level(study, LARGE, "easy"), level(study, LARGE, "medium"))


def ordinary_compliance(study: str) -> Estimate:
    both = [measured(study, label, ORDINARY) for label in (LARGE, CONTROL)]
    return apart(both[0].strata, less(*(rows(of, "hacc") for of in both)))


QUESTIONS: dict[Question, Callable[[str], Estimate]] = {
    Question("thinking helps the larger model"): large_helped,
    Question("thinking helps the smaller one less"): small_helped_less,
    Question("harder is harder"): harder_is_harder,
    Question("procedures change ordinary compliance", any_sign=True): ordinary_compliance,
}


def rates(study: str) -> Table:
    """Output and Both in percent, by size and level, with reasoning and without."""
    table = Table("", "", *LEVELS, title="LogicIF, tiny tier: Both (Output), percent of cases")
    for label in (LARGE, SMALL, CONTROL):
        for direct in (False, True):
            of = measured(study, label, LOGIC, direct)
            cells = []
            for number in range(1, len(LEVELS) + 1):
                mask = of.slices["difficulty"] == number
                places, met = of.kinds["met", "logic:output"]
                both = float(np.nanmean(of.column("hacc")[mask]))
                cells.append(f"{both:.1f} ({float(met[mask[places]].mean()):.1f})")
            table.add_row(label, "direct" if direct else "reasoning", *cells)
    return table


if __name__ == "__main__":
    ask("logic_claims", __doc__, QUESTIONS, rates)
