"""What the response must start with, end with or be wrapped in."""

import random
import re
from dataclasses import dataclass
from typing import Self

from data.constraints.arguments import NoArguments
from data.constraints.base import CONSTRAINTS, Constraint, Space
from data.constraints.draft import Draft
from data.constraints.keywords import ForbiddenWords, Frequency
from data.constraints.length import NumberWords
from data.constraints.places import Span, tokens, words_at_end
from data.constraints.punctuation import NoComma
from data.constraints.text import count_words

END_PHRASES = ("Any other questions?", "Is there anything else I can help with?")
_TRAILING = " \t\r\n\f\v\"'“”‘’*_`"
_DOUBLE = '"“”'


@CONSTRAINTS.register("startend:end_checker")
@dataclass(frozen=True)
class EndChecker(Constraint):
    """Repaired: closing quotes and emphasis after the phrase are forgiven, a letter glued before it
    is not."""

    mends = "closing quotes and emphasis are forgiven, a letter glued before the phrase is not"

    end_phrase: str

    def phase(self) -> int:
        return 6

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(rng.choice(END_PHRASES))

    def describe(self) -> str:
        return f'Finish your response with this exact phrase "{self.end_phrase}". No other words should follow this phrase.'

    def describe_ifeval(self) -> str:
        return f"Finish your response with this exact phrase {self.end_phrase}. No other words should follow this phrase."

    def official(self, response: str) -> bool:
        return response.strip().strip('"').lower().endswith(self.end_phrase.strip().lower())

    def check(self, response: str) -> bool:
        text = response.rstrip(_TRAILING).lower()
        phrase = self.end_phrase.strip().rstrip(_TRAILING).lower()
        before = text[: -len(phrase)] if phrase else text
        return text.endswith(phrase) and not before[-1:].isalpha()

    def places(self, response: str) -> list[Span]:
        """What follows the phrase, or what stands at the end in its place."""
        found = [*re.finditer(re.escape(self.end_phrase.strip()), response, re.IGNORECASE)]
        after = response[found[-1].end() :] if found else ""
        if after.strip(_TRAILING):
            return [(len(response) - len(after.lstrip()), len(response.rstrip()))]
        return words_at_end(response, len(self.end_phrase.strip()))

    def satisfy(self, draft: Draft) -> None:
        draft.lines.append(self.end_phrase)

    def conflict(self, other: Constraint, question: str) -> str | None:
        if isinstance(other, EndChecker):
            return "two endings"
        if isinstance(other, NumberWords) and other.relation == "less than":
            if count_words(self.end_phrase) + 1 >= other.num_words:
                return "the phrase and an answer are over the word limit"
        return _quoted_text_conflict(self.end_phrase, other)


@CONSTRAINTS.register("startend:quotation")
@dataclass(frozen=True)
class Quotation(NoArguments):
    r"""Repaired: one pair of quotes (straight or curly) has to embrace the whole, so `"a" and "b"`
    fails."""

    wraps = True
    mends = 'one pair around a text that is not blank; `"a" and "b"` fails, curly quotes pass'

    wording = "Wrap your entire response with double quotation marks. "

    def phase(self) -> int:
        return 8

    def describe_ifeval(self) -> str:
        return self.describe().rstrip()

    def official(self, response: str) -> bool:
        text = response.strip()
        return len(text) > 1 and text[0] == text[-1] == '"'

    def check(self, response: str) -> bool:
        text = response.strip()
        if len(text) < 3 or (text[0], text[-1]) not in {('"', '"'), ("“", "”")}:
            return False
        inside = text[1:-1]
        first = inside.find('"')
        if not inside.strip() or inside.count('"') % 2:
            return False
        if first < 0:
            return True
        opens = first == 0 or inside[first - 1].isspace() or inside[first - 1] in "([{"
        return opens and not inside[first + 1].isspace()

    def places(self, response: str) -> list[Span]:
        """An end without its quotation mark; where both have one, the marks between them."""
        start, end = len(response) - len(response.lstrip()), len(response.rstrip())
        ends = [
            (at, at + 1)
            for at, mark in ((start, '"“'), (end - 1, '"”'))
            if response[at] not in mark
        ]
        inner = [(at, at + 1) for at in range(start + 1, end - 1) if response[at] in _DOUBLE]
        return ends or inner

    def satisfy(self, draft: Draft) -> None:
        draft.replace(f'"{draft.text()}"')


@CONSTRAINTS.register("combination:repeat_prompt")
@dataclass(frozen=True)
class RepeatPrompt(Constraint):
    """Repaired: runs of blanks compare equal, and something has to follow the repetition."""

    mends = "runs of blanks are equal, an answer has to follow"

    prompt_to_repeat: str

    def phase(self) -> int:
        return 6

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(question)

    def describe(self) -> str:
        return (
            "First repeat the request word for word without change, then give your answer (1. do not say any words or "
            "characters before repeating the request; 2. the request you need to repeat does not include this sentence)"
        )

    def official(self, response: str) -> bool:
        return response.strip().lower().startswith(self.prompt_to_repeat.strip().lower())

    def check(self, response: str) -> bool:
        text, prompt = (
            " ".join(part.lower().split()) for part in (response, self.prompt_to_repeat)
        )
        return text.startswith(prompt) and re.search(r"[^\W_]", text[len(prompt) :]) is not None

    def places(self, response: str) -> list[Span]:
        """The first word that departs from the prompt."""
        wanted = self.prompt_to_repeat.lower().split()
        for word, (start, end) in zip(wanted, tokens(response), strict=False):
            if response[start:end].lower() != word:
                return [(start, end)]
        return []

    def satisfy(self, draft: Draft) -> None:
        draft.replace(f"{self.prompt_to_repeat.strip()}\n{draft.text()}")

    def conflict(self, other: Constraint, question: str) -> str | None:
        if isinstance(other, RepeatPrompt):
            return "two prompts to repeat"
        if isinstance(other, Quotation) and not self.prompt_to_repeat.lstrip().startswith('"'):
            return "the response starts with the prompt, not with a quotation mark"
        if isinstance(other, NumberWords) and other.relation == "less than":
            if count_words(self.prompt_to_repeat) + 1 >= other.num_words:
                return "the prompt and an answer are over the word limit"
        return _quoted_text_conflict(self.prompt_to_repeat, other)


def _quoted_text_conflict(quoted: str, other: Constraint) -> str | None:
    """Why a response that must hold the text `quoted` cannot meet `other`."""
    if isinstance(other, NoComma) and not other.check(quoted):
        return "the quoted text has a comma"
    if isinstance(other, ForbiddenWords) and not other.check(quoted):
        return "the quoted text has a forbidden word"
    if isinstance(other, Frequency) and other.relation == "less than" and not other.check(quoted):
        return "the quoted text has the word too often"
    return None
