"""Words that must, may or must not occur. Repaired throughout: whole words, escaped, LaTeX commands
are not words."""

import functools
import random
import re
from dataclasses import dataclass
from typing import Self

from data.constraints.base import (
    CONSTRAINTS,
    Constraint,
    Inherited,
    Relation,
    Space,
    compare,
    inherited_by,
)
from data.constraints.draft import WORD_SENTENCES, Draft
from data.constraints.places import Span, keyword_places
from data.constraints.text import count_word


def _add_words(draft: Draft, words: list[str]) -> None:
    """One more sentence with `words`, quoted as the prompt quotes them."""
    quoted = " and ".join(f'"{word}"' for word in words)
    if draft.language or not draft.add(WORD_SENTENCES, w=quoted):
        draft.lines.append(quoted)  # under a tight word limit


def absent_words(rng: random.Random, space: Space, question: str, num: int) -> list[str]:
    """Words that the question does not hold, so that asking for or against them is not decided by a
    quotation."""
    return sorted(
        rng.sample([word for word in space.keywords if not count_word(question, word)], num)
    )


@functools.lru_cache(4096)
def _pattern(keyword: str, whole: bool) -> re.Pattern[str] | None:
    """The reference takes keywords as regular expressions; None for one that is none (there it raises)."""
    try:
        return re.compile(rf"\b{keyword}\b" if whole else keyword, re.IGNORECASE)
    except re.error:
        return None


@functools.lru_cache(4096)
def _is_plain(keyword: str) -> bool:
    """Whether the keyword, taken as a regular expression, means itself, on one line, and starts and ends in a letter or
    digit."""
    return re.fullmatch(r"[A-Za-z0-9]+(?:[ '_-]+[A-Za-z0-9]+)*", keyword) is not None


@functools.lru_cache(16)
def _lower(text: str) -> str:
    return text.lower()


def _is_word_at(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (before.isalnum() or before == "_" or after.isalnum() or after == "_")


def num_matches(keyword: str, text: str, whole: bool = False) -> int | None:
    """How often the reference finds `keyword` in `text`, from one `\\b` to another if `whole`; None where it raises, since
    the keyword is no regular expression. Plain keywords in plain text need none."""
    if not (_is_plain(keyword) and text.isascii()):
        pattern = _pattern(keyword, whole)
        return None if pattern is None else sum(1 for _ in pattern.finditer(text))
    lower, keyword = _lower(text), keyword.lower()
    if not whole:
        return lower.count(keyword)
    count, start = 0, lower.find(keyword)
    while start >= 0:
        end = start + len(keyword)
        found = _is_word_at(lower, start, end)
        count += found
        start = lower.find(keyword, end if found else start + 1)
    return count


@CONSTRAINTS.register("keywords:existence")
@dataclass(frozen=True)
class Existence(Constraint):
    mends = "whole words, no regular expressions, LaTeX commands are no words"

    keywords: tuple[str, ...]

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(tuple(absent_words(rng, space, question, 2)))

    def describe(self) -> str:
        return f'Include keywords "{list(self.keywords)}" in the response.'

    def describe_ifeval(self) -> str:
        return f"Include keywords {list(self.keywords)} in the response."

    def inherited(self) -> Inherited:
        return "wholes" if all(map(_is_plain, self.keywords)) else None

    def official(self, response: str) -> bool:
        return all(num_matches(word, response) for word in self.keywords)

    def check(self, response: str) -> bool:
        return all(count_word(response, word) for word in self.keywords)

    def satisfy(self, draft: Draft) -> None:
        if not self.check(draft.text()):
            _add_words(draft, list(self.keywords))

    def conflict(self, other: Constraint, question: str) -> str | None:
        words = {word.lower() for word in self.keywords}
        if isinstance(other, ForbiddenWords) and words & {
            word.lower() for word in other.forbidden_words
        }:
            return "one word is both required and forbidden"
        if isinstance(other, Frequency) and other.never() and other.keyword.lower() in words:
            return "one word is both required and to appear never"
        return None


@CONSTRAINTS.register("keywords:frequency")
@dataclass(frozen=True)
class Frequency(Constraint):
    mends = Existence.mends

    keyword: str
    frequency: int
    relation: Relation

    def never(self) -> bool:
        return self.relation == "less than" and self.frequency <= 1

    def phase(self) -> int:
        return 0 if self.relation == "less than" else 1

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        relation: Relation = "less than" if rng.random() < 0.4 else "at least"
        # "less than 3" is met by nearly every text; the tight half of the range is the one that
        # asks for something.
        bounds = (
            space.frequency
            if relation == "at least"
            else (space.frequency[0], space.frequency[0] + 1)
        )
        return cls(absent_words(rng, space, question, 1)[0], rng.randint(*bounds), relation)

    def describe(self) -> str:
        return f'In your response, the word "{self.keyword}" should appear {self.relation} {self.frequency} times.'

    def describe_ifeval(self) -> str:
        return f"In your response, the word {self.keyword} should appear {self.relation} {self.frequency} times."

    def inherited(self) -> Inherited:
        return inherited_by(self.relation) if _is_plain(self.keyword) else None

    def official(self, response: str) -> bool:
        count = num_matches(self.keyword.strip(), response)
        return count is not None and compare(count, self.relation, self.frequency)

    def check(self, response: str) -> bool:
        count = count_word(response, self.keyword, in_math=self.relation == "less than")
        return compare(count, self.relation, self.frequency)

    def places(self, response: str) -> list[Span]:
        """Those over the limit."""
        if self.relation == "at least":
            return []
        return keyword_places(response, self.keyword)[self.frequency - 1 :]

    def satisfy(self, draft: Draft) -> None:
        if self.relation == "less than":
            most = self.frequency - 1
            draft.limits[self.keyword] = min(most, draft.limits.get(self.keyword, most))
            return
        if not self.check(draft.text()):
            _add_words(draft, [self.keyword] * (self.frequency + draft.surplus(2)))

    def conflict(self, other: Constraint, question: str) -> str | None:
        if isinstance(other, Frequency) and other.keyword.lower() == self.keyword.lower():
            return "one word is counted twice"
        if isinstance(other, ForbiddenWords) and self.relation == "at least":
            if self.keyword.lower() in {word.lower() for word in other.forbidden_words}:
                return "one word is both counted and forbidden"
        return None


@CONSTRAINTS.register("keywords:forbidden_words")
@dataclass(frozen=True)
class ForbiddenWords(Constraint):
    forbids = True
    mends = "no regular expressions, `_` ends a word, LaTeX commands are no words"

    forbidden_words: tuple[str, ...]

    def phase(self) -> int:
        return 0

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(tuple(absent_words(rng, space, question, 2)))

    def describe(self) -> str:
        return f'Do not include keywords "{list(self.forbidden_words)}" in the response.'

    def describe_ifeval(self) -> str:
        return f"Do not include keywords {list(self.forbidden_words)} in the response."

    def inherited(self) -> Inherited:
        return "parts" if all(map(_is_plain, self.forbidden_words)) else None

    def official(self, response: str) -> bool:
        found = [num_matches(word, response, whole=True) for word in self.forbidden_words]
        return not any(found) and None not in found

    def check(self, response: str) -> bool:
        return not any(count_word(response, word, in_math=True) for word in self.forbidden_words)

    def places(self, response: str) -> list[Span]:
        return [span for word in self.forbidden_words for span in keyword_places(response, word)]

    def satisfy(self, draft: Draft) -> None:
        draft.limits.update(dict.fromkeys(self.forbidden_words, 0))


@CONSTRAINTS.register("keywords:letter_frequency")
@dataclass(frozen=True)
class LetterFrequency(Constraint):
    """IFEval's. The reference replaces a letter outside a-z by a random one; both scorers count the one that was asked
    for, so those two slots of IFEval (keys 1122 and 1129) do not compare with published verdicts."""

    letter: str
    let_frequency: int
    let_relation: Relation

    def __post_init__(self) -> None:
        if 1 not in (len(self.letter), len(self.letter.strip())):
            raise ValueError(f"letter: found {self.letter!r}; expected one character")
        if self.let_frequency < 1:
            raise ValueError(f"let_frequency: found {self.let_frequency}; expected at least 1")

    def phase(self) -> int:
        return 0 if self.let_relation == "less than" else 1

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        letter = rng.choice("abcdefghijklmnopqrstuvwxyz")
        relation: Relation = rng.choice(("less than", "at least"))
        return cls(letter, rng.randint(1, 10), relation)

    def describe(self) -> str:
        return (
            f"In your response, the letter {self.letter} should appear "
            f"{self.let_relation} {self.let_frequency} times."
        )

    def inherited(self) -> Inherited:
        return inherited_by(self.let_relation)

    def official(self, response: str) -> bool:
        letter = self.letter.strip() or self.letter
        count = _lower(response).count(letter.lower())
        return compare(count, self.let_relation, self.let_frequency)

    def places(self, response: str) -> list[Span]:
        """Those over the limit."""
        if self.let_relation == "at least":
            return []
        letter = self.letter.strip() or self.letter
        found = [at for at, char in enumerate(response) if char.lower() == letter.lower()]
        return [(at, at + 1) for at in found[self.let_frequency - 1 :]]

    def satisfy(self, draft: Draft) -> None:
        if self.let_relation == "less than":
            draft.letter_limits[self.letter] = self.let_frequency - 1
        elif not self.check(draft.text()):
            _add_words(draft, [self.letter] * self.let_frequency)

    def conflict(self, other: Constraint, question: str) -> str | None:
        if isinstance(other, LetterFrequency) and other.letter == self.letter:
            return "one letter is counted twice"
        return None
