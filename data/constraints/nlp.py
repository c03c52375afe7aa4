"""Sentences and tokens as the reference implementations see them: punkt, treebank, and open-instruct's regular
expressions.

The first two are nltk's, exactly, with what does not depend on the whole text remembered per word. nltk's data
(`punkt_tab`, `stopwords`) is read from $NLTK_DATA or from `nltk_data` in the mirror folder ($TETHER_DATA).
"""

import functools
import itertools
import os
import re
from collections.abc import Iterator
from typing import Any

import nltk
from nltk import redos
from nltk.tokenize.destructive import NLTKWordTokenizer
from nltk.tokenize.punkt import PunktTokenizer

from data.mirror import ENVIRONMENT
from recipes.errors import UserError

# nltk gives up on a match after five seconds of wall clock. Its own patterns are linear, and a verdict must not depend on
# how busy the machine is.
redos.DEFAULT_TIMEOUT = None


def nltk_data(load: Any, package: str) -> Any:
    """`load()`, with nltk also looking into the mirror folder. Raises UserError when the data is not there."""
    if mirror := os.environ.get(ENVIRONMENT):
        folder = os.path.join(mirror, "nltk_data")
        if folder not in nltk.data.path:
            nltk.data.path.append(folder)
    try:
        return load()
    except LookupError:
        raise UserError(
            f"nltk: no data {package!r} in $NLTK_DATA or ${ENVIRONMENT}/nltk_data; "
            f"get it once with: python -m nltk.downloader {package}"
        ) from None


# ------------------------------------------------------------------------------------------ sentences
# A plain word before the mark: no number, no initial, nothing that punkt's tokenizer would cut.
_PLAIN = re.compile(r"""([A-Za-z]{2,})(?:[!?]|(\.))(?=[ \t\r\n)";}\]*:@'({\[!?])""")


class _Punkt(PunktTokenizer):  # type: ignore[misc]
    """nltk's English punkt; the plain cases are decided without its annotation passes."""

    def __init__(self) -> None:
        super().__init__("english")
        self._special = self._params.abbrev_types | {a for a, _ in self._params.collocations}
        self._decide = functools.lru_cache(65536)(super().text_contains_sentbreak)

    def text_contains_sentbreak(self, text: str) -> bool:
        plain = _PLAIN.match(text)
        if plain and (plain[2] is None or plain[1].lower() not in self._special):
            return True
        return bool(self._decide(text))


@functools.cache
def _punkt() -> _Punkt:
    punkt: _Punkt = nltk_data(_Punkt, "punkt_tab")
    return punkt


# A mark before one of punkt's non-word characters, or a sentence that starts with a closing mark (punkt gives it to the
# one before): only there do sentences end elsewhere than between two blank-separated chunks.
_INVOLVED = re.compile(r"""[.?!](?:[)";}\]*:@'({\[!?‘’“”«»]|\s+["')\]}‘’“”«»])""")
_ODD_BLANK = re.compile(r"[^\S \t\n\r\f\v]")
_MARK = re.compile(r"[.?!](?=\s+(\S+))")
_BLANKS = " \n\t\r\f\v"


def iter_sentences(text: str) -> Iterator[str]:
    """nltk's `sent_tokenize`, lazily."""
    if _INVOLVED.search(text) or _ODD_BLANK.search(text):
        for start, end in _punkt().span_tokenize(text):
            yield text[start:end]
        return
    begin = last = 0
    for mark in _MARK.finditer(text):
        at = mark.start()
        word = max([text.rfind(blank, last, at) for blank in _BLANKS]) + 1
        last = at + 1
        if _punkt().text_contains_sentbreak(f"{text[word:last]} {mark[1]}"):
            yield text[begin:last]
            begin = mark.start(1)
    if rest := text[begin:].rstrip():
        yield rest


@functools.lru_cache(1024)
def sentences(text: str) -> tuple[str, ...]:
    return tuple(iter_sentences(text))


def has_sentences(text: str, num: int) -> bool:
    """Whether `text` has at least `num` sentences; looks no further than that."""
    return sum(1 for _ in itertools.islice(iter_sentences(text), num)) == num


# --------------------------------------------------------------------------------------------- tokens
_treebank = NLTKWordTokenizer()
_CHUNK = re.compile(r"\S+")
_CONTRACTED = frozenset(
    ("cannot", "gimme", "gonna", "gotta", "lemme", "wanna")
)  # words that the treebank rules cut
_CLOSING = re.compile(r"""[\]\)}>"'»”’]+""")
# A sentence may end inside a chunk, at a mark before one of punkt's non-word characters.
_INNER_END = re.compile(r"[.?!][^\w\s]")


@functools.lru_cache(65536)
def _chunk_tokens(left: str, chunk: str, right: str) -> tuple[str, ...]:
    """Tokens of a blank-separated chunk inside a sentence; left and right are the neighbouring characters, "" at the
    start of the sentence."""
    tokens = _treebank.tokenize(f"{'x' + left if left else ''}{chunk}{right}x")
    return tuple(tokens[1:-1] if left else tokens[:-1])


@functools.lru_cache(65536)
def _last_tokens(left: str, chunks: str) -> tuple[str, ...]:
    """The same at the end of a sentence."""
    tokens = _treebank.tokenize(f"{'x' + left if left else ''}{chunks}")
    return tuple(tokens[1:] if left else tokens)


def _last_start(sentence: str) -> int:
    """Where the last chunk starts; the treebank rules for a final full stop look through chunks of closing marks."""
    end = len(sentence.rstrip())
    while True:
        start = max(sentence.rfind(blank, 0, end) for blank in " \n\t\r") + 1
        if start == 0 or not _CLOSING.fullmatch(sentence[start:end]):
            return start
        end = len(sentence[:start].rstrip())


def _sentence_tokens(sentence: str) -> Iterator[str]:
    start = _last_start(sentence)
    for match in _CHUNK.finditer(sentence, 0, start):
        chunk = match.group()
        if chunk.isalnum() and chunk.isascii() and chunk.lower() not in _CONTRACTED:
            yield chunk
        else:
            left = sentence[match.start() - 1] if match.start() else ""
            yield from _chunk_tokens(left, chunk, sentence[match.end()])
    yield from _last_tokens(sentence[start - 1] if start else "", sentence[start:])


def iter_tokens(text: str) -> Iterator[str]:
    """nltk's `word_tokenize`, lazily."""
    for sentence in iter_sentences(text):
        yield from _sentence_tokens(sentence)


@functools.lru_cache(1024)
def tokens(text: str) -> tuple[str, ...]:
    return tuple(iter_tokens(text))


# One word, hyphens included, between marks that are tokens of their own.
_ONE_WORD = re.compile(r"""[("\[{<*$#]*([A-Za-z]+(?:-[A-Za-z]+)*)[.,:;!?)"\]}>*]*""")


@functools.lru_cache(65536)
def _capitals_in(chunk: str) -> int | None:
    """Tokens of a chunk in all capitals; None when that depends on whether a sentence ends inside it, or with it."""
    word = _ONE_WORD.fullmatch(chunk)
    if word and _CONTRACTED.isdisjoint(word[1].lower().split("-")):
        return int(word[1].isupper())
    if not any(map(str.isupper, chunk)):
        return 0
    ends = [match.start() + 1 for match in _INNER_END.finditer(chunk)]
    if len(ends) > MOST_ENDS:
        return None
    counts = {sum(token.isupper() for token in found) for found in _readings(chunk, ends)}
    return counts.pop() if len(counts) == 1 else None


MOST_ENDS = 4  # of which each doubles the readings


def _readings(chunk: str, ends: list[int]) -> Iterator[tuple[str, ...]]:
    """Its tokens, for every choice of where sentences end: punkt, whose data not everyone has, need not be asked where all
    agree. A full stop at the end has no case itself, but parts a contraction before it."""
    for chosen in itertools.product((False, True), repeat=len(ends)):
        places = [0, *itertools.compress(ends, chosen), len(chunk)]
        *before, last = (chunk[start:end] for start, end in itertools.pairwise(places))
        left = "" if before else " "
        found = [
            token
            for number, piece in enumerate(before)
            for token in _last_tokens("" if number else " ", piece)
        ]
        yield (*found, *_chunk_tokens(left, last, " "))
        yield (*found, *_last_tokens(left, last))


def num_capital_tokens(text: str) -> int:
    """How many tokens of `word_tokenize` are `isupper()`. Where sentences end hardly ever matters for that: a final full
    stop has no case."""
    total = 0
    for chunk in text.split():
        if chunk.islower():
            continue
        found = _capitals_in(chunk)
        if found is None:
            return sum(token.isupper() for token in iter_tokens(text))
        total += found
    return total


# -------------------------------------------------------------------------------- regular expressions
_STARTERS = (
    r"(Mr|Mrs|Ms|Dr|Prof|Capt|Cpt|Lt|Wherever|"
    r"He\s|She\s|It\s|They\s|Their\s|Our\s|We\s|But\s|However\s|That\s|This\s)"
)
_LETTER = "([A-Za-z])"
_SUFFIX = "(Inc|Ltd|Jr|Sr|Co)"
# In this order. <prd> is a full stop that ends nothing, <stop> a boundary; a response that holds these marks itself
# meets them as such, as in the reference.
_RULES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"(Mr|St|Mrs|Ms|Dr)[.]", r"\1<prd>"),
        (r"[.](com|net|org|io|gov|edu|me)", r"<prd>\1"),
        (r"([0-9])[.]([0-9])", r"\1<prd>\2"),
        (r"\.{2,}", lambda match: "<prd>" * len(match.group()) + "<stop>"),
        (r"Ph[.]D[.]", "Ph<prd>D<prd>"),
        (rf"\s{_LETTER}[.] ", r" \1<prd> "),
        (rf"([A-Z][.][A-Z][.](?:[A-Z][.])?) {_STARTERS}", r"\1<stop> \2"),
        (rf"{_LETTER}[.]{_LETTER}[.]{_LETTER}[.]", r"\1<prd>\2<prd>\3<prd>"),
        (rf"{_LETTER}[.]{_LETTER}[.]", r"\1<prd>\2<prd>"),
        (rf" {_SUFFIX}[.] {_STARTERS}", r" \1<stop> \2"),
        (rf" {_SUFFIX}[.]", r" \1<prd>"),
        (rf" {_LETTER}[.]", r" \1<prd>"),
    )
)
_QUOTES = ((".”", "”."), ('."', '".'), ('!"', '"!'), ('?"', '"?'))


@functools.lru_cache(1024)
def regex_sentences(text: str) -> tuple[str, ...]:
    """open-instruct's `split_into_sentences` (open_instruct/IFEvalG): what IFTrain's kinds call a sentence."""
    text = f" {text}  ".replace("\n", " ")
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    for found, swapped in _QUOTES:
        text = text.replace(found, swapped)
    for mark in ".?!":
        text = text.replace(mark, f"{mark}<stop>")
    pieces = [piece.strip() for piece in text.replace("<prd>", ".").split("<stop>")]
    return tuple(pieces[:-1] if not pieces[-1] else pieces)


# ----------------------------------------------------------------------------------------- word lists
@functools.cache
def stop_words() -> frozenset[str]:
    from nltk.corpus import stopwords

    return frozenset(nltk_data(lambda: stopwords.words("english"), "stopwords"))


@functools.lru_cache(1024)
def first_tag(text: str) -> str:
    """nltk's part-of-speech tag of the first token, the whole text tagged; "" for a text without tokens."""
    words = list(tokens(text))
    tagged = nltk_data(lambda: nltk.pos_tag(words), "averaged_perceptron_tagger_eng")
    return tagged[0][1] if tagged else ""
