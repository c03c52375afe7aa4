r"""Capital and lowercase letters. Repaired: math spans and `\boxed{}` have no case, so they never
fail a response."""

import random
import re
from dataclasses import dataclass
from typing import ClassVar, Self

from data.constraints.arguments import NoArguments
from data.constraints.base import (
    CONSTRAINTS,
    Constraint,
    Inherited,
    Relation,
    Space,
    compare,
    inherited_by,
)
from data.constraints.draft import Draft
from data.constraints.language import ResponseLanguage, is_detected_as, is_language
from data.constraints.nlp import num_capital_tokens
from data.constraints.places import Span, matches, prose_in_place, words_in_place
from data.constraints.text import map_math, math_spans, prose, without_math

_WORD = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")
_WITH_DIGIT = re.compile(r"(?<!\w)\w*\d\w*")


class _OneCase(NoArguments):
    """What the two cases share; `upper` tells them apart."""

    upper: ClassVar[bool]
    mends = "formulas and commands have no case; a text whose language cannot be told fails"

    def phase(self) -> int:
        return 7

    def official(self, response: str) -> bool:
        one_case = response.isupper() if self.upper else response.islower()
        return one_case and is_detected_as(response, "en")

    def check(self, response: str) -> bool:
        words = prose(response)
        one_case = words.isupper() if self.upper else words.islower()
        return one_case and is_language(response, "en")

    def places(self, response: str) -> list[Span]:
        """Words with a letter of the other case."""
        shown = prose_in_place(response)
        return [
            (start, end)
            for start, end in matches(_WORD, shown)
            if any(char.islower() if self.upper else char.isupper() for char in shown[start:end])
        ]

    def satisfy(self, draft: Draft) -> None:
        recase = str.upper if self.upper else str.lower
        draft.replace(map_math(draft.text(), str, recase))

    def conflict(self, other: Constraint, question: str) -> str | None:
        if isinstance(other, _OneCase) and other.upper is not self.upper:
            return "capital and lowercase letters"
        if isinstance(other, ResponseLanguage) and other.language != "en":
            return "English and another language"
        return None


@CONSTRAINTS.register("change_case:english_capital")
@dataclass(frozen=True)
class EnglishCapital(_OneCase):
    upper = True

    wording = "Your entire response should be in English, and in all capital letters."

    def conflict(self, other: Constraint, question: str) -> str | None:
        if isinstance(other, CapitalWordFrequency) and other.capital_relation == "less than":
            return "all capital letters and few capital words"
        return super().conflict(other, question)


@CONSTRAINTS.register("change_case:english_lowercase")
@dataclass(frozen=True)
class EnglishLowercase(_OneCase):
    upper = False

    wording = "Your entire response should be in English, and in all lowercase letters. No capital letters are allowed."

    def conflict(self, other: Constraint, question: str) -> str | None:
        if isinstance(other, CapitalWordFrequency) and other.capital_relation == "at least":
            return "lowercase letters and capital words"
        return super().conflict(other, question)


@CONSTRAINTS.register("change_case:capital_word_frequency")
@dataclass(frozen=True)
class CapitalWordFrequency(Constraint):
    """Repaired: words of two letters or more outside mathematics; `I`, `2AC` and `A=3` are not
    capital words."""

    mends = "words of two letters or more outside formulas"

    capital_frequency: int
    capital_relation: Relation

    def phase(self) -> int:
        return 5

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        # "less than" is met by any ordinary text: the model would learn nothing from it, so it is
        # the rarer one.
        relation: Relation = "less than" if rng.random() < 0.2 else "at least"
        return cls(rng.randint(*space.capital_words), relation)

    def describe(self) -> str:
        return (
            "In your response, words with all capital letters should appear "
            f"{self.capital_relation} {self.capital_frequency} times."
        )

    def inherited(self) -> Inherited:
        return inherited_by(self.capital_relation)

    def official(self, response: str) -> bool:
        return compare(num_capital_tokens(response), self.capital_relation, self.capital_frequency)

    def check(self, response: str) -> bool:
        return compare(self._count(response), self.capital_relation, self.capital_frequency)

    def places(self, response: str) -> list[Span]:
        """Those over the limit."""
        if self.capital_relation == "at least":
            return []
        shown = _WITH_DIGIT.sub(lambda match: " " * len(match.group()), words_in_place(response))
        words = [span for span in matches(_WORD, shown) if _is_capital(shown[slice(*span)])]
        return words[self.capital_frequency - 1 :]

    @staticmethod
    def _count(text: str) -> int:
        return sum(map(_is_capital, _WORD.findall(prose_with_digits(text))))

    def satisfy(self, draft: Draft) -> None:
        if self.capital_relation == "less than":
            return
        wanted = self.capital_frequency + draft.surplus(2)
        draft.fill(lambda d: len(_candidates(d.text())) >= wanted)
        text = draft.text()
        missing = wanted - self._count(text)
        # From the first word on: where a writer who was asked for capitals would put them.
        for start, end in reversed(_candidates(text)[: max(missing, 0)]):
            text = text[:start] + text[start:end].upper() + text[end:]
        draft.replace(text)

    def conflict(self, other: Constraint, question: str) -> str | None:
        if isinstance(other, CapitalWordFrequency):
            return "capital words are counted twice"
        return None


def prose_with_digits(text: str) -> str:
    """Text outside mathematics, without control sequences: digits stay, so that `2AC` is not a
    word."""
    words = re.sub(r"\\[A-Za-z]+", " ", without_math(text))
    return _WITH_DIGIT.sub(" ", words)


def _is_capital(word: str) -> bool:
    return len(word) > 1 and word.isupper()


def _candidates(text: str) -> list[tuple[int, int]]:
    """Spans of words outside mathematics that could be written in capitals and are not yet."""
    spans = math_spans(text)
    return [
        match.span()
        for match in _WORD.finditer(text)
        if len(match.group()) > 1
        and not match.group().isupper()
        and not any(start <= match.start() < end for start, end in spans)
    ]
