r"""Digits in a base, compared as (digits, base): `1011_2`, `(1011)_{\text{two}}`, `1011 \text{ base } 2`.

A side without a base has the one that the question asks for; a value in another base is another answer.
"""

import re

from data.answers.clean import bare
from data.answers.expression import trees

_DIGITS = r"[0-9A-Fa-f]+(?:\s[0-9A-Fa-f]+)*"
_BASE = re.compile(
    rf"\(?\s?({_DIGITS})\s?\)?\s?(?:_\s?\(?\s?(?:base\s?)?([a-z]+|\d+)\s?\)?|,?\s?\(?\s?(?:in )?base[ -]([a-z]+|\d+)\s?\)?)"
)
_NUMERALS = (
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
    "fifteen", "sixteen",
)  # fmt: skip
_BASES = {name: number for number, name in enumerate(_NUMERALS, start=2)}


def read(text: str) -> tuple[str, int] | None:
    """Digits and base; None for other texts. Letters alone are a symbol with an index, unless they are all digits."""
    if "_" not in text and "base" not in text:
        return None
    found = _BASE.fullmatch(bare(text).replace("_ ", "_"))
    if not found:
        return None
    name = found.group(2) or found.group(3)
    number = int(name[:4]) if name.isdigit() else _BASES.get(name)
    digits = _digits(found.group(1))
    if number is None or not (digits[0].isdigit() or (len(digits) > 1 and _valid(digits, number))):
        return None
    return digits, number


def _digits(text: str) -> str:
    return text.replace(" ", "").upper().lstrip("0") or "0"


def _valid(digits: str, base: int) -> bool:
    return all(int(digit, 16) < base for digit in digits)


def same(gold: str, answer: str) -> bool | None:
    """None where neither has a base, or where the one without is no expression."""
    left, right = read(gold), read(answer)
    if left is None and right is None:
        return None
    if left is not None and right is not None:
        return left == right
    based, other = (left, answer) if left is not None else (right, gold)
    plain = bare(other)
    if re.fullmatch(_DIGITS, plain):
        return based is not None and _digits(plain) == based[0]
    return False if trees(other) else None
