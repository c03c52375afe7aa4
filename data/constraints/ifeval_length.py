"""IFEval's counts of sentences and paragraphs (https://arxiv.org/abs/2311.07911)."""

import random
import re
from dataclasses import dataclass
from typing import Self

from data.constraints.base import CONSTRAINTS, Constraint, Inherited, Relation, Space, inherited_by
from data.constraints.draft import Draft
from data.constraints.nlp import has_sentences, sentences
from data.constraints.places import Span, matches, parts_of, tokens

STARS = re.compile(r"\s?\*\*\*\s?")
_DIVIDER = re.compile(r"^[ \t]*(?:\*{3,}|\* \* \*)[ \t]*$", re.MULTILINE)
FIRST_WORDS = ("now", "then", "first", "here", "this", "we", "so", "today", "numbers")


def pieces(parts: list[str]) -> list[str] | None:
    """The parts that are not blank; None when a blank one lies between others."""
    if not all(part.strip() for part in parts[1:-1]):
        return None
    return [part for part in parts if part.strip()]


def divided(text: str) -> int | None:
    """How many paragraphs three stars divide `text` into, as the reference counts; None when one between others is
    blank."""
    if "***" not in text:
        return 1 if text.strip() else 0
    found = pieces(STARS.split(text))
    return None if found is None else len(found)


def divided_by_lines(text: str) -> int | None:
    """The same, but only a line of its own, `***` or `* * *`, divides."""
    found = pieces(_DIVIDER.split(text))
    return None if found is None else len(found)


@CONSTRAINTS.register("length_constraints:number_sentences")
@dataclass(frozen=True)
class NumberSentences(Constraint):
    """Sentences are punkt's."""

    num_sentences: int
    relation: Relation

    def phase(self) -> int:
        return 0 if self.relation == "less than" else 2

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(rng.randint(2, 20), rng.choice(("less than", "at least")))

    def describe(self) -> str:
        return f"Your response should contain {self.relation} {self.num_sentences} sentences."

    def inherited(self) -> Inherited:
        return inherited_by(self.relation)

    def official(self, response: str) -> bool:
        return has_sentences(response, self.num_sentences) is (self.relation == "at least")

    def places(self, response: str) -> list[Span]:
        """From the first sentence over the limit to the end."""
        if self.relation == "at least":
            return []
        return parts_of(response, sentences(response))[self.num_sentences - 1 :]

    def satisfy(self, draft: Draft) -> None:
        if self.relation == "less than":
            draft.max_sentences = self.num_sentences - 1
        else:
            draft.fill(lambda d: has_sentences(d.text(), self.num_sentences))

    def conflict(self, other: Constraint, question: str) -> str | None:
        if isinstance(other, NumberSentences):
            return "sentences are counted twice"
        return None


@CONSTRAINTS.register("length_constraints:number_paragraphs")
@dataclass(frozen=True)
class NumberParagraphs(Constraint):
    mends = "a divider is a line of its own, `***` or `* * *`"

    num_paragraphs: int

    def phase(self) -> int:
        return 4

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(rng.randint(1, 5))

    def describe(self) -> str:
        return (
            f"There should be {self.num_paragraphs} paragraphs. "
            "Paragraphs are separated with the markdown divider: ***"
        )

    def official(self, response: str) -> bool:
        return divided(response) == self.num_paragraphs

    def check(self, response: str) -> bool:
        return divided_by_lines(response) == self.num_paragraphs

    def places(self, response: str) -> list[Span]:
        """Dividers over the number."""
        return matches(_DIVIDER, response)[self.num_paragraphs - 1 :]

    def satisfy(self, draft: Draft) -> None:
        draft.group_lines(self.num_paragraphs, "***")

    def conflict(self, other: Constraint, question: str) -> str | None:
        return "paragraphs are counted twice" if isinstance(other, NumberParagraphs) else None


@CONSTRAINTS.register("length_constraints:nth_paragraph_first_word")
@dataclass(frozen=True)
class NthParagraphFirstWord(Constraint):
    mends = "the n-th paragraph that is not blank; quotes and emphasis before the word, any punctuation after it"

    num_paragraphs: int
    nth_paragraph: int
    first_word: str

    def __post_init__(self) -> None:
        if not 1 <= self.nth_paragraph <= self.num_paragraphs:
            raise ValueError(
                f"nth_paragraph: found {self.nth_paragraph}; expected 1 to num_paragraphs = {self.num_paragraphs}"
            )

    def phase(self) -> int:
        return 4

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        num = rng.randint(1, 5)
        return cls(num, rng.randint(1, num), rng.choice(FIRST_WORDS))

    def describe(self) -> str:
        return (
            f"There should be {self.num_paragraphs} paragraphs. Paragraphs and only paragraphs are separated with "
            "each other by two new lines as if it was '\\n\\n' in python. "
            f"Paragraph {self.nth_paragraph} must start with word {self.first_word}."
        )

    def official(self, response: str) -> bool:
        parts = response.split("\n\n")
        if sum(1 for part in parts if part.strip()) != self.num_paragraphs:
            return False
        words = parts[self.nth_paragraph - 1].split(maxsplit=1)
        if not words:
            return False
        word = re.split(r"""[.,?!'"]""", words[0].lstrip("'").lstrip('"'), maxsplit=1)[0]
        # The reference lower-cases letter by letter, and so do we.
        return "".join(map(str.lower, word)) == self.first_word.lower()

    def check(self, response: str) -> bool:
        parts = [part for part in response.split("\n\n") if part.strip()]
        if len(parts) != self.num_paragraphs:
            return False
        found = re.match(r"""[\s"'“”‘’*_#]*([^\W_]+)""", parts[self.nth_paragraph - 1])
        return found is not None and found[1].lower() == self.first_word.lower()

    def places(self, response: str) -> list[Span]:
        """Paragraphs over the number; if that is right, the first word of the n-th."""
        parts = [part for part in response.split("\n\n") if part.strip()]
        found = parts_of(response, parts)
        if len(parts) != self.num_paragraphs:
            return found[self.num_paragraphs :]
        start, end = found[self.nth_paragraph - 1]
        first, last = tokens(response[start:end])[0]
        return [(start + first, start + last)]

    def satisfy(self, draft: Draft) -> None:
        draft.group_lines(self.num_paragraphs, "")
        starts = [0, *(k + 1 for k, line in enumerate(draft.lines) if line == "")]
        start = starts[min(self.nth_paragraph, len(starts)) - 1]
        draft.lines[start] = f"{self.first_word.capitalize()} {draft.lines[start]}"

    def conflict(self, other: Constraint, question: str) -> str | None:
        return "paragraphs are counted twice" if isinstance(other, NthParagraphFirstWord) else None
