"""Which questions of a benchmark a training text holds: equal questions, and shared word n-grams.

Equal: the same words, however they are spelled (data/decontaminate/words.py). N-grams: Tulu 3's rule
(https://arxiv.org/abs/2411.15124, section 3.2): more than `share` of the question's words lie in n-grams that the text has
too. Coverage is of the question, so a question inside of a long prompt counts, and a text that is a small part of a long
question does not. Questions shorter than n words match by equality only.

Phrases that a whole training set repeats ("where m and n are relatively prime positive integers", the sentences in which IF
data word their constraints) would make a short question look known. As in GPT-3 (https://arxiv.org/abs/2005.14165, appendix
C), an n-gram in more than 10 training rows does not count; ours is 1 row in 1,000 where that is more. Unlike there, a
question all of whose n-grams are that frequent counts in full: it is not a phrase, it is in the data many times.

The rule does not read: a problem that differs in its numbers is another problem, and stays as long as its numbers interrupt
the shared runs. Where they don't, it goes, and the report says `other_numbers`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from data.decontaminate.words import joined, numbers, words
from data.held_out import Question

PHRASE_ROWS, PHRASE_RATE = 10, 1 / 1000

Gram = tuple[str, ...]


class Match(NamedTuple):
    """share: of the question's words, in [0, 1]; other_numbers: the question has numbers that the training text lacks; text:
    the longest run of words that both have."""

    benchmark: str
    id: str
    how: Literal["equal", "ngram"]
    share: float
    other_numbers: bool
    text: str


@dataclass(eq=False)
class _Entry:
    """One distinct question. grams: ids of its n-grams, in order; owners: benchmark and id, of each that asks it."""

    words: list[str]
    grams: list[int] = field(default_factory=list)
    owners: list[tuple[str, str]] = field(default_factory=list)


class _Place(NamedTuple):
    """Where an n-gram begins in a question."""

    entry: _Entry
    position: int


class _Text(NamedTuple):
    """What a training text has in common with any question. grams: ids."""

    words: list[str]
    equal: _Entry | None
    grams: set[int]


class Overlap:
    """An index of benchmarks' questions. ngram in words; share in [0, 1)."""

    def __init__(
        self, questions: Mapping[str, Iterable[Question]], ngram: int, share: float
    ) -> None:
        self.ngram = ngram
        self.share = share
        self._by_text: dict[str, list[_Entry]] = {}
        self._ids: dict[Gram, int] = {}  # of every n-gram: texts hash each of theirs once
        self._places: list[list[_Place]] = []  # by id
        # Every n-gram holds a whole block of this size that begins at a multiple of it: most texts need one look per block.
        self._block = (ngram + 1) // 2
        self._blocks: set[Gram] = set()
        for benchmark, asked in questions.items():
            for question in asked:
                self._add(benchmark, question)

    def _add(self, benchmark: str, question: Question) -> None:
        found = words(question.text)
        entry = self._equal(found)
        if entry is None:
            entry = _Entry(found)
            self._by_text.setdefault(joined(found), []).append(entry)
            for position, gram in enumerate(_grams(found, self.ngram)):
                identifier = self._ids.setdefault(gram, len(self._places))
                if identifier == len(self._places):
                    self._places.append([])
                self._places[identifier].append(_Place(entry, position))
                entry.grams.append(identifier)
            self._blocks.update(_grams(found, self._block))
        entry.owners.append((benchmark, question.id))

    def _equal(self, found: list[str]) -> _Entry | None:
        for entry in self._by_text.get(joined(found), ()) if found else ():
            if numbers(entry.words) == numbers(found):
                return entry
        return None

    def find(self, texts: Iterable[str]) -> list[tuple[Match, ...]]:
        """For each text of a training set, the best match in each benchmark; () for one that holds no question."""
        seen = [self._look(text) for text in texts]
        frequency = Counter(gram for text in seen for gram in text.grams)
        limit = max(PHRASE_ROWS, PHRASE_RATE * len(seen))
        phrases = {gram for gram, rows in frequency.items() if rows > limit}
        counting = _Counting(self._places, phrases, self.ngram)
        return [self._matches(text, counting) if text.words else () for text in seen]

    def _look(self, text: str) -> _Text:
        found = words(text)
        equal = self._equal(found)
        grams = self._known_grams(found)
        return _Text(found, equal, grams) if equal or grams else _NOTHING

    def _known_grams(self, found: list[str]) -> set[int]:
        """The n-grams of `found` that some question has."""
        size, ngram = self._block, self.ngram
        blocks = zip(*(found[start::size] for start in range(size)), strict=False)
        known = [number * size for number, block in enumerate(blocks) if block in self._blocks]
        starts = {start for at in known for start in range(max(0, at + size - ngram), at + 1)}
        grams = (self._ids.get(tuple(found[start : start + ngram])) for start in starts)
        return {gram for gram in grams if gram is not None}

    def _matches(self, text: _Text, counting: "_Counting") -> tuple[Match, ...]:
        covered: dict[_Entry, set[int]] = {}
        for gram in text.grams:
            for entry, position in counting.places(gram):
                covered.setdefault(entry, set()).update(range(position, position + self.ngram))
        shares = {entry: len(found) / counting.num_words(entry) for entry, found in covered.items()}
        matched: list[tuple[_Entry, Literal["equal", "ngram"], float, list[str]]] = []
        if text.equal:
            matched.append((text.equal, "equal", 1.0, text.equal.words))
        for entry, share in sorted(shares.items(), key=lambda item: (-item[1], item[0].owners)):
            if share > self.share:
                matched.append((entry, "ngram", share, entry.words[_longest_run(covered[entry])]))
        best: dict[str, Match] = {}
        for entry, how, share, run in matched:
            other = not set(numbers(entry.words)) <= set(numbers(text.words))
            for benchmark, identifier in entry.owners:
                match = Match(benchmark, identifier, how, share, other, " ".join(run))
                best.setdefault(benchmark, match)
        return tuple(best.values())


class _Counting:
    """Which n-grams of a question count in a training set that repeats `phrases`: the others; all where there are none."""

    def __init__(self, places: list[list[_Place]], phrases: set[int], ngram: int) -> None:
        self._places = places
        self.phrases = phrases
        self.ngram = ngram
        self._num_words: dict[_Entry, int] = {}
        self._phrase_places = {gram: self._of_whole_phrases(places[gram]) for gram in phrases}

    def _of_whole_phrases(self, places: list[_Place]) -> list[_Place]:
        return [place for place in places if self.phrases.issuperset(place.entry.grams)]

    def places(self, gram: int) -> list[_Place]:
        """Where it counts."""
        found = self._phrase_places.get(gram)
        return self._places[gram] if found is None else found

    def num_words(self, entry: _Entry) -> int:
        """How many of a question's words lie in n-grams that count."""
        if entry not in self._num_words:
            counted = [at for at, gram in enumerate(entry.grams) if gram not in self.phrases]
            words_of = (range(at, at + self.ngram) for at in counted or range(len(entry.grams)))
            self._num_words[entry] = len({word for found in words_of for word in found})
        return self._num_words[entry]


_NOTHING = _Text([], None, set())


def _grams(found: list[str], ngram: int) -> Iterable[Gram]:
    return zip(*(found[start:] for start in range(ngram)), strict=False)


def _longest_run(covered: set[int]) -> slice:
    """The longest run of consecutive positions."""
    best, start, end = slice(0, 0), 0, 0
    for position in sorted(covered):
        start, end = (start if position == end else position), position + 1
        if end - start > best.stop - best.start:
            best = slice(start, end)
    return best
