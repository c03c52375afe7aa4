"""Labels from a sweep's records, and who trains and who measures ("When Thinking Fails", https://arxiv.org/abs/2505.11423).

A prompt is labelled 1 where the chain of thought meets more of its constraints than the direct reply does, 0 where it meets
fewer. The paper's rule for ties is not available; ours: they are not trained on, or count as 0, and measure nothing.
"""

import random
from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

from data.sweep_records import Compared
from recipes.reason import Cross, Part

Ties = Literal["drop", "zero"]
OUTCOMES = ("cot better", "tie", "direct better")


class Split(NamedTuple):
    train: list[Compared]
    test: list[Compared]


def outcome(row: Compared) -> str:
    return OUTCOMES[0 if row.cot > row.direct else 2 if row.cot < row.direct else 1]


def counts(rows: Sequence[Compared]) -> dict[str, int]:
    found = Counter(map(outcome, rows))
    return {name: found[name] for name in OUTCOMES}


def labelled(rows: Sequence[Compared], ties: Ties) -> list[tuple[Compared, int]]:
    kept = [row for row in rows if ties == "zero" or outcome(row) != "tie"]
    return [(row, int(row.cot > row.direct)) for row in kept]


def halves(rows: Sequence[Compared], train_share: float, seed: int) -> Split:
    """By problem: everything that is asked about one stays together."""
    problems = sorted({row.problem for row in rows})
    random.Random(f"classifier {seed}").shuffle(problems)
    train = set(problems[: round(train_share * len(problems))])
    return Split(
        [row for row in rows if row.problem in train],
        [row for row in rows if row.problem not in train],
    )


def crossed(rows: Sequence[Compared], cross: Cross) -> Split:
    """Problems that fit both parts are measured on alone."""
    test = [row for row in rows if fits(row, cross.test)]
    measured = {row.problem for row in test}
    train = [row for row in rows if fits(row, cross.train) and row.problem not in measured]
    return Split(train, test)


def fits(row: Compared, part: Part) -> bool:
    return (
        (not part.benchmarks or row.benchmark in part.benchmarks)
        and (not part.sources or row.source in part.sources)
        and (not part.kinds or set(row.kinds) <= set(part.kinds))
    )
