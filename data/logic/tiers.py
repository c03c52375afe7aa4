"""What a tier's programs may use, and the dial: the targets (D, F, C) that are drawn before anything is built."""

import random
from dataclasses import dataclass
from typing import Literal, NamedTuple

from data.logic.difficulty import Level

TierName = Literal["full", "tiny"]
# Only in test programs, and asked of a third of the benchmark.
HELD_OUT_CONSTRUCTS = ("Recursion", "Pop")


class Target(NamedTuple):
    """nesting D, calls F and cyclomatic C of data.logic.difficulty, to be met exactly."""

    nesting: int
    calls: int
    cyclomatic: int


@dataclass(frozen=True)
class Dial:
    """Ranges, both ends included, from which a level's targets and what goes with them are drawn."""

    nesting: tuple[int, int]
    calls: tuple[int, int]
    cyclomatic: tuple[int, int]
    variables: tuple[int, int]
    trackers: tuple[int, int]

    def draw(self, rng: random.Random) -> Target:
        nesting = rng.randint(*self.nesting)
        low, high = self.cyclomatic
        return Target(nesting, rng.randint(*self.calls), rng.randint(max(low, nesting + 1), high))


@dataclass(frozen=True)
class Tier:
    """items: values in lists; lengths: of lists; arguments: values of the other arguments; int_params: how many of them;
    constants: the largest in a condition, and in an update; updates: kinds of assignment without and with a call."""

    name: TierName
    items: tuple[int, int]
    lengths: tuple[int, int]
    arguments: tuple[int, int]
    int_params: tuple[int, int]
    constants: tuple[int, int]
    updates: tuple[str, ...]
    calling: tuple[str, ...]
    procedures: bool
    word_trackers: bool
    dials: dict[Level, Dial]


FULL = Tier(
    name="full",
    items=(0, 20),
    lengths=(3, 7),
    arguments=(2, 9),
    int_params=(1, 2),
    constants=(15, 9),
    updates=("add_item", "add_constant", "add_product", "mix", "replace", "add_rest", "add_other", "halve"),
    calling=("gap", "less", "max", "min", "add_place"),
    procedures=True,
    word_trackers=True,
    dials={
        "easy": Dial((2, 2), (0, 3), (3, 5), (1, 2), (1, 1)),
        "medium": Dial((2, 3), (2, 6), (5, 8), (2, 3), (2, 2)),
        "hard": Dial((3, 5), (5, 10), (7, 11), (2, 4), (3, 3)),
    },
)  # fmt: skip
TINY = Tier(
    name="tiny",
    items=(1, 9),
    lengths=(3, 5),
    arguments=(2, 5),
    int_params=(0, 1),
    constants=(7, 5),
    updates=("add_item", "add_item", "add_constant", "replace"),
    calling=(),
    procedures=False,
    word_trackers=False,
    dials={
        "easy": Dial((2, 2), (0, 0), (3, 3), (1, 1), (1, 1)),
        "medium": Dial((2, 2), (0, 0), (3, 4), (1, 1), (1, 1)),
        "hard": Dial((2, 3), (0, 0), (4, 4), (1, 2), (1, 2)),
    },
)
TIERS: dict[TierName, Tier] = {"full": FULL, "tiny": TINY}
