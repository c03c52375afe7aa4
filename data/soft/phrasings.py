"""Soft constraints from a list of phrasings with slots: data/soft/phrasings.yaml, ours."""

import random
import string
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from data.families import Instruction
from data.soft import SOFT_WRITERS, Asked
from recipes.ranges import require
from recipes.registry import did_you_mean

FILE = Path(__file__).with_suffix(".yaml")


class Kind(NamedTuple):
    """texts: phrasings that mean the same; slots: name -> what may stand there, for those that a phrasing names"""

    texts: tuple[str, ...]
    slots: dict[str, tuple[str, ...]]

    def draw(self, rng: random.Random) -> str:
        text = rng.choice(self.texts)
        named = [slot for _, slot, _, _ in string.Formatter().parse(text) if slot]
        return text.format(**{slot: rng.choice(self.slots[slot]) for slot in named})


@cache
def kinds() -> dict[str, Kind]:
    raw = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {
        name: Kind(tuple(one["texts"]), {k: tuple(v) for k, v in one.get("slots", {}).items()})
        for name, one in raw.items()
    }


@SOFT_WRITERS.register("phrasings")
@dataclass(frozen=True)
class Phrasings:
    """kinds: which of the list; None for all. One prompt has each kind at most once, so that two tones never meet."""

    kinds: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        require(self.kinds != (), "kinds", [], "names, or null for all")
        for name in self.kinds or ():
            if name not in kinds():
                raise ValueError(f"kinds: unknown {name!r}.{did_you_mean(name, list(kinds()))}")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.kinds or kinds())

    @property
    def most(self) -> int:
        return len(self.names)

    def write(self, asked: Sequence[Asked]) -> list[tuple[Instruction, ...]]:
        return [self._one(one.count, random.Random(f"phrasings {one.seed}")) for one in asked]

    def _one(self, count: int, rng: random.Random) -> tuple[Instruction, ...]:
        names = rng.sample(self.names, count)
        return tuple(Instruction(f"soft:{name}", kinds()[name].draw(rng)) for name in names)
