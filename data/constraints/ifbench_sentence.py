"""IFBench's `sentence` kinds (https://arxiv.org/abs/2507.02833); a sentence is nltk's."""

import itertools
import random
import re
import string
from dataclasses import dataclass
from typing import Self

from data.constraints.arguments import NoArguments, SmallNumber, a_word, at_least, depunct
from data.constraints.base import CONSTRAINTS, Constraint, Space
from data.constraints.keywords import absent_words
from data.constraints.nlp import iter_sentences


@CONSTRAINTS.register("sentence:alliteration_increment")
@dataclass(frozen=True)
class AlliterationIncrement(NoArguments):
    """One sentence passes, with any words."""

    wording = "Each sentence must have a longer sequence of consecutive alliterative words than the previous one."

    def official(self, response: str) -> bool:
        previous = -1
        for sentence in iter_sentences(response):
            score = _alliteration(sentence)
            if score <= previous:
                return False
            previous = score
        return True


def _alliteration(sentence: str) -> int:
    """The number of words in runs that share their first character, over all runs of two and more."""
    words = (word.lstrip(string.punctuation) for word in sentence.lower().split())
    score, running = 0, False
    for left, right in itertools.pairwise(word[0] for word in words if word):
        if left == right:
            score += 1 if running else 2
        running = left == right
    return score


@CONSTRAINTS.register("sentence:increment")
@dataclass(frozen=True)
class SentenceIncrement(SmallNumber):
    """Words are blank-separated, without ASCII punctuation; one sentence passes."""

    wording = "Each sentence must contain exactly {small_n} more words than the previous one."
    drawn = (1, 5)

    def official(self, response: str) -> bool:
        counts = (len(depunct(sentence).split()) for sentence in iter_sentences(response))
        return all(
            longer - shorter == self.small_n for shorter, longer in itertools.pairwise(counts)
        )


@CONSTRAINTS.register("sentence:keyword")
@dataclass(frozen=True)
class SentenceKeyword(Constraint):
    """Any case, whole words; `_` is part of a word."""

    word: str
    N: int

    def __post_init__(self) -> None:
        a_word(word=self.word)
        at_least(1, N=self.N)

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(absent_words(rng, space, question, 1)[0], rng.randint(1, 20))

    def describe(self) -> str:
        return f'The response must include keyword "{self.word}" in the {self.N}-th sentence.'

    def official(self, response: str) -> bool:
        sentence = next(itertools.islice(iter_sentences(response), self.N - 1, None), "")
        return re.search(rf"\b{re.escape(self.word)}\b", sentence, re.IGNORECASE) is not None
