"""Numbers as they are written: read exactly, and compared by the rules of math_grading.md, section 6.5."""

import re
from decimal import Decimal
from fractions import Fraction

MAX_DIGITS = 4000  # CPython refuses to convert longer integers
RELATIVE = Fraction(1, 10**9)  # of a decimal gold
MIN_PLACES = (
    6  # a decimal with so many places and significant digits may stand for the value that it rounds
)

_INTEGER = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|[+-]?\.\d+")
_BLANKS = re.compile(r"[+-]?\d{1,3}(?: \d{3})+(?:\.\d+)?")
_FRACTION = re.compile(r"([+-]?)\s?\\frac\s?\{\s?([^{}\\]*)\}\s?\{\s?([^{}\\]*)\}")


def literal(text: str) -> Fraction | None:
    """An integer or decimal, `1,234` and `1 234` included."""
    if len(text) > MAX_DIGITS:
        return None
    if _BLANKS.fullmatch(text):
        text = text.replace(" ", "")
    return Fraction(text.replace(",", "").rstrip(".")) if _NUMBER.fullmatch(text) else None


def read(text: str) -> Fraction | None:
    """A literal, or a fraction of two; None for anything else, and for a zero below the line. `text` is cleaned."""
    value = literal(text)
    if value is not None:
        return value
    if found := _FRACTION.fullmatch(text):
        sign, parts = found.group(1), found.groups()[1:]
    elif text.count("/") == 1:
        sign, parts = "", tuple(part.strip() for part in text.split("/"))
    else:
        return None
    above, below = literal(parts[0].strip()), literal(parts[1].strip())
    if above is None or not below:
        return None
    return -above / below if sign == "-" else above / below


def same_digits(gold: str, answer: str) -> bool | None:
    """Integers of any length, by their digits; None unless both are integers."""
    if not (_INTEGER.fullmatch(gold) and _INTEGER.fullmatch(answer)):
        return None
    return _canonical(gold) == _canonical(answer)


def _canonical(digits: str) -> str:
    stripped = digits.lstrip("+-").lstrip("0") or "0"
    return f"-{stripped}" if digits[0] == "-" and stripped != "0" else stripped


def places(text: str) -> int | None:
    """How many decimal places a decimal shows, if it shows enough of them to stand for a rounded value."""
    if "." not in text or len(text) > MAX_DIGITS or not _NUMBER.fullmatch(text):
        return None
    decimals = len(text.partition(".")[2])
    significant = len(Decimal(text.replace(",", "")).as_tuple().digits)
    return decimals if decimals >= MIN_PLACES and significant >= MIN_PLACES else None


def same_value(gold: str, gold_value: Fraction, answer: str, value: Fraction) -> bool:
    """Equal; or within 1e-9 of a decimal gold; or one is a fraction and the other one its decimal, rounded."""
    if gold_value == value:
        return True
    if "." in gold and _NUMBER.fullmatch(gold) and "." in answer:
        return abs(value - gold_value) <= RELATIVE * abs(gold_value)
    shown = places(answer) if places(gold) is None else places(gold)
    return (
        shown is not None
        and ("." in gold) is not ("." in answer)
        and rounds_to(gold_value, value, shown)
    )


def rounds_to(one: Fraction, other: Fraction, decimals: int) -> bool:
    return abs(one - other) <= Fraction(1, 2 * 10**decimals)
