"""ComplexBench's rule programs (https://arxiv.org/abs/2407.03978), on the passages that a judge picked out.

A rule is one or more lines `model_<name>:<argument>`, all of which must hold; `_each` means every passage, else the first
counts. Both sides are compared with ASCII punctuation mapped to full width, which the reference forgets for some names.
Without a passage what asks for something fails, and what forbids something holds.
"""

import json
import re
import string
from collections.abc import Callable

WIDE = str.maketrans(
    dict(zip("!#$%&(),.:;?\\^", "！＃＄％＆（），。：；？＼＾", strict=True))
    | {"“": '"', "”": '"', "*": "＊"}
)
QUOTES = '"“”`'
ENDINGS = ("", "。", "？")  # that may follow a phrase
_LINE = re.compile(r"^(?:model_)?(?P<name>[A-Za-z_ ]+?):", re.MULTILINE)


def wide(text: str) -> str:
    return text.translate(WIDE)


def bare(text: str) -> str:
    """Without the quotation marks around it."""
    text = text.lstrip("\n")
    return text[1:-1] if len(text) > 1 and text[0] in QUOTES and text[-1] in QUOTES else text


def items(argument: str) -> list[str]:
    return [one.strip() for one in argument.strip().strip("[]").split(",")]


_NUMBERS = re.compile(r"\s*\[?\s*(\d{1,9})\s*,\s*(\d{1,9})\s*(?:[,\]]|$)")
COUNTS = (
    "keyword_num",
    "length",
    "length_word",
    "number",
)  # whose argument begins with two numbers


def _bounds(argument: str) -> tuple[int, int]:
    found = _NUMBERS.match(argument)
    assert found, "_line lets no other through"
    return int(found[1]), int(found[2])


def keyword(text: str, argument: str) -> bool:
    return all(wide(one) in wide(text) for one in items(argument))


def forbidden_word(text: str, argument: str) -> bool:
    return not any(wide(one) in wide(text) for one in items(argument))


def keyword_num(text: str, argument: str) -> bool:
    """[least, most, word, word ...]: how many of the words occur."""
    low, high = _bounds(argument)
    return low <= sum(wide(one) in wide(text) for one in items(argument)[2:]) <= high


def startswith(text: str, argument: str) -> bool:
    return wide(text).startswith(wide(argument))


def endswith(text: str, argument: str) -> bool:
    return any(wide(one).endswith(tuple(wide(argument) + end for end in ENDINGS)) for one in (text, bare(text)))  # fmt: skip


def length(text: str, argument: str) -> bool:
    """In characters."""
    low, high = _bounds(argument)
    return low <= len(text) <= high or low <= len(bare(text)) <= high


def length_word(text: str, argument: str) -> bool:
    low, high = _bounds(argument)
    return low <= len(text.split()) <= high or low <= len(bare(text).split()) <= high


def constraint_punc(text: str, argument: str) -> bool:
    """No punctuation but this."""
    allowed = {wide(one) for one in items(argument)}
    marks = {wide(mark) for mark in string.punctuation} - allowed
    return not marks & set(wide(bare(text)))


def json_keys(text: str, argument: str) -> bool:
    """The first object in the text has exactly these keys; any, where none is named."""
    start = text.find("{")
    if start < 0:
        return False
    try:
        found, _ = json.JSONDecoder().raw_decode(text[start:])
    except json.JSONDecodeError:
        return False
    keys = {one for one in items(argument) if one}
    return isinstance(found, dict) and (not keys or set(found) == keys)


ASKS: dict[str, Callable[[str, str], bool]] = {
    "keyword": keyword,
    "keyword_num": keyword_num,
    "startswith": startswith,
    "endswith": endswith,
    "length": length,
    "length_word": length_word,
    "constraint_punc": constraint_punc,
    "Json": json_keys,
}
FORBIDS: dict[str, Callable[[str, str], bool]] = {
    "forbidden_word": forbidden_word,
    "not_startswith": lambda text, argument: not startswith(text, argument),
    "not_endswith": lambda text, argument: not endswith(text, argument),
    "not endswith": lambda text, argument: not endswith(text, argument),
}


def judge_pieces(rule: str, pieces: list[str]) -> bool | None:
    """Whether all lines of a rule hold. None for a rule with a name or numbers that are not known."""
    verdicts = [
        _line(name, argument, [one for one in pieces if one]) for name, argument in lines(rule)
    ]
    if not verdicts or None in verdicts:
        return None
    return all(verdicts)


def lines(rule: str) -> list[tuple[str, str]]:
    """Names and arguments; an argument may go over several lines."""
    known = {*ASKS, *FORBIDS, "number", "starts_with_list"}
    starts = [
        found for found in _LINE.finditer(rule) if found["name"].removesuffix("_each") in known
    ]
    if not starts or starts[0].start() > 0:
        return [(rule, "")]
    ends = [*(found.start() for found in starts[1:]), len(rule)]
    return [
        (found["name"], rule[found.end() : end].rstrip("\n"))
        for found, end in zip(starts, ends, strict=True)
    ]


def _line(name: str, argument: str, pieces: list[str]) -> bool | None:
    if name.removesuffix("_each") in COUNTS and not _NUMBERS.match(argument):
        return None
    if name == "number_each":
        low, high = _bounds(argument)
        return bool(pieces) and low <= len(pieces) <= high
    if name == "starts_with_list_each":
        wanted = items(argument)
        return len(pieces) == len(wanted) and all(map(startswith, pieces, wanted))
    each, name = name.endswith("_each"), name.removesuffix("_each")
    check = ASKS.get(name) or FORBIDS.get(name)
    if check is None:
        return None
    if not pieces:
        return name in FORBIDS
    if each and name == "endswith" and len(pieces) > 1:
        pieces = pieces[:-1]  # as in the reference: what ends each part does not end the whole
    return all(check(one, argument) for one in (pieces if each else pieces[:1]))
