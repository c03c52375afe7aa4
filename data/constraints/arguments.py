"""What many kinds share: arguments that have to be in range, or none at all; words without their punctuation."""

import random
import string
from typing import ClassVar, Self

from data.constraints.base import Constraint, Space

EDGE = string.punctuation + " "  # what IFBench strips off words
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def depunct(text: str) -> str:
    """`text` without ASCII punctuation, IFBench's way to words: `don't` is `dont`, `3.14` is `314`."""
    return text.translate(_NO_PUNCTUATION)


def at_least(least: int, **arguments: int) -> None:
    """Raise ValueError for an argument below `least`."""
    for key, found in arguments.items():
        if found < least:
            raise ValueError(f"{key}: found {found}; expected at least {least}")


def not_blank(**arguments: str) -> None:
    """Raise ValueError for an argument that is blank."""
    for key, found in arguments.items():
        if not found.strip():
            raise ValueError(f"{key}: found {found!r}; expected a text that is not blank")


class NoArguments(Constraint):
    """A kind that is only its sentence."""

    wording: ClassVar[str]

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls()

    def describe(self) -> str:
        return self.wording
