"""Answers that are no values: multiple-choice letters, words, digits in a base."""

import re
from typing import NamedTuple

from data.answers import number, structure
from data.answers.clean import words
from data.answers.expression import trees


class Settled(NamedTuple):
    """correct is None when it is left open; method: what settled it."""

    correct: bool | None
    method: str


OPEN = Settled(None, "open")
_CHOICE = re.compile(r"\(?\s?([A-J])\s?\)?")
_CHOSEN = re.compile(
    r"\(\s?([A-Ja-j])\s?\)(?:.*)|([A-Ja-j])\s?[.):]?(?:\s.*)?|([A-Ja-j])", re.DOTALL
)
_STANDALONE = re.compile(r"(?<![A-Za-z\\])[A-J](?![A-Za-z])")
_WORDS = re.compile(r"[A-Za-z][A-Za-z' -]*[A-Za-z]")
_TEXT = re.compile(r"\\text\s?\{([^{}]*)\}")


def letter(gold: str, answer: str) -> Settled:
    choice = _CHOICE.fullmatch(_bare(gold))
    if not choice:
        return OPEN
    labelled = gold != choice.group(1)
    if len(set(_STANDALONE.findall(_bare(answer)))) > 1 or re.search(r"\bor\b", _bare(answer)):
        return Settled(False, "several_values") if labelled else OPEN
    chosen = _CHOSEN.fullmatch(_bare(answer))
    if not chosen:
        return Settled(False, "letter") if labelled and number.read(answer) is not None else OPEN
    found = next(group for group in chosen.groups() if group)
    explicit = labelled or "text" in answer or found.isupper()
    return Settled(found.upper() == choice.group(1), "letter") if explicit else OPEN


def _bare(text: str) -> str:
    return _TEXT.sub(r"\1", text).strip(" .")


def text(gold: str, answer: str) -> Settled:
    """Answers that are words: case and articles do not count."""
    wanted = words(gold)
    if not _WORDS.fullmatch(wanted):
        only_text = "\\text" in answer and not _TEXT.sub("", answer).strip()
        mute = "\\text" not in gold and gold != "\\emptyset"
        return Settled(False, "text") if only_text and mute else OPEN
    spelled = "\\text" in gold or " " in gold or len(wanted) > 2
    if not spelled or "\\" in gold.replace("\\text", ""):
        return OPEN
    found = words(answer)
    if _article(wanted) == _article(found):
        return Settled(True, "text")
    return (
        Settled(False, "text")
        if "\\text" in gold or " " in gold or _WORDS.fullmatch(found)
        else OPEN
    )


def _article(text: str) -> str:
    return re.sub(r"^(?:an?|the) ", "", text)


def base(gold: str, answer: str) -> Settled:
    """(digits, base) is compared as such; a side without a base has the one that the question asks for."""
    left, right = structure.base(gold), structure.base(answer)
    if left is None and right is None:
        return OPEN
    if left is not None and right is not None:
        return Settled(left == right, "base")
    based, other = (left, answer) if left is not None else (right, gold)
    digits = other.lstrip("0").upper()
    if not re.fullmatch(r"[0-9A-F]+", digits):
        return Settled(False, "base") if trees(other) else OPEN
    return Settled(based is not None and digits == based[0], "base")
