"""How each construct is said, from phrasings.yaml: for training, and in ways that only the benchmark uses."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from data.logic.tiers import TierName

FILE = Path(__file__).with_name("phrasings.yaml")


class Ways(NamedTuple):
    """Templates for str.format."""

    train: tuple[str, ...]
    held_out: tuple[str, ...]


@cache
def phrasings(tier: TierName) -> dict[str, Ways]:
    """By construct. The tiny tier has some of its own."""
    found = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    constructs = found["full"] | (found["tiny"] if tier == "tiny" else {})
    return {
        name: Ways(tuple(ways["train"]), tuple(ways["held_out"]))
        for name, ways in constructs.items()
    }
