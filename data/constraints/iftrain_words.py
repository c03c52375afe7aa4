"""IFTrain's keywords (https://arxiv.org/abs/2507.02833).

The reference takes keywords as regular expressions, and counts them inside longer words. Repaired: whole words.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import ClassVar, Self

from data.constraints import nlp
from data.constraints.arguments import NoArguments, at_least, not_blank
from data.constraints.base import CONSTRAINTS, Constraint, Relation, Space, compare
from data.constraints.keywords import absent_words, num_matches
from data.constraints.places import Span, keyword_places
from data.constraints.text import count_word, has_content

MARKS = "[](){}<>;@#$%&?!*"  # each one a token by itself, wherever it stands
_CORE = re.compile(r"[^\W_](?:.*[^\W_])?", re.DOTALL)
SENTENCE_END = re.compile(r"[.?!]")
SLACK = 5  # tokens at a cut that may not be those of the whole text
_CUT = 64  # characters per token


def bare_words(text: str) -> Iterator[str]:
    """Blank-separated tokens with a letter or digit, without the punctuation around them."""
    for token in text.split():
        if core := _CORE.search(token):
            yield core.group()


def bare(text: str) -> str:
    """The first of them, or "" without any."""
    return next(bare_words(text), "")


def leading_tokens(text: str, num: int) -> list[str]:
    """The first `num` of `nlp.tokens(text)`, from as little of `text` as settles them.

    Whether a sentence ends at a word depends on this word and the next, so the words after do not matter. In a word of
    200,000 brackets none can end, and its beginning has its tokens but for the last few.
    """
    words = text.split(maxsplit=num + SLACK)
    if len(words) > num + SLACK and has_content(words[-2]):
        text = text[: -len(words[-1])]
    size = _CUT * (num + SLACK)
    while size < len(text) and not SENTENCE_END.search(text, 0, size):
        found = nlp.tokens(text[:size])
        if len(found) >= num + SLACK:
            return list(found[:num])
        size *= 16
    return list(islice(nlp.iter_tokens(text), num))


def only(word: str | tuple[str, ...]) -> str:
    """The word of an argument that some rows give as a list: its first."""
    return (word if isinstance(word, str) else "".join(word[:1])).strip()


@CONSTRAINTS.register("keywords:no_adjacent_consecutive")
@dataclass(frozen=True)
class NoAdjacentConsecutive(NoArguments):
    """Neighbouring words do not start with, say, `a` and `b`; `b` and `a` is allowed."""

    forbids = True
    wording = "No two adjacent words can start with consecutive letters of the alphabet."

    def official(self, response: str) -> bool:
        # Lower case may be two characters long: the reference lets no such word pass.
        starts = pairwise(word[0].lower() for word in response.split())
        return all(len(a) == len(b) == 1 and ord(b) - ord(a) != 1 for a, b in starts)


@dataclass(frozen=True)
class _Keyword(Constraint):
    wording: ClassVar[str]

    keyword: str

    def __post_init__(self) -> None:
        not_blank(keyword=self.keyword)

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(absent_words(rng, space, question, 1)[0])

    def describe(self) -> str:
        return self.wording.format(keyword=self.keyword)


@CONSTRAINTS.register("keywords:word_once")
@dataclass(frozen=True)
class WordOnce(_Keyword):
    """Repaired: at least once, since that is all that the sentence asks for."""

    mends = "a whole word, and more than once is fine: the wording names no number"
    wording = "Include keyword {keyword} in your response."

    def official(self, response: str) -> bool:
        return num_matches(self.keyword.strip(), response) == 1

    def check(self, response: str) -> bool:
        return count_word(response, self.keyword) > 0


@CONSTRAINTS.register("keywords:exclude_word_harder")
@dataclass(frozen=True)
class ExcludeWordHarder(_Keyword):
    """Repaired: the reference sees the word between two blanks only, and in this case only."""

    forbids = True
    mends = "whole words wherever they stand, in any case"
    wording = "Do not include keyword {keyword} in the response."

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        """A word of the question, which is what makes it harder."""
        words = [word for word in question.split() if word.isalpha()]
        return cls(rng.choice(words or space.keywords))

    def official(self, response: str) -> bool:
        return f" {self.keyword.strip()} " not in response

    def check(self, response: str) -> bool:
        return count_word(response, self.keyword, in_math=True) == 0

    def places(self, response: str) -> list[Span]:
        return keyword_places(response, self.keyword)


@CONSTRAINTS.register("keywords:word_count_different_numbers")
@dataclass(frozen=True)
class WordCountDifferentNumbers(Constraint):
    """Repaired: exactly `frequency` times, as the sentence says; `relation`, which it hides, plays no part."""

    mends = "whole words, exactly as often as the wording says"

    keyword: str
    frequency: int
    relation: Relation

    def __post_init__(self) -> None:
        not_blank(keyword=self.keyword)
        at_least(1, frequency=self.frequency)

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        keyword = absent_words(rng, space, question, 1)[0]
        # With "less than", no response would pass both scorers.
        return cls(keyword, rng.randint(*space.frequency), "at least")

    def describe(self) -> str:
        return f"In your response, the word {self.keyword} should appear {self.frequency} times."

    def official(self, response: str) -> bool:
        found = num_matches(self.keyword.strip(), response)
        return found is not None and compare(found, self.relation, self.frequency)

    def check(self, response: str) -> bool:
        return count_word(response, self.keyword) == self.frequency


@CONSTRAINTS.register("keywords:palindrome")
@dataclass(frozen=True)
class Palindrome(NoArguments):
    """Repaired: three letters at least; case and the punctuation around the word do not matter."""

    mends = "three letters at least, without case and punctuation"
    wording = "Include a palindrome in your response."

    def official(self, response: str) -> bool:
        return any(word == word[::-1] for word in response.split())

    def check(self, response: str) -> bool:
        words = (word.casefold() for word in bare_words(response) if word.isalpha())
        return any(len(word) >= 3 and word == word[::-1] for word in words)


@CONSTRAINTS.register("keywords:keyword_specific_position")
@dataclass(frozen=True)
class KeywordSpecificPosition(Constraint):
    """Repaired: punctuation is neither a word nor a sentence."""

    mends = "punctuation is no word"

    keyword: str | tuple[str, ...]
    n: int
    m: int

    def __post_init__(self) -> None:
        not_blank(keyword=only(self.keyword))
        at_least(1, n=self.n, m=self.m)

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        keyword = absent_words(rng, space, question, 1)[0]
        return cls(keyword, rng.randint(1, 20), rng.randint(1, 30))

    def describe(self) -> str:
        return (
            f"Include keyword {only(self.keyword)} in the {self.n}-th sentence, "
            f"as the {self.m}-th word of that sentence."
        )

    def official(self, response: str) -> bool:
        found = nlp.regex_sentences(response)[self.n - 1 : self.n]
        tokens = leading_tokens(found[0], self.m) if found else []
        return tokens[self.m - 1 :] == [only(self.keyword)]

    def check(self, response: str) -> bool:
        sentences = filter(has_content, nlp.regex_sentences(response))
        found = next(islice(sentences, self.n - 1, None), "")
        words = list(islice(bare_words(found), self.m))
        return words[self.m - 1 :] == [bare(only(self.keyword))]
