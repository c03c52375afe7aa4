"""IFBench's demands on every word (https://arxiv.org/abs/2507.02833): letters, lengths, syllables, positions."""

import functools
import itertools
import random
import re
import string
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Self

import syllapy

from data.constraints import nlp
from data.constraints.arguments import EDGE, NoArguments, SmallNumber, a_word, at_least, depunct
from data.constraints.base import CONSTRAINTS, Constraint, Space
from data.constraints.keywords import absent_words
from data.constraints.text import has_content

_CLUSTER = re.compile("[bcdfghjklmnpqrstvwxyz]{2}")
_PRIMES = frozenset(n for n in range(2, 98) if all(n % divisor for divisor in range(2, n)))


def _bare_words(text: str) -> list[str]:
    """Lower-case words without any mark: `don't` is `dont`."""
    return depunct(text.lower()).split()


def _neighbours_differ(items: Iterable[object]) -> bool:
    return all(a != b for a, b in itertools.pairwise(items))


def _word_tokens(text: str) -> Iterator[str]:
    """Tokens of `word_tokenize` with a letter or digit."""
    return (token for token in nlp.iter_tokens(text) if any(map(str.isalnum, token)))


@CONSTRAINTS.register("words:alphabet")
@dataclass(frozen=True)
class Alphabet(NoArguments):
    """Words start with consecutive letters, from any letter on."""

    wording = (
        "Each word must start with the next letter of the alphabet, looping back to 'A' after 'Z'."
    )

    def official(self, response: str) -> bool:
        words = depunct(response).split()
        first = words[0][0].lower() if words else "-"
        start = string.ascii_lowercase.find(first)
        letters = itertools.islice(itertools.cycle(string.ascii_lowercase), max(start, 0), None)
        return start >= 0 and all(
            word.lower()[0] == letter for word, letter in zip(words, letters, strict=False)
        )


@CONSTRAINTS.register("words:vowel")
@dataclass(frozen=True)
class Vowel(NoArguments):
    """One line with at most three of the five vowels."""

    wording = "Write a paragraph using words that contain only three types of vowels."

    def official(self, response: str) -> bool:
        text = response.strip().lower()
        return "\n" not in text and sum(vowel in text for vowel in "aeiou") <= 3


@CONSTRAINTS.register("words:consonants")
@dataclass(frozen=True)
class Consonants(NoArguments):
    """Two neighbouring consonants in every word; `y` is one, and `a` has none."""

    wording = (
        "Ensure each word in your response has at least one consonant cluster "
        "(two or more consonants together)."
    )

    def official(self, response: str) -> bool:
        return all(_CLUSTER.search(word) for word in response.lower().split())


@CONSTRAINTS.register("words:palindrome")
@dataclass(frozen=True)
class Palindrome(NoArguments):
    """Ten palindromes of five characters or more. Repaired: ten different ones, with a letter or digit."""

    mends = "different palindromes, with a letter or digit"
    wording = "Include at least 10 single-word palindromes, each at least 5 characters long."

    def official(self, response: str) -> bool:
        return len(_palindromes(response)) >= 10

    def check(self, response: str) -> bool:
        return sum(map(has_content, set(_palindromes(response)))) >= 10


def _palindromes(text: str) -> list[str]:
    words = depunct(text).lower().split()
    return [word for word in words if len(word) >= 5 and word == word[::-1]]


@CONSTRAINTS.register("words:prime_lengths")
@dataclass(frozen=True)
class PrimeLengths(NoArguments):
    """The length of every word, marks deleted, is a prime below 100."""

    wording = "Use only words with lengths that are prime numbers."

    def official(self, response: str) -> bool:
        return all(len(word) in _PRIMES for word in depunct(response).split())


@CONSTRAINTS.register("words:start_verb")
@dataclass(frozen=True)
class StartVerb(NoArguments):
    """The first token is a verb to nltk's tagger. Raises UserError where the tagger's data is not there."""

    wording = "The response must start with a verb."

    def official(self, response: str) -> bool:
        return "VB" in nlp.first_tag(response)


@CONSTRAINTS.register("words:repeats")
@dataclass(frozen=True)
class Repeats(SmallNumber):
    """Every word at most `small_n` times, case and marks apart."""

    wording = "The response should not repeat any word more than {small_n} times."
    drawn = (2, 5)

    def official(self, response: str) -> bool:
        return max(Counter(_bare_words(response)).values(), default=0) <= self.small_n


@CONSTRAINTS.register("words:odd_even_syllables")
@dataclass(frozen=True)
class OddEvenSyllables(NoArguments):
    """Neighbouring words differ in the parity of their syllables, as syllapy counts them."""

    wording = "Alternate between words with odd and even numbers of syllables."

    def official(self, response: str) -> bool:
        return _neighbours_differ(map(_parity, _bare_words(response)))


@functools.lru_cache(65536)
def _parity(word: str) -> int:
    return int(syllapy.count(word)) % 2


@CONSTRAINTS.register("words:last_first")
@dataclass(frozen=True)
class LastFirst(NoArguments):
    """Every sentence starts with the last word of the one before, case and marks apart."""

    wording = "The last word of each sentence must become the first word of the next sentence."

    def official(self, response: str) -> bool:
        for before, after in itertools.pairwise(nlp.iter_sentences(response)):
            last = before.rstrip(EDGE).rsplit(None, 1)[-1:]
            first = after.lstrip(EDGE).split(None, 1)[:1]
            if not last or not first or last[0].lower() != first[0].lower():
                return False
        return True


@CONSTRAINTS.register("words:paragraph_last_first")
@dataclass(frozen=True)
class ParagraphLastFirst(NoArguments):
    """Every line ends with the word it starts with, case and marks around the line apart."""

    wording = "Each paragraph must end with the same word it started with, separate paragraphs with a newline."

    def official(self, response: str) -> bool:
        for line in response.split("\n"):
            words = line.strip().lower().strip(EDGE).split()
            if words and words[0] != words[-1]:
                return False
        return True


@CONSTRAINTS.register("words:no_consecutive")
@dataclass(frozen=True)
class NoConsecutive(NoArguments):
    """Neighbouring words start with different characters, case and marks apart."""

    forbids = True
    wording = "No two consecutive words can share the same first letter."

    def official(self, response: str) -> bool:
        return _neighbours_differ(word[0] for word in _bare_words(response))


def _occurs(keyword: str, text: str) -> bool:
    """Whether a token can be `keyword`, case apart; the reference's verdict at a hundredth of the time."""
    return keyword.casefold() in text.casefold()


@CONSTRAINTS.register("words:keywords_specific_position")
@dataclass(frozen=True)
class KeywordsSpecificPosition(Constraint):
    """The m-th word of the n-th sentence, both counted from 1, is the keyword, case apart."""

    keyword: str
    n: int
    m: int

    def __post_init__(self) -> None:
        a_word(keyword=self.keyword)
        at_least(1, n=self.n, m=self.m)

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        keyword = absent_words(rng, space, question, 1)[0]
        return cls(keyword, rng.randint(22, 25), rng.randint(33, 36))

    def describe(self) -> str:
        return (
            f"Include keyword {self.keyword.strip()} in the {self.n}-th sentence, "
            f"as the {self.m}-th word of that sentence."
        )

    def official(self, response: str) -> bool:
        keyword = self.keyword.strip()
        if not _occurs(keyword, response):
            return False
        sentence = next(itertools.islice(nlp.iter_sentences(response), self.n - 1, None), "")
        word = next(itertools.islice(_word_tokens(sentence), self.m - 1, None), "")
        return word.lower() == keyword.lower()


@CONSTRAINTS.register("words:words_position")
@dataclass(frozen=True)
class WordsPosition(Constraint):
    """The second word and the second to last one are the keyword, case apart. Repaired: marks are no words; a mark
    counts as one there, unless it is the very last token."""

    mends = "marks are no words"

    keyword: str

    def __post_init__(self) -> None:
        a_word(keyword=self.keyword)

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(absent_words(rng, space, question, 1)[0])

    def describe(self) -> str:
        return (
            "The second word in your response and the second to last word in your response "
            f"should be the word {self.keyword.strip()}."
        )

    def official(self, response: str) -> bool:
        if not self._is_second(response, nlp.iter_tokens):
            return False
        tokens = nlp.tokens(response)
        last = tokens[:-1] if tokens[-1] in string.punctuation else tokens
        return len(last) > 1 and self._is(last[-2])

    def check(self, response: str) -> bool:
        if not self._is_second(response, _word_tokens):
            return False
        return self._is(list(_word_tokens(response))[-2])

    def _is_second(self, response: str, tokens: Callable[[str], Iterator[str]]) -> bool:
        """Looks no further than the second token."""
        if not _occurs(self.keyword.strip(), response):
            return False
        return self._is(next(itertools.islice(tokens(response), 1, None), ""))

    def _is(self, token: str) -> bool:
        return token.lower() == self.keyword.strip().lower()
