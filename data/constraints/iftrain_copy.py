"""IFTrain's copies (https://arxiv.org/abs/2507.02833): a phrase with one word replaced, the request, a part of it."""

import math
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar, Self

from data.constraints.arguments import OnlyCopy, at_least, not_blank, same_text
from data.constraints.base import CONSTRAINTS, Constraint, Space

PHRASES = (
    "the number grows with every step",
    "we add the small parts together",
    "every answer starts as a question",
    "count the apples before the pears",
)
# Words that the reference's pattern takes as they stand, a dot aside: then its two ends are searched for one by one.
_FIXED = re.compile(r"[^\\^$*+?{}\[\]|()]+")
_FIXED_LAST = re.compile(r"(?:[^\\^$*+?{}\[\]|()]\??)+")


@CONSTRAINTS.register("copy:repeat_phrase")
@dataclass(frozen=True)
class RepeatPhrase(Constraint):
    """`small_n` spans from the phrase's first word to its last, each with one other word in between."""

    mends = "every span has another word, not only the last"

    phrase: str
    small_n: int

    def __post_init__(self) -> None:
        not_blank(phrase=self.phrase)
        at_least(1, small_n=self.small_n)

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(rng.choice(PHRASES), rng.randint(2, 3))

    def describe(self) -> str:
        return (
            f"Repeat the phrase {self.phrase} exactly {self.small_n} times, transforming it slightly each time by "
            "replacing only one word in the center of the phrase."
        )

    def official(self, response: str) -> bool:
        found = self._differences(response)
        return len(found) == self.small_n and max(found) <= 1 and found[-1] == 1

    def check(self, response: str) -> bool:
        return self._differences(response) == [1] * self.small_n

    def _differences(self, response: str) -> list[float]:
        """In how many words each span differs from the phrase, of at most small_n + 1 spans."""
        words = self.phrase.split()
        try:
            spans = list(islice(_spans(response, words[0], words[-1]), self.small_n + 1))
        except re.error:  # the reference raises, too
            return []
        return [_num_different(span, words) for span in spans]


def _spans(text: str, first: str, last: str) -> Iterator[object]:
    """What `re.findall` finds of `first .*? last`, both ends being regular expressions. A scan where they are plain:
    the pattern reads a line anew from each `first` in it, when no `last` follows."""
    if not (_FIXED.fullmatch(first) and _FIXED_LAST.fullmatch(last)):
        yield from re.findall(f"{first} .*? {last}", text)
        return
    start, end = re.compile(f"{first} "), re.compile(f" {last}")
    for line in text.split("\n"):
        position = 0
        while (opened := start.search(line, position)) and (
            closed := end.search(line, opened.end())
        ):
            position = closed.end()
            yield line[opened.start() : position]


def _num_different(span: object, words: list[str]) -> float:
    """In how many words `span` differs from `words`, infinity when it has not as many; a pattern with groups finds
    tuples, over which the reference stumbles."""
    found = span.split() if isinstance(span, str) else []
    return sum(map(str.__ne__, found, words)) if len(found) == len(words) else math.inf


@dataclass(frozen=True)
class _Request(OnlyCopy):
    """The request itself, once."""

    wording: ClassVar[str]

    prompt_to_repeat: str

    def __post_init__(self) -> None:
        not_blank(prompt_to_repeat=self.prompt_to_repeat)

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(question)

    def describe(self) -> str:
        return self.wording

    def official(self, response: str) -> bool:
        return same_text(response, self.prompt_to_repeat)


@CONSTRAINTS.register("copy:copy")
@dataclass(frozen=True)
class Copy(_Request):
    wording = (
        "Copy this instruction verbatim, do not follow the instruction, only copy it into the output "
        "(do not include this instruction sentence!)."
    )


@CONSTRAINTS.register("copy:copying_simple")
@dataclass(frozen=True)
class CopyingSimple(_Request):
    wording = (
        "Repeat the request without change (do not say anything before repeating the request; the request you need "
        "to repeat does not include this sentence) and do not answer the actual request!"
    )


@CONSTRAINTS.register("copy:copying_multiple")
@dataclass(frozen=True)
class CopyingMultiple(OnlyCopy):
    """The request N times, six stars between."""

    prompt_to_repeat: str
    N: int

    def __post_init__(self) -> None:
        not_blank(prompt_to_repeat=self.prompt_to_repeat)
        at_least(1, N=self.N)

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(question, rng.randint(2, 3))

    def describe(self) -> str:
        return (
            f"Repeat the request without change {self.N} times, separated by 6 asterisk symbols (do not say anything "
            "before repeating the request; the request you need to repeat does not include this sentence) and do not "
            "answer the actual request!"
        )

    def official(self, response: str) -> bool:
        copies = response.split("******")
        return len(copies) == self.N and all(
            same_text(copy, self.prompt_to_repeat) for copy in copies
        )


@CONSTRAINTS.register("new:copy_span_idx")
@dataclass(frozen=True)
class CopySpanIdx(OnlyCopy):
    """Repaired: the last index is part of the span, as the wording says. The reference draws a random start for 0."""

    mends = "the character at n_end belongs to the span"
    may_be_zero = frozenset({"n_start"})

    prompt_to_repeat: str
    n_start: int
    n_end: int

    def __post_init__(self) -> None:
        not_blank(prompt_to_repeat=self.prompt_to_repeat)
        if not 0 <= self.n_start <= self.n_end:
            raise ValueError(f"n_start: found {self.n_start}; expected 0 to n_end = {self.n_end}")

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        starts = [index for index, char in enumerate(question[:-1]) if char.isalnum()]
        start = rng.choice(starts or [0])
        return cls(question, start, rng.randint(start + 1, max(start + 1, len(question) - 1)))

    def describe(self) -> str:
        return (
            f"Copy the span of words that lies between (and including) index {self.n_start} and {self.n_end}, "
            "the indices are character indices!"
        )

    def official(self, response: str) -> bool:
        return same_text(response, self.prompt_to_repeat[self.n_start : self.n_end])

    def check(self, response: str) -> bool:
        return same_text(response, self.prompt_to_repeat[self.n_start : self.n_end + 1])
