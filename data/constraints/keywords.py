"""Words that must, may or must not occur. Repaired throughout: whole words, escaped, LaTeX commands
are not words."""

import random
from dataclasses import dataclass
from typing import Self

from data.constraints.base import CONSTRAINTS, Constraint, Relation, Space, compare
from data.constraints.draft import WORD_SENTENCES, Draft
from data.constraints.text import count_word


def _add_words(draft: Draft, words: list[str]) -> None:
    """One more sentence with `words`, quoted as the prompt quotes them."""
    quoted = " and ".join(f'"{word}"' for word in words)
    if not draft.add(WORD_SENTENCES, w=quoted):
        draft.lines.append(quoted)  # under a tight word limit


def _absent_words(rng: random.Random, space: Space, question: str, num: int) -> list[str]:
    """Words that the question does not hold, so that asking for or against them is not decided by a
    quotation."""
    return sorted(
        rng.sample([word for word in space.keywords if not count_word(question, word)], num)
    )


@CONSTRAINTS.register("keywords:existence")
@dataclass(frozen=True)
class Existence(Constraint):
    keywords: tuple[str, ...]

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(tuple(_absent_words(rng, space, question, 2)))

    def describe(self) -> str:
        return f'Include keywords "{list(self.keywords)}" in the response.'

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
        return cls(_absent_words(rng, space, question, 1)[0], rng.randint(*bounds), relation)

    def describe(self) -> str:
        return f'In your response, the word "{self.keyword}" should appear {self.relation} {self.frequency} times.'

    def check(self, response: str) -> bool:
        return compare(count_word(response, self.keyword), self.relation, self.frequency)

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
    forbidden_words: tuple[str, ...]

    def phase(self) -> int:
        return 0

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(tuple(_absent_words(rng, space, question, 2)))

    def describe(self) -> str:
        return f'Do not include keywords "{list(self.forbidden_words)}" in the response.'

    def check(self, response: str) -> bool:
        return not any(count_word(response, word) for word in self.forbidden_words)

    def satisfy(self, draft: Draft) -> None:
        draft.limits.update(dict.fromkeys(self.forbidden_words, 0))
