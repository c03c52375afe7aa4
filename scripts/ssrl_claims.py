"""Which reward brings back obedience: rules, a reward model learnt from the policy's own responses, or both?

    python scripts/ssrl_claims.py --config recipes/study/tiny_ssrl.yaml

The study has to be done. Which figures, and what they decide, were chosen before looking: docs/log.md. Prints them, writes
ssrl_claims.csv (and .parquet) into the study's folder.
"""

from functools import partial

import numpy as np
from rich.table import Table

from eval.chosen import choose
from eval.contrasts import Estimate
from eval.measured import Measured, join
from eval.paired import differences, pair
from eval.questions import Question, ask

START = "base"
RULES, MODEL, BOTH, ORDERED = "rules", "reward model", "both", "both, levels in order"
SOFT, HARD, NEW = ("soft",), ("hard",), ("held_out", "unseen")  # benchmarks


def measured(study: str, label: str, benchmarks: tuple[str, ...]) -> Measured:
    """The last checkpoints of a regime, seeds pooled; START: the policy that all began with."""
    chosen = choose(f"{study}:{label}")
    return join([chosen.measured(one) for one in benchmarks])


def less(a: str, b: str, benchmarks: tuple[str, ...], study: str, metric: str = "hacc") -> Estimate:
    """On the same prompts."""
    both = pair(measured(study, a, benchmarks), measured(study, b, benchmarks))
    found = differences(both, [metric])[0]
    return Estimate(found.difference, found.low, found.high, found.n)


QUESTIONS = {
    Question("rules raise compliance with hard kinds"): partial(less, RULES, START, HARD),
    Question("the reward model raises it with soft kinds"): partial(less, MODEL, START, SOFT),
    Question("with soft kinds both raise it more than rules"): partial(less, BOTH, RULES, SOFT),
    Question("with hard kinds both raise it more than the model"): partial(less, BOTH, MODEL, HARD),
    Question("with kinds not trained on, both raise it"): partial(less, BOTH, START, NEW),
    Question("... the reward model alone"): partial(less, MODEL, START, NEW),
    Question("levels in order do better, soft and hard"): partial(less, ORDERED, BOTH, SOFT + HARD),
    Question("both cost accuracy, or gain it", any_sign=True): partial(
        less, BOTH, START, SOFT, metric="accuracy_without"
    ),
}


def rates(study: str) -> Table:
    """HAcc by kind of kinds, and accuracy without constraints, in percent."""
    table = Table("", "soft", "hard", "not trained on", "accuracy", title="HAcc, percent")
    for label in (START, RULES, MODEL, BOTH, ORDERED):
        cells = [
            f"{np.nanmean(measured(study, label, one).column('hacc')):.1f}"
            for one in (SOFT, HARD, NEW)
        ]
        values = measured(study, label, SOFT).column("accuracy_without")
        table.add_row(label, *cells, f"{np.nanmean(values):.1f}")
    return table


if __name__ == "__main__":
    ask("ssrl_claims", __doc__, QUESTIONS, rates)
