"""IFTrain's first and last words (https://arxiv.org/abs/2507.02833), of sentences and of the response."""

import random
import re
from dataclasses import dataclass
from typing import ClassVar, Self

from data.constraints import nlp
from data.constraints.arguments import NoArguments, not_blank
from data.constraints.base import CONSTRAINTS, Constraint, Space
from data.constraints.iftrain_words import (
    MARKS,
    SENTENCE_END,
    SLACK,
    bare,
    leading_tokens,
    only,
)
from data.constraints.keywords import absent_words
from data.constraints.places import Span, tokens
from data.constraints.text import has_content

_NO_WORD = re.compile(r"[^\w\s]")
_TAIL_CHARS = 320
_TAIL_WORDS = 50


class _First(Constraint):
    """A kind that rules the first word of the response."""

    def conflict(self, other: Constraint, question: str) -> str | None:
        return "two first words" if isinstance(other, _First) else None


@CONSTRAINTS.register("first_word:first_word_sent")
@dataclass(frozen=True)
class FirstWordSent(_First):
    """Repaired: punctuation around the word does not matter, and is no sentence by itself."""

    mends = "punctuation around the word, or by itself, does not matter"

    first_word: str | tuple[str, ...]

    def __post_init__(self) -> None:
        not_blank(first_word=only(self.first_word))

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(absent_words(rng, space, question, 1)[0])

    def describe(self) -> str:
        return f"The first word of each sentence should be the word {only(self.first_word)}."

    def official(self, response: str) -> bool:
        wanted = only(self.first_word)
        return all(_starts_with(wanted, sentence) for sentence in nlp.regex_sentences(response))

    def check(self, response: str) -> bool:
        wanted = bare(only(self.first_word)).lower()
        sentences = filter(has_content, nlp.regex_sentences(response))
        return all(bare(sentence).lower() == wanted for sentence in sentences)


@CONSTRAINTS.register("first_word:first_word_answer")
@dataclass(frozen=True)
class FirstWordAnswer(_First):
    """The first blank-separated token, whatever its case."""

    first_word: str

    def __post_init__(self) -> None:
        not_blank(first_word=self.first_word)

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(absent_words(rng, space, question, 1)[0])

    def describe(self) -> str:
        return f"The first word of your response should be the word {self.first_word}."

    def official(self, response: str) -> bool:
        return _starts_with(self.first_word, response)

    def places(self, response: str) -> list[Span]:
        return tokens(response)[:1]


def _starts_with(word: str, text: str) -> bool:
    return [first.lower() for first in text.split(maxsplit=1)[:1]] == [word.strip().lower()]


@dataclass(frozen=True)
class _Last(Constraint):
    """A kind that rules a last word."""

    wording: ClassVar[str]

    last_word: str | tuple[str, ...]

    def __post_init__(self) -> None:
        not_blank(last_word=only(self.last_word))

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(absent_words(rng, space, question, 1)[0])

    def describe(self) -> str:
        return self.wording.format(last_word=only(self.last_word))

    def _ends(self, text: str) -> bool:
        """Whether the last blank-separated token is the word, once its punctuation is deleted."""
        last = [_NO_WORD.sub("", token).lower() for token in text.rsplit(maxsplit=1)[-1:]]
        return last == [only(self.last_word).lower()]

    def conflict(self, other: Constraint, question: str) -> str | None:
        return "two last words" if type(other) is type(self) else None


@CONSTRAINTS.register("last_word:last_word_sent")
@dataclass(frozen=True)
class LastWordSent(_Last):
    """The same last word in every sentence."""

    wording = "The last word of each sentence, before punctuation, should be the word {last_word}."

    def official(self, response: str) -> bool:
        return all(self._ends(sentence) for sentence in nlp.regex_sentences(response))


@CONSTRAINTS.register("last_word:last_word_answer")
@dataclass(frozen=True)
class LastWordAnswer(_Last):
    """The last blank-separated token, without its punctuation."""

    wording = "The last word of your response should be the word {last_word}."

    def official(self, response: str) -> bool:
        return self._ends(response)

    def places(self, response: str) -> list[Span]:
        return tokens(response)[-1:]


@CONSTRAINTS.register("keywords:start_end")
@dataclass(frozen=True)
class StartEnd(NoArguments):
    """The first and the last of two or more tokens are equal but for their case."""

    wording = (
        "Start and end your response with the same word "
        "(do not write anything after the last word, not even punctuation)."
    )

    def official(self, response: str) -> bool:
        text = response.strip()
        if text[0] in MARKS or text[-1] in MARKS:
            return len(text) > 1 and text[0] == text[-1]
        first = leading_tokens(response, 2)
        return len(first) == 2 and first[0].lower() == _last_token(response).lower()


def _last_token(text: str) -> str:
    """The last of `nlp.tokens(text)`, from the end alone: what lies further off than a few words does not matter."""
    # What comes in pairs, as in `--`, may have its first half before the cut.
    tail = text.rstrip()[-_TAIL_CHARS:].lstrip("-',:`")
    if not SENTENCE_END.search(tail) and len(found := nlp.tokens(tail)) > SLACK:
        return found[-1]
    words = text.rsplit(maxsplit=_TAIL_WORDS)
    last_words = text[len(words[0]) :].lstrip() if len(words) > _TAIL_WORDS else text
    return nlp.tokens(last_words)[-1]
