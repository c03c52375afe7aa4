r"""Units: split from a value, read into dimensions and a factor, and compared when both sides print them.

`5\text{ cm}` equals 5, 0.05\text{ m} and `5 cm`; it is neither `5\text{ cm}^2` nor `5\text{ kg}` nor `5\text{ apples}`.
Where the gold prints no unit that is known, words after a value are dropped.
"""

import re
from fractions import Fraction
from typing import NamedTuple

from data.answers import number, rational
from data.answers.clean import bare
from data.answers.expression import trees
from data.answers.extract import DENIAL
from data.answers.unit_table import UNITS, Unit


class Quantity(NamedTuple):
    """A value's text and what follows it: `tail` is empty without one; `unit` is None where a word of it is no unit."""

    value: str
    tail: str = ""
    unit: Unit | None = None


_MARKS = {
    "\\$": "dollar",
    "$": "dollar",
    "€": "euro",
    "£": "GBP",
    "¥": "yen",
    "^\\circ": "degree",
    "\\Omega": "ohm",
    "\\mu": "u",
    "\\AA": "angstrom",
}
_COMPOUND = {
    "nautical miles?": "nmi",
    "light[ -]years?": "lightyear",
    "knots?": "nmi/hour",
    "mph": "miles/hour",
    "kph": "km/hour",
    "kmh": "km/h",
    "rpm": "rev/min",
    "bps": "bit/s",
}
_MODIFIERS = ("square", "cubic", "sq", "cu", *_COMPOUND)
_CURRENCY = re.compile(r"(-?)\s?(\\\$|[€£¥])\s?(?=[\d.\\])")
# A tail of texts, exponents, slashes and dots; or, without \text, a blank or a digit and words.
_TEXT_TAIL = re.compile(
    r"(?:\s?(?:\\text\s?\{[^{}]*\}|\^\\circ|\\cdot|\\Omega|\\mu|k(?=\s?\\Omega)|M(?=\s?\\Omega)|[/*]|"
    r"\^\s?\{?-?\d\}?(?!\d)|\\\$|[€£¥]))+$"
)
_WORD_TAIL = re.compile(
    r"(?<=[\d}) ])\s?[A-Za-z]+(?:\^\{?\d\}?)?(?:(?:\s?/\s?|\s)[A-Za-z]+(?:\^\{?\d\}?)?)*$"
)
_WORD = re.compile(r"[A-Za-z]+")
# Words that make another value of the number before them, or a sentence about it.
_JOINS = re.compile(
    r"\b(?:or|and|not|to|hundred|thousand|million|billion|trillion|more|less|fewer|than|least|most|minus|plus|half|halves"
    r"|times(?= [a-z])|thirds?|fourths?|fifths?|quarters?|sixths?|sevenths?|eighths?|ninths?|tenths?|hundredths?"
    r"|thousandths?|squared|cubed|factorial|over|negative|base|is|are|was|were|be|would|could"
    r"|might|too|no|if|when|except|without|off|BCE?)\b|\d"
)
_UNIT_POWER = re.compile(r"(?<=[A-Za-z}])\s(?:squared|cubed)\b|\^\s?\{?-?\d")
_NUMERAL = re.compile(r"-?[\d.,]*\d")
_PIECE = re.compile(r"[A-Za-z]+|\^\s?\{?\s?-?\d\s?\}?|/")
_SCALES = re.compile(r"\bdegrees?\s*(?:(C|[Cc]elsius|centigrade)|F|[Ff]ahrenheit)\b")
_FEET = re.compile(r"(\d+)\s?'\s?([\d.]+)(?:\s?(?:''|\"))?")  # `5'6"`
# `5'` is five feet, `5''` five inches; and arc minutes are no degrees either. `y'` is no amount.
_PRIMED = re.compile(r"(-?[\d.,]*\d|-?\\frac\{\d+\}\{\d+\})\s?('{1,2}|\")")
_PRIMES = ("'", "''", '"')
_MIXED = re.compile(r"(?:(?:,|and|,\s?and)\s)?([\d.,]*\d|\d+/\d+) ?([A-Za-z]+)")


def split(text: str) -> Quantity:
    """The value's text and its unit. Not split: texts that are no tail of a value."""
    currency = _CURRENCY.match(text)
    if currency:
        value = split(currency.group(1) + text[currency.end() :])
        if value.tail in _PRIMES:  # `$5'`
            return Quantity(text)
        mark = currency.group(2)
        return Quantity(value.value, mark, read(mark))
    if primed := _PRIMED.fullmatch(text):
        return Quantity(
            primed.group(1), primed.group(2), UNITS["ft" if primed.group(2) == "'" else "inch"]
        )
    tail = _tail(text)
    value_text = text[: len(text) - len(tail)].strip()
    return Quantity(value_text, tail, read(tail)) if tail and value_text else Quantity(text)


def _tail(text: str) -> str:
    start = max(0, len(text) - 80)
    for found in _starts(text, start):
        if _TEXT_TAIL.match(text, found):
            tail = text[found:]
            return "" if _JOINS.search(_UNIT_POWER.sub("", tail)) or DENIAL.search(tail) else tail
    words = _WORD_TAIL.search(text, start)
    if words:
        names = [word for word in _WORD.findall(words.group()) if word != "per"]
        known = all(name in UNITS or name in _MODIFIERS for name in names)
        # `5 m` may be five times m; `5 m/s` and `5 cm` are not. After a numeral, words that are no units are dropped.
        if known and (len(names[0]) > 1 or "/" in words.group()):
            return words.group()
        plain = _NUMERAL.fullmatch(text[: words.start()].strip()) and words.group()[0] == " "
        if (
            plain
            and all(len(name) > 2 for name in names)
            and not (_JOINS.search(words.group()) or DENIAL.search(words.group()))
        ):
            return words.group()
    return ""


def _starts(text: str, start: int) -> list[int]:
    """Where a tail may begin, from the left."""
    marks = ("\\text", "^\\circ", "\\$", "€", "£", "\\Omega", "k\\Omega", "M\\Omega", "\\mu")
    return sorted(at for at in (text.find(mark, start) for mark in marks) if at > 0)


def read(text: str) -> Unit | None:
    """The unit that a tail prints; None where a word in it is no unit."""
    for mark, name in _MARKS.items():
        # A prefix is part of its unit's word: `k\Omega`, `\mu\text{m}`.
        text = text.replace(mark, name if mark in ("\\Omega", "\\mu") else f" {name} ")
    text = re.sub(r"(?<=\bu)\s?\\text\s?\{\s?|\\text\s?\{\s?([kM])\s?\}(?=ohm)", r"\1", text)
    text = re.sub(
        r"\\text|\\cdot|\^\{(-?\d)\}", lambda m: f"^{m.group(1)}" if m.group(1) else " ", text
    )
    text = _SCALES.sub(
        lambda m: "celsius" if m.group(1) else "fahrenheit", re.sub(r"[{}]", " ", text)
    )
    for short, long in _COMPOUND.items():
        text = re.sub(rf"\b{short}\b", long, text)
    return _product(_PIECE.findall(text))


def _product(pieces: list[str]) -> Unit | None:
    """Units in a row are multiplied, all after a slash or "per" divided; `square` and `cubic` raise what follows."""
    dimensions: dict[str, int] = {}
    factor, sign, pending = Fraction(1), 1, 1
    last: Unit | None = None
    for piece in pieces:
        if piece in ("/", "per"):
            sign, last = -1, None
        elif piece in ("square", "sq", "cubic", "cu"):
            pending = 2 if piece.startswith("sq") else 3
        elif piece in ("squared", "cubed") or piece.startswith("^"):
            if last is None:
                return None
            power = {"squared": 2, "cubed": 3}.get(piece) or int(piece.strip("^{} "))
            factor *= _raise(dimensions, last, (power - 1) * sign)
        elif piece in UNITS:
            last = UNITS[piece]
            factor *= _raise(dimensions, last, pending * sign)
            pending = 1
        else:
            return None
    kept = tuple(sorted((base, n) for base, n in dimensions.items() if n))
    return Unit(kept, factor) if kept else None


def _raise(dimensions: dict[str, int], unit: Unit, power: int) -> Fraction:
    """Multiplies unit**power in; returns its factor."""
    for base, exponent in unit.dimensions:
        dimensions[base] = dimensions.get(base, 0) + exponent * power
    return unit.factor**power


def ratio(gold: Quantity, answer: Quantity) -> Fraction | None:
    """How many gold units an answer's unit is: 1 where only one side prints any. None when they are different ones."""
    if gold.unit is None or answer.unit is None:
        return Fraction(1) if _compatible(gold, answer) else None
    one, other = gold.unit, answer.unit
    if one.dimensions == other.dimensions:
        return other.factor / one.factor
    if _generic(one, other) or _generic(other, one) or _sterling(gold, answer):
        return Fraction(1)
    return None


def _compatible(gold: Quantity, answer: Quantity) -> bool:
    """Words that are no unit are neither this unit nor that one, unless they name it too: `5\\text{ cm long}`.

    A prime says feet only where the gold does: beside a bare number it may be a derivative or minutes of arc.
    """
    if not gold.tail and answer.tail in _PRIMES:
        return False
    known, words = (gold, answer) if gold.unit else (answer, gold)
    if known.unit is None or not words.tail:
        return True
    pieces = [piece for piece in _PIECE.findall(words.tail) if _is_unit_word(piece)]
    return _product(pieces) == known.unit


def _is_unit_word(piece: str) -> bool:
    return (
        piece in UNITS
        or piece in _MODIFIERS
        or piece in ("per", "squared", "cubed")
        or piece[0] in "^/"
    )


def _generic(one: Unit, other: Unit) -> bool:
    """`12 square units` names a dimension's exponent and no unit; degrees may be of any scale."""
    if [base for base, _ in one.dimensions] == ["unit"]:
        return [n for _, n in one.dimensions] == [n for b, n in other.dimensions if b == "length"]
    scales = ((("celsius", 1),), (("fahrenheit", 1),))
    return one.dimensions == (("angle", 1),) and other.dimensions in scales


def _sterling(*sides: Quantity) -> bool:
    """A pound is a currency beside its sign."""
    return any("£" in side.tail for side in sides) and any("pound" in side.tail for side in sides)


def mixed(text: str) -> Unit | None:
    r"""A sum of falling units of one dimension, as so many base units: `5\text{ feet }6\text{ inches}`; else None."""
    if len(text) > 120 or not ("'" in text or _WORD.search(text)):
        return None
    printed, at, total = _FEET.sub(r"\1 ft \2 in", bare(text)), 0, Fraction(0)
    parts: list[Unit] = []
    while at < len(printed):
        found = _MIXED.match(printed, at)
        value = number.read(found.group(1)) if found else None
        unit = UNITS.get(found.group(2)) if found else None
        if found is None or value is None or unit is None:
            return None
        if parts and (unit.dimensions != parts[0].dimensions or unit.factor >= parts[-1].factor):
            return None
        parts.append(unit)
        total += value * unit.factor
        at = found.end() + (printed[found.end() : found.end() + 1] == " ")
    return Unit(parts[0].dimensions, total) if len(parts) > 1 else None


def _exact(text: str) -> Fraction | None:
    nodes = trees(text)
    try:
        return rational.exact(nodes[0]) if nodes and not rational.symbols(nodes[0]) else None
    except rational.NoValue:
        return None


def same_mixed(gold: str, answer: str) -> bool | None:
    """Whether two amounts are the same, one of them at least of several units; None where neither is."""
    amounts = [mixed(gold), mixed(answer)]
    if not any(amounts):
        return None
    for k, text in enumerate((gold, answer)):
        if amounts[k] is None:
            single = split(text)
            value = _exact(single.value)
            if single.unit is None or value is None:
                return False
            amounts[k] = Unit(single.unit.dimensions, value * single.unit.factor)
    return amounts[0] == amounts[1]
