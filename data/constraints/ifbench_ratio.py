"""IFBench's ratios (https://arxiv.org/abs/2507.02833): stop words, kinds of sentences, overlap, equal sentences."""

import itertools
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from data.constraints import nlp
from data.constraints.arguments import NoArguments, not_blank
from data.constraints.base import CONSTRAINTS, Constraint, Space
from data.constraints.ifbench_count import WORD

_WHOLE_WORD = re.compile(r"\w+(?:['’-]\w+)*")


def _is_percentage(found: float) -> None:
    if not 0 <= found <= 100:
        raise ValueError(f"percentage: found {found}; expected 0 to 100")


@CONSTRAINTS.register("ratio:stop_words")
@dataclass(frozen=True)
class StopWords(Constraint):
    r"""The share of nltk's English stop words among the matches of `\w+`, in the reference's floating point."""

    may_be_zero = frozenset({"percentage"})

    percentage: float

    def __post_init__(self) -> None:
        _is_percentage(self.percentage)

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(rng.randint(9, 53))

    def describe(self) -> str:
        return (
            f"Ensure that stop words constitute no more than {self.percentage:g}% "
            "of the total words in your response."
        )

    def official(self, response: str) -> bool:
        words = WORD.findall(response)
        if not words:
            return False
        found = sum(1 for word in words if word.lower() in nlp.stop_words())
        # In this order: 7 of 50 is more than 14 % in floating point.
        return found / len(words) * 100 <= self.percentage


class _SentenceKinds(NoArguments):
    """Sentences by the mark they end in, in a fixed ratio. Repaired: there are some of each; 0 to 0 passes there."""

    mends = "at least one sentence of each kind"
    ratio: ClassVar[dict[str, int]]  # to the number of questions

    def official(self, response: str) -> bool:
        if not self._has_all_marks(response):
            return next(self._ends(response), None) is None  # one kind is 0: all have to be
        return self._in_ratio(response)

    def check(self, response: str) -> bool:
        return self._has_all_marks(response) and self._in_ratio(response, fewest=1)

    def _has_all_marks(self, text: str) -> bool:
        return all(mark in text for mark in self.ratio)

    def _ends(self, text: str) -> Iterator[str]:
        return (s[-1] for s in nlp.iter_sentences(text) if s.endswith(tuple(self.ratio)))

    def _in_ratio(self, text: str, fewest: int = 0) -> bool:
        counts = Counter(self._ends(text))
        questions = counts["?"]
        return questions >= fewest and all(
            counts[mark] == share * questions for mark, share in self.ratio.items()
        )


@CONSTRAINTS.register("ratio:sentence_type")
@dataclass(frozen=True)
class SentenceType(_SentenceKinds):
    """Twice as many sentences that end in `.` as in `?`."""

    ratio: ClassVar[dict[str, int]] = {".": 2, "?": 1}
    wording = "Maintain a 2:1 ratio of declarative to interrogative sentences."


@CONSTRAINTS.register("ratio:sentence_balance")
@dataclass(frozen=True)
class SentenceBalance(_SentenceKinds):
    """As many sentences that end in `.` as in `?` and in `!`."""

    ratio: ClassVar[dict[str, int]] = {".": 1, "?": 1, "!": 1}
    wording = "Ensure that the ratio of sentence types (declarative, interrogative, exclamatory) is balanced."


@CONSTRAINTS.register("ratio:overlap")
@dataclass(frozen=True)
class Overlap(Constraint):
    """The share of the response's different trigrams that the reference text has too, within 2 points of `percentage`.
    Repaired: of words; of characters there, which any two English texts share."""

    mends = "trigrams of words, case apart; of characters there"
    may_be_zero = frozenset({"percentage"})

    reference_text: str
    percentage: float

    def __post_init__(self) -> None:
        _is_percentage(self.percentage)
        not_blank(reference_text=self.reference_text)

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(question, rng.randint(6, 93))

    def describe(self) -> str:
        return f"Maintain a trigram overlap of {self.percentage:g}% (±2%) with the provided reference text."

    def official(self, response: str) -> bool:
        return self._overlaps(response, self.reference_text)

    def check(self, response: str) -> bool:
        words, reference = (WORD.findall(t.lower()) for t in (response, self.reference_text))
        return self._overlaps(words, reference)

    def _overlaps(self, response: Sequence[str], reference: Sequence[str]) -> bool:
        trigrams = _trigrams(response)
        if not trigrams:
            return False
        share = len(trigrams & _trigrams(reference)) / len(trigrams) * 100
        return self.percentage - 2 <= share <= self.percentage + 2


def _trigrams(units: Sequence[str]) -> set[tuple[str, str, str]]:
    return set(zip(units, units[1:], units[2:], strict=False))


@CONSTRAINTS.register("ratio:sentence_words")
@dataclass(frozen=True)
class SentenceWords(NoArguments):
    """Three sentences of one length. Repaired: and no word twice, case apart."""

    mends = "all words are different, which goes unchecked there"
    wording = (
        "Respond with three sentences, all containing the same number of characters "
        "but using all different words."
    )

    def official(self, response: str) -> bool:
        sentences = list(itertools.islice(nlp.iter_sentences(response), 4))
        return len(sentences) == 3 and len({len(sentence.strip()) for sentence in sentences}) == 1

    def check(self, response: str) -> bool:
        words = _WHOLE_WORD.findall(response.lower())
        return len(set(words)) == len(words) and self.official(response)
