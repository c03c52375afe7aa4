"""langdetect 1.0.9 with seed 0 (https://pypi.org/project/langdetect/): the same verdict on every text, many times faster.

langdetect draws n-grams of the text until one of its 55 languages has more than 0.99999 of the probability, in seven
trials, and names the language with the highest mean. We draw the same n-grams with the same random numbers and differ
in how we reach the verdict:

- Fifty draws are multiplied at once, and normalised once instead of ten times. This moves a probability by less than
  ROUNDING; where a decision is that close, langdetect itself takes it.
- No trial is made that cannot change the verdict: four that agree are enough.
- The n-grams of a word are remembered.
"""

import functools
import math
import random
import re
import threading
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from langdetect.detector import Detector
from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory
from langdetect.utils.ngram import NGram

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int32]

SEED = 0
NUM_TRIALS = 7
MAX_CHARS = 10_000
NUM_WORDS = 16_384  # of randomness: more than seven trials need, for every number of n-grams up to 3 * MAX_CHARS
BLOCK = 5  # draws from one look at the probabilities to the next
CHUNK = 50  # draws multiplied at once; no product of so many factors >= 7e-6 underflows, even times NEGLIGIBLE
NEGLIGIBLE = 1e-40  # a smaller probability may underflow in langdetect: ours, kept at this, is an upper bound of it
NOTHING = 1e-15  # what such probabilities may add up to without being able to change a decision
ROUNDING = 1e-12
CONVERGED = Detector.CONV_THRESHOLD


# ------------------------------------------------------------------------------------------- profiles
class _Profiles(NamedTuple):
    factory: Any  # langdetect's own, with its seed set
    languages: list[str]
    row: dict[str, int]  # of each n-gram in `table`
    table: (
        Floats  # (n-grams, languages), frequencies of the n-gram among those of its length; 38 MB
    )


_lock = threading.Lock()


@functools.cache
def _load_profiles() -> _Profiles:
    factory = DetectorFactory()
    factory.set_seed(SEED)
    factory.load_profile(PROFILES_DIRECTORY)
    frequencies = factory.word_lang_prob_map
    row = {gram: number for number, gram in enumerate(frequencies)}
    return _Profiles(factory, factory.get_lang_list(), row, np.array(list(frequencies.values())))


def _profiles() -> _Profiles:
    with _lock:
        return _load_profiles()


# -------------------------------------------------------------------------------------------- n-grams
_LATIN = re.compile("[A-z]")  # langdetect's range, with the six marks between Z and a


class _Normalized(dict[int, str]):
    """langdetect's normal form of each character, for `str.translate`."""

    def __missing__(self, code: int) -> str:
        self[code] = normal = NGram.normalize(chr(code))
        return normal


_normalized = _Normalized()


def _without_foreign_latin(text: str) -> str:
    """`text` without Latin letters if it has more than twice as many others, which for langdetect
    include those of Vietnamese."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    num_latin = np.count_nonzero((codes >= ord("A")) & (codes <= ord("z")))
    return _LATIN.sub("", text) if num_latin * 2 < np.count_nonzero(codes >= 0x300) else text


def _cleaned(text: str) -> str:
    """What langdetect looks at, in normal form: everything that is no letter is a blank."""
    text = Detector.URL_RE.sub(" ", text)
    if "@" in text:
        text = Detector.MAIL_RE.sub(" ", text)
    if not text.isascii():
        text = _without_foreign_latin(NGram.normalize_vi(text)[:MAX_CHARS])
    return text[:MAX_CHARS].translate(_normalized)


@functools.lru_cache(65536)
def _rows_at_end(window: str) -> bytes:
    """Rows (int32) of the known n-grams that end where these two or three neighbouring characters end, the shortest
    first; none inside a word in capitals."""
    if window[-1].isupper() and window[-2].isupper():
        return b""
    row = _profiles().row
    grams = (window[start:] for start in reversed(range(len(window))))
    known = [row[gram] for gram in grams if gram != " " and gram in row]
    return np.array(known, np.int32).tobytes()


def _rows(word: str) -> bytes:
    """Rows of the n-grams of a word with the blanks around it, in langdetect's order."""
    return b"".join(_rows_at_end(word[max(end - 3, 0) : end]) for end in range(2, len(word) + 1))


@functools.lru_cache(16384)
def _short_word_rows(word: str) -> bytes:
    return _rows(f" {word} ") if word else b""


def _text_rows(text: str) -> Rows:
    *words, last = _cleaned(text).split(" ")  # no blank follows the last one
    rows = (_short_word_rows(word) if len(word) < 32 else _rows(f" {word} ") for word in words)
    return np.frombuffer(b"".join(rows) + _rows(f" {last}"), np.int32)


# --------------------------------------------------------------------------------------------- trials
@functools.cache
def _random_words() -> npt.NDArray[np.uint32]:
    """The 32-bit words which `random.Random(SEED)` makes its numbers of."""
    rng = random.Random(SEED)
    return np.array([rng.getrandbits(32) for _ in range(NUM_WORDS)], np.uint32)


def _gauss_pair(word: int) -> list[float]:
    """Two successive values of `Random.gauss(0.0, 1.0)`, made of the four words from `word` on."""
    a, b, c, d = _random_words()[word : word + 4].tolist()
    angle, radius = (((high >> 5) * 2**26 + (low >> 6)) / 2**53 for high, low in ((a, b), (c, d)))
    size = math.sqrt(-2.0 * math.log(1.0 - radius))
    return [math.cos(angle * math.tau) * size, math.sin(angle * math.tau) * size]


class _Doubt(Exception):
    """The verdict is too close for our rounding."""


class _Draws:
    """What `Random.choice` would draw from the rows of a text at each random word that it accepts."""

    def __init__(self, rows: Rows) -> None:
        self._text = rows
        self._look_at(512)

    def _look_at(self, num_words: int) -> None:
        size = self._text.size
        # Random.choice takes as many upper bits as `size` has until they are less.
        values = _random_words()[:num_words] >> (32 - size.bit_length())
        self._num_words = num_words
        self._words = (values < size).nonzero()[0]
        self._rows = self._text[values[self._words]]

    def after(self, word: int) -> int:
        """The first draw from `word` on."""
        while word >= self._num_words:
            self._look_at(4 * self._num_words)
        return int(self._words.searchsorted(word))

    def next_word(self, draw: int) -> int:
        """The word after those of `draw`."""
        return int(self._words[draw]) + 1

    def rows(self, start: int, stop: int) -> Rows:
        while self._rows.size < stop:
            self._look_at(4 * self._num_words)
        return self._rows[start:stop]


class _Trial(NamedTuple):
    prob: Floats  # of each language
    num_draws: int


def _trial(draws: _Draws, start: int, alpha: float) -> _Trial:
    """The trial that begins with draw number `start`. Raises _Doubt when a look at the probabilities is too close, or
    when a language matters again that was negligible."""
    table = _profiles().table
    weight = alpha / Detector.BASE_FREQ
    # langdetect looks after this draw too, but no n-gram is frequent enough to decide alone.
    prob = table[draws.rows(start, start + 1)[0]] + weight
    negligible = np.zeros(prob.size)  # 1.0 from when a language was
    for done in range(1, Detector.ITERATION_LIMIT, CHUNK):
        rows = draws.rows(start + done, start + done + CHUNK)
        factors = table.take(rows.reshape(-1, BLOCK).T, axis=0) + weight
        products = np.multiply.reduce(factors)
        products[0] *= prob
        products = np.multiply.accumulate(products)
        totals = np.add.reduce(products, axis=1)
        if done > 1 and np.maximum.reduce(products @ negligible / totals) > NOTHING:
            raise _Doubt
        shares = np.maximum.reduce(products, axis=1) / totals
        for block, share in enumerate(shares.tolist()):
            if share > CONVERGED - ROUNDING:
                if share < CONVERGED + ROUNDING:
                    raise _Doubt
                return _Trial(products[block] / totals[block], done + BLOCK * (block + 1))
        prob = products[-1] / totals[-1]
        negligible[prob < NEGLIGIBLE] = 1.0
        prob = np.maximum(prob, NEGLIGIBLE)
    return _Trial(prob, done + CHUNK)


def _vote(rows: Rows) -> str:
    """langdetect's verdict on a text with these n-grams. Raises _Doubt when that is not sure."""
    languages = _profiles().languages
    draws = _Draws(rows)
    word = draw = 0
    total = np.zeros(len(languages))
    gauss: list[float] = []
    for left in range(NUM_TRIALS - 1, -1, -1):
        if not gauss:  # Random.gauss makes two values at a time
            gauss = _gauss_pair(word)
            draw = draws.after(word + 4)
        trial = _trial(draws, draw, Detector.ALPHA_DEFAULT + gauss.pop(0) * Detector.ALPHA_WIDTH)
        total += trial.prob
        draw += trial.num_draws
        word = draws.next_word(draw - 1)
        if left > NUM_TRIALS // 2:
            continue
        second, first = sorted(total.tolist())[-2:]
        if first > max(second + left, NUM_TRIALS * Detector.PROB_THRESHOLD) + ROUNDING:
            return languages[int(total.argmax())]
    raise _Doubt


@functools.lru_cache(4096)
def detect(text: str) -> str | None:
    """ISO code that langdetect finds, "unknown" where it finds none probable; None where it raises
    for lack of known n-grams."""
    rows = _text_rows(text)
    if not rows.size:
        return None
    try:
        return _vote(rows)
    except _Doubt:
        detector = _profiles().factory.create()
        detector.append(text)
        return str(detector.detect())
