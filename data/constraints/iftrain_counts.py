"""IFTrain's counts of words and letters (https://arxiv.org/abs/2507.02833)."""

import random
import re
import string
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from data.constraints import nlp
from data.constraints.arguments import NoArguments, OneNumber, at_least, not_blank
from data.constraints.base import CONSTRAINTS, Constraint, Relation, Space, compare
from data.constraints.ifeval_length import STARS, pieces
from data.constraints.iftrain_words import MARKS, bare_words, leading_tokens
from data.constraints.keywords import LetterFrequency, absent_words, num_matches
from data.constraints.places import Span, matches
from data.constraints.text import count_word, has_content

_LOWERCASE = re.compile(r"\b[a-z]+\b")
_DIVIDER = re.compile(r"\*{3,}|\* \* \*")
_NUMBER_OR_WORD = re.compile(r"\d+(?:[.,]\d+)+|[^\W_]+(?:[-'’][^\W_]+)*")
_EXCLUDED = frozenset(
    {
        "count:count_unique",
        "count:count_increment_word",
        "paragraphs:paragraphs",
        "paragraphs:paragraphs2",
        "keywords:letter_frequency",
        "keywords:frequency",
    }
)


@CONSTRAINTS.register("count:lowercase_counting")
@dataclass(frozen=True)
class LowercaseCounting(OneNumber):
    """At most N words of the letters a to z."""

    wording = "In your response, all lowercase words should appear at most {N} times."
    drawn = (2, 3)

    def official(self, response: str) -> bool:
        return len(_LOWERCASE.findall(response)) <= self.N

    def places(self, response: str) -> list[Span]:
        """Those over the limit."""
        return matches(_LOWERCASE, response)[self.N :]


@CONSTRAINTS.register("letters:letter_counting")
@dataclass(frozen=True)
class LetterCounting(Constraint):
    """Letters are those of ASCII."""

    N: int
    relation: Relation

    def __post_init__(self) -> None:
        at_least(1, N=self.N)

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(rng.randint(2, 3), rng.choice(("at least", "less than")))

    def describe(self) -> str:
        return f"Answer with {self.relation} {self.N} letters."

    def official(self, response: str) -> bool:
        return compare(sum(map(response.count, string.ascii_letters)), self.relation, self.N)


@CONSTRAINTS.register("letters:letter_counting2")
@dataclass(frozen=True)
class LetterCounting2(LetterFrequency):
    """`keywords:letter_frequency` under another id."""


@CONSTRAINTS.register("count:counting_composition")
@dataclass(frozen=True)
class CountingComposition(Constraint):
    """Repaired: the wording's own divider counts, one at the start or the end does no harm, and punctuation is neither a
    word nor a sentence."""

    mends = "either divider, also at the ends; punctuation is no word"

    n_sent: int
    n_words: int

    def __post_init__(self) -> None:
        at_least(1, n_sent=self.n_sent, n_words=self.n_words)

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(rng.randint(2, 3), rng.randint(2, 3))

    def describe(self) -> str:
        return (
            f"Write 3 paragraphs, delimited by the markdown divider: * * *, with exactly {self.n_sent} sentences each, "
            f"with exactly {self.n_words} words in each sentence."
        )

    def official(self, response: str) -> bool:
        paragraphs = [nlp.regex_sentences(piece) for piece in STARS.split(response, 3)]
        return self._composed(paragraphs) and all(
            len(leading_tokens(sentence, self.n_words + 1)) == self.n_words
            for sentences in paragraphs
            for sentence in sentences
        )

    def check(self, response: str) -> bool:
        found = pieces(_DIVIDER.split(response)) or []
        paragraphs = [tuple(filter(has_content, nlp.regex_sentences(piece))) for piece in found[:4]]
        return self._composed(paragraphs) and all(
            sum(1 for _ in bare_words(sentence)) == self.n_words
            for sentences in paragraphs
            for sentence in sentences
        )

    def _composed(self, paragraphs: list[tuple[str, ...]]) -> bool:
        return [len(sentences) for sentences in paragraphs] == [self.n_sent] * 3

    def conflict(self, other: Constraint, question: str) -> str | None:
        return "the composition leaves no room for it" if other.name in _EXCLUDED else None


@CONSTRAINTS.register("count:count_unique")
@dataclass(frozen=True)
class CountUnique(NoArguments):
    """Repaired: words, whatever their case; the reference compares tokens, two commas among them."""

    mends = "punctuation may repeat, a word may not by changing its case"
    wording = "Only use unique words in your response, no word should be repeated!"

    def official(self, response: str) -> bool:
        # Cheap reasons first: they save tokenizing 200,000 brackets, or quotation marks.
        if any(response.count(mark) > 1 for mark in MARKS):
            return False
        plain = [word for word in response.split() if word.isalpha()]
        return (
            _distinct(plain)
            and _distinct(leading_tokens(response, 100))
            and _distinct(nlp.iter_tokens(response))
        )

    def check(self, response: str) -> bool:
        return _distinct(word.group().casefold() for word in _NUMBER_OR_WORD.finditer(response))


def _distinct(words: Iterable[str]) -> bool:
    seen: set[str] = set()
    for word in words:
        if word in seen:
            return False
        seen.add(word)
    return True


@CONSTRAINTS.register("count:count_increment_word")
@dataclass(frozen=True)
class CountIncrementWord(Constraint):
    """Repaired: whole words. To the reference the keywords are regular expressions, and found inside longer words."""

    mends = "whole words, no regular expressions"

    keyword1: str
    keyword2: str

    def __post_init__(self) -> None:
        not_blank(keyword1=self.keyword1, keyword2=self.keyword2)

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(*absent_words(rng, space, question, 2))

    def describe(self) -> str:
        return f"Include keyword {self.keyword1} once in your response, keyword {self.keyword2} twice in your response."

    def official(self, response: str) -> bool:
        keywords = (self.keyword1, self.keyword2)
        return [num_matches(keyword.strip(), response) for keyword in keywords] == [1, 2]

    def check(self, response: str) -> bool:
        keywords = (self.keyword1, self.keyword2)
        return [count_word(response, keyword) for keyword in keywords] == [1, 2]
