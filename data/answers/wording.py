"""Answers that are no values: multiple-choice letters and words."""

import re
from typing import NamedTuple

from data.answers.clean import bare, words
from data.answers.expression import trees
from data.answers.extract import DENIAL


class Settled(NamedTuple):
    """correct is None when it is left open; method: what settled it."""

    correct: bool | None
    method: str


OPEN = Settled(None, "open")
_CHOICE = re.compile(r"\(?\s?([A-J])\s?\)?")
_CHOSEN = re.compile(
    r"\(\s?([A-Ja-j])\s?\)(?:[^'].*)?|([A-Ja-j])\s?[.):](?:\s.*)?|([A-Ja-j])", re.DOTALL
)
_LABEL = re.compile(
    r"(?:the )?(?:correct )?(?:option|choice|answer|statement|letter)s?:?\s", re.IGNORECASE
)
_ONE_OF = r"(?:\([A-J]\)|[A-J])"
_SEVERAL = re.compile(rf"{_ONE_OF}(?:\s?(?:[,;&]|,?\s?\band\b)\s?{_ONE_OF})+")
_STANDALONE = re.compile(r"(?<![A-Za-z\\])[A-J](?![A-Za-z])|(?<=\()[a-j](?=\))")
_WORDS = re.compile(r"[A-Za-z][A-Za-z' -]*[A-Za-z]")
# A word has a vowel; letters without one, or alone, are symbols in a product.
_LONG_WORD = re.compile(r"(?<![a-z])(?=[a-z]*[aeiouy])[a-z]{3,}")
_NAME = re.compile(r"[A-Z](?=[a-z]*[aeiouy])[a-z]+")  # `No`, `Bob`
_SYMBOLS = re.compile(r"[a-z](?:[ -]+[a-z])+")
_PRINTED = re.compile(r"[a-z]{2,}")
_MODULO = re.compile(r"\\[bp]?mod(?![A-Za-z])")
_SENTENCE = re.compile(r"(?:it|this|that|the(?: [a-z]+){1,3}) (?:is|are|must be|will be) (.+)")
_TEXT = re.compile(r"\\text\s?\{([^{}]*)\}")
_PRIMES = re.compile("'+")
_APOSTROPHE = re.compile(r"(?<=[A-Za-z]{2})'(?:s|t|re|ll|ve|d|m)(?![A-Za-z])")


def letter(gold: str, answer: str) -> Settled:
    """`A`, or several of them: `A, B` is `\\text{B and A}`."""
    several = [_SEVERAL.fullmatch(_bare(text)) for text in (gold, answer)]
    if several[0] and several[1]:
        wanted, listed = (sorted(re.findall("[A-J]", found.group())) for found in several if found)
        return Settled(wanted == listed, "letter")
    choice = _CHOICE.fullmatch(_bare(gold))
    if not choice:
        return OPEN
    labelled = gold != choice.group(1)
    if len({found.upper() for found in _STANDALONE.findall(_bare(answer))}) > 1 or re.search(
        r"\bor\b", _bare(answer)
    ):
        return Settled(False, "several_values") if labelled else OPEN
    chosen = _CHOSEN.fullmatch(_bare(answer))
    if not chosen:
        return Settled(False, "letter") if labelled and trees(answer) else OPEN
    found = next(group for group in chosen.groups() if group)
    explicit = labelled or "text" in answer or found.isupper()
    return Settled(found.upper() == choice.group(1), "letter") if explicit else OPEN


def _bare(text: str) -> str:
    plain = re.sub(r"\s+", " ", _TEXT.sub(r"\1", text))
    return _LABEL.sub("", plain.strip(" ."), count=1)


def text(gold: str, answer: str) -> Settled:
    """Answers that are words: case, articles and "it is" do not count. `b - a` and `mgh` are products of symbols."""
    wanted, found = words(gold), words(answer)
    if _NAME.fullmatch(gold) and wanted == found and ("\\text" in answer or bare(answer) == gold):
        return Settled(True, "text")
    in_text = "\\text" in gold
    if not _WORDS.fullmatch(wanted):
        if in_text and not _TEXT.sub("", gold).strip() and _LONG_WORD.search(wanted):
            return Settled(wanted == found, "text")  # `\text{Room 5}` is not 5
        only_text = "\\text" in answer and not _TEXT.sub("", answer).strip()
        return (
            Settled(False, "text") if only_text and not in_text and gold != "\\emptyset" else OPEN
        )
    if "\\" in gold.replace("\\text", "") or not (in_text or _LONG_WORD.search(wanted)):
        return OPEN
    if not in_text and (
        _SYMBOLS.fullmatch(found) or (len(wanted) <= 3 and _article(wanted) == found)
    ):
        return OPEN  # `abc` is not `ABC`, if they are symbols
    if _article(wanted) in (_article(found), _predicate(found)):
        return Settled(True, "text")
    spoken = in_text or " " in gold or _WORDS.fullmatch(found)
    return Settled(False, "text") if spoken else OPEN


def differ(gold: str, answer: str) -> bool:
    r"""Whether the words in `\text{}`, or a modulus, are on one side only; letters are no words, and "and" is a comma."""
    printed = [
        sorted(
            word
            for word in _PRINTED.findall(" ".join(_TEXT.findall(side)).lower())
            if word != "and"
        )
        for side in (gold, answer)
    ]
    return printed[0] != printed[1] or (_MODULO.search(gold) is None) is not (
        _MODULO.search(answer) is None
    )


def primes_differ(gold: str, answer: str) -> bool:
    """Whether one side has a derivative, or a primed name, of an order that the other side has not: `f'(x)` and `f(x)`."""
    orders = [
        {len(run) for run in _PRIMES.findall(_APOSTROPHE.sub("", _TEXT.sub("", side)))}
        for side in (gold, answer)
    ]
    return orders[0] != orders[1]


def _predicate(text: str) -> str:
    """`ellipse` of "the graph is an ellipse", unless that denies it."""
    found = _SENTENCE.fullmatch(text)
    return _article(found.group(1)) if found and not DENIAL.search(text) else text


def _article(text: str) -> str:
    return re.sub(r"^(?:an?|the) ", "", text)
