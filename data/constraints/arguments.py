"""What many kinds share: arguments in range, a number or none at all; a copy as the whole response; bare words."""

import random
import string
from dataclasses import dataclass
from typing import ClassVar, Self

from data.constraints.base import Constraint, Space
from data.constraints.text import has_content

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


def a_word(**arguments: str) -> None:
    """Raise ValueError for an argument without a letter or digit."""
    for key, found in arguments.items():
        if not has_content(found):
            raise ValueError(f"{key}: found {found!r}; expected a word")


def same_text(text: str, other: str) -> bool:
    """But for case and the blanks around."""
    return text.strip().lower() == other.strip().lower()


class NoArguments(Constraint):
    """A kind that is only its sentence."""

    wording: ClassVar[str]

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls()

    def describe(self) -> str:
        return self.wording


@dataclass(frozen=True)
class OneNumber(Constraint):
    """A kind whose only argument is `N`, 1 or more."""

    wording: ClassVar[str]  # with {N}
    drawn: ClassVar[tuple[int, int]]  # the benchmark's range

    N: int

    def __post_init__(self) -> None:
        at_least(1, N=self.N)

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(rng.randint(*cls.drawn))

    def describe(self) -> str:
        return self.wording.format(N=self.N)


@dataclass(frozen=True)
class SmallNumber(Constraint):
    """A kind whose only argument is `small_n`, 1 or more."""

    wording: ClassVar[str]  # with {small_n}
    drawn: ClassVar[tuple[int, int]]

    small_n: int

    def __post_init__(self) -> None:
        at_least(1, small_n=self.small_n)

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(rng.randint(*cls.drawn))

    def describe(self) -> str:
        return self.wording.format(small_n=self.small_n)


class OnlyCopy(Constraint):
    """A response that is a copy and nothing else, so nothing goes with it."""

    def conflict(self, other: Constraint, question: str) -> str | None:
        return "the response is a copy and nothing else"
