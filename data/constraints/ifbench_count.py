"""IFBench's counts (https://arxiv.org/abs/2507.02833): words, names, numbers, marks, keywords."""

import random
import re
from dataclasses import astuple, dataclass
from typing import ClassVar, Self

from data.constraints import nlp
from data.constraints.arguments import (
    EDGE,
    NoArguments,
    OneNumber,
    SmallNumber,
    at_least,
    depunct,
    not_blank,
)
from data.constraints.base import CONSTRAINTS, Constraint, Space
from data.constraints.keywords import absent_words
from data.constraints.length import num_words
from data.constraints.text import count_word, has_content

WORD = re.compile(r"\w+")

_CONJUNCTIONS = frozenset({"and", "but", "for", "nor", "or", "so", "yet"})
_NAMES = WORD.findall(
    "Emma Liam Sophia Jackson Olivia Noah Ava Lucas Isabella Mason Mia Ethan Charlotte Alexander Amelia "
    "Benjamin Harper Leo Zoe Daniel Chloe Samuel Lily Matthew Grace Owen Abigail Gabriel Ella Jacob Scarlett "
    "Nathan Victoria Elijah Layla Nicholas Audrey David Hannah Christopher Penelope Thomas Nora Andrew Aria "
    "Joseph Claire Ryan Stella Jonathan"
)
_PRONOUNS = frozenset(
    WORD.findall(
        "i me we us you he him she her it they them my mine our ours your yours his hers its their theirs "
        "myself ourselves yourself yourselves himself herself itself themselves this that these those "
        "who whom whose which what whoever whomever whatever whichever anybody anyone anything "
        "everybody everyone everything nobody nothing somebody someone something "
        "each either neither both all some any none"
    )
)
_JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_LETTERS = re.compile("[a-z]+")


@CONSTRAINTS.register("count:word_count_range")
@dataclass(frozen=True)
class WordCountRange(Constraint):
    r"""Matches of `\w+` within a range, both ends included."""

    may_be_zero = frozenset({"min_words"})

    min_words: int
    max_words: int

    def __post_init__(self) -> None:
        at_least(0, min_words=self.min_words)
        at_least(self.min_words, max_words=self.max_words)

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        fewest = rng.randint(24, 443)
        return cls(fewest, fewest + rng.randint(2, 43))

    def describe(self) -> str:
        return f"The response must contain between {self.min_words} and {self.max_words} words."

    def official(self, response: str) -> bool:
        return self.min_words <= num_words(response) <= self.max_words

    def conflict(self, other: Constraint, question: str) -> str | None:
        if isinstance(other, WordCountRange) and self.max_words < other.min_words:
            return "two ranges of word counts without a number in common"
        return None


@CONSTRAINTS.register("count:unique_word_count")
@dataclass(frozen=True)
class UniqueWordCount(OneNumber):
    """Different words, marks around them and case apart. Repaired: a lone mark is no word."""

    mends = "a token without a letter or digit is no word"
    wording = "Use at least {N} unique words in the response."
    drawn = (36, 170)

    def official(self, response: str) -> bool:
        return len(_bare(response)) >= self.N

    def check(self, response: str) -> bool:
        return sum(map(has_content, _bare(response))) >= self.N


def _bare(text: str) -> set[str]:
    return {word.strip(EDGE) for word in text.lower().split()}


@CONSTRAINTS.register("count:conjunctions")
@dataclass(frozen=True)
class Conjunctions(SmallNumber):
    """Different coordinating conjunctions. Repaired: `and`, `And` and `and,` are one."""

    mends = "case and marks around a conjunction do not make it another one"
    wording = "Use at least {small_n} different coordinating conjunctions in the response."
    drawn = (2, 5)

    def official(self, response: str) -> bool:
        found = {w for w in response.split() if w.strip(EDGE).lower() in _CONJUNCTIONS}
        return len(found) >= self.small_n

    def check(self, response: str) -> bool:
        return len(_bare(response) & _CONJUNCTIONS) >= self.small_n


@CONSTRAINTS.register("count:person_names")
@dataclass(frozen=True)
class PersonNames(OneNumber):
    """Different names of IFBench's list of 50, as whole words in this case."""

    wording = (
        "Mention at least {N} different person names in the response, "
        f"from this list of person names: {', '.join(_NAMES)} ."
    )
    drawn = (3, 39)

    def official(self, response: str) -> bool:
        return len(set(WORD.findall(response)).intersection(_NAMES)) >= self.N


@CONSTRAINTS.register("count:numbers")
@dataclass(frozen=True)
class Numbers(OneNumber):
    """Runs of digits after all marks are deleted: `3.14` and `3-4` are one number each."""

    wording = "Include exactly {N} numbers in the response."
    drawn = (2, 36)

    def official(self, response: str) -> bool:
        return len(re.findall(r"\d+", depunct(response))) == self.N

    def conflict(self, other: Constraint, question: str) -> str | None:
        if isinstance(other, Numbers) and other.N != self.N:
            return "two exact counts of numbers"
        return None


@CONSTRAINTS.register("count:punctuation")
@dataclass(frozen=True)
class Punctuation(NoArguments):
    """An interrobang and, apart from it, every one of `. , ! ? ; :`."""

    wording = (
        "Use every standard punctuation mark at least once, including semicolons, colons, "
        "and the interrobang (?!)."
    )

    def official(self, response: str) -> bool:
        if not any(mark in response for mark in ("?!", "!?", "‽")):
            return False
        first = "?!" if "?!" in response else "!?"
        rest = response.replace(first, "", 1)
        return all(mark in rest for mark in ".,!?;:")


@CONSTRAINTS.register("count:pronouns")
@dataclass(frozen=True)
class Pronouns(OneNumber):
    """Tokens that are pronouns, repetitions counted; `she/her` is two."""

    wording = "The response should include at least {N} pronouns."
    drawn = (4, 39)

    def official(self, response: str) -> bool:
        text = response.replace("/", " ").lower()
        if sum(map(_may_hold_pronoun, _LETTERS.findall(text))) < self.N:
            return False  # tokenizing takes a hundred times as long
        found = 0
        for token in nlp.iter_tokens(text):
            found += token in _PRONOUNS
            if found == self.N:
                return True
        return False


def _may_hold_pronoun(letters: str) -> bool:
    """A run of letters is a token, except for `gim|me`, `lem|me` and what comes before `n't`."""
    return letters in _PRONOUNS or letters.removesuffix("n") in _PRONOUNS or letters[-2:] == "me"


@CONSTRAINTS.register("count:words_japanese")
@dataclass(frozen=True)
class WordsJapanese(OneNumber):
    """Every N-th word in Japanese; numbers and lone marks are free. Repaired: there are N words at least."""

    mends = "a text of fewer than N words has no N-th word"
    wording = "Every {N}th word of your response must be in Japanese."
    drawn = (5, 29)

    def official(self, response: str) -> bool:
        words = (word.strip(EDGE) for word in response.split()[self.N - 1 :: self.N])
        return all(not word or word.isdigit() or _JAPANESE.search(word) for word in words)

    def check(self, response: str) -> bool:
        return sum(map(has_content, response.split())) >= self.N and self.official(response)


@CONSTRAINTS.register("count:keywords_multiple")
@dataclass(frozen=True)
class KeywordsMultiple(Constraint):
    """Five keywords, once, twice, three, five and seven times. Repaired: whole words; substrings there."""

    mends = "whole words; LaTeX commands are no words"
    times: ClassVar[tuple[int, ...]] = (1, 2, 3, 5, 7)

    keyword1: str
    keyword2: str
    keyword3: str
    keyword4: str
    keyword5: str

    def __post_init__(self) -> None:
        not_blank(**self.kwargs())

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(*absent_words(rng, space, question, 5))

    def _keywords(self) -> list[str]:
        return [keyword.strip() for keyword in astuple(self)]

    def describe(self) -> str:
        one, two, three, four, five = self._keywords()
        return (
            f"Include keyword {one} once in your response, keyword {two} twice in your response, "
            f"keyword {three} three times in your response, keyword {four} five times in your response, "
            f"and keyword {five} seven times in your response."
        )

    def official(self, response: str) -> bool:
        text = response.lower()
        pairs = zip(self._keywords(), self.times, strict=True)
        return all(text.count(keyword.lower()) == times for keyword, times in pairs)

    def check(self, response: str) -> bool:
        pairs = zip(self._keywords(), self.times, strict=True)
        return all(count_word(response, keyword) == times for keyword, times in pairs)
