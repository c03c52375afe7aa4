"""Exact values of rational expressions, of bounded size; two of them are compared at rational points."""

import math
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType

from data.answers.grammar import Node

MAX_BITS = 1 << 14  # of an exact value
MAX_FACTORIAL = 1000
# Fixed: a verdict never depends on chance.
RATIONAL = (Fraction(19, 7), Fraction(-23, 5), Fraction(1009, 3))
WHOLE = tuple(Fraction(n) for n in (2, 3, 5, 7, 8))


class NoValue(ArithmeticError):
    """Not rational, too large, or undefined."""


def exact(node: Node, point: Mapping[str, Fraction] = MappingProxyType({})) -> Fraction:
    """The value of a rational expression, its symbols at `point`. Raises NoValue."""
    if node.op == "num":
        value: Fraction = node.value
        return value
    if node.op == "sym":
        return point[node.value]
    rule = _EXACT.get(node.op)
    if rule is None:
        raise NoValue(node.op)
    return rule(*[exact(arg, point) for arg in node.args])


def _sum(*terms: Fraction) -> Fraction:
    return _bounded(sum(terms, Fraction(0)))


def _product(*factors: Fraction) -> Fraction:
    product = Fraction(1)
    for factor in factors:
        product = _bounded(product * factor)
    return product


def _quotient(above: Fraction, below: Fraction) -> Fraction:
    if not below:
        raise NoValue("division by zero")
    return _bounded(above / below)


def _index(value: Fraction) -> int:
    if value.denominator != 1 or not 0 <= value <= MAX_FACTORIAL:
        raise NoValue("factorial")
    return int(value)


def _bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _bounded(value: Fraction) -> Fraction:
    if _bits(value) > MAX_BITS:
        raise NoValue("size")
    return value


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1 or _bits(base) * abs(exponent) > MAX_BITS:
        raise NoValue("power")
    if not base and exponent <= 0:
        raise NoValue("power of zero")
    return Fraction(base ** int(exponent))


_EXACT: dict[str, Callable[..., Fraction]] = {
    "+": _sum, "*": _product, "/": _quotient, "^": _power, "neg": operator.neg, "abs": abs,
    "floor": lambda x: Fraction(math.floor(x)), "ceil": lambda x: Fraction(math.ceil(x)),
    "fac": lambda x: Fraction(math.factorial(_index(x))),
    "binom": lambda n, k: Fraction(math.comb(_index(n), _index(k))),
}  # fmt: skip
DISCRETE = frozenset(("fac", "binom", "floor", "ceil"))
_ROUNDED = frozenset(("floor", "ceil"))
_COUNTS = frozenset("ijklmnpqKMN")  # letters that stand for whole numbers


def _contains(node: Node, ops: frozenset[str]) -> bool:
    """Whether one of the operations is applied to symbols."""
    return (node.op in ops and bool(symbols(node))) or any(_contains(arg, ops) for arg in node.args)


def _real(node: Node) -> bool:
    """Whether a floor or a ceiling is taken of real symbols: of letters that count nothing, or of what is whole anyway."""
    if node.op in _ROUNDED and (names := symbols(node)):
        counts = all(name[0] in _COUNTS and not name[1:2].isalpha() for name in names)
        return not counts or _is_whole(node.args[0])
    return any(_real(arg) for arg in node.args)


def _is_whole(node: Node) -> bool:
    """Whether whole numbers for the symbols make it a whole number: no quotients, no roots."""
    if node.op == "num":
        return bool(node.value.denominator == 1)
    return node.op in ("sym", "+", "*", "neg", "^") and all(_is_whole(arg) for arg in node.args)


def spread(names: list[str], start: Fraction, whole: bool = False) -> dict[str, Fraction]:
    """A value for each name. Unrelated ones: if they were on one line, `x` would equal `2y - 2` at each point."""
    found = {}
    for k, name in enumerate(names):
        mixed = pow(abs(start.numerator) + 17 * k, 5, 9973)
        other = Fraction(mixed % 11 + 2) if whole else Fraction(mixed - 4000, 60 + 7 * k)
        found[name] = other if k else start
    return found


def equal(left: Node, right: Node, names: list[str]) -> bool | None:
    """Equal at every one of a few rational points (whole ones for factorials and the like); None without exact values.

    `\\lceil n/2 \\rceil` is `\\lfloor (n+1)/2 \\rfloor` where n counts; `\\lfloor x \\rfloor` is not x.
    """
    whole = any(_contains(side, DISCRETE) for side in (left, right)) and not (
        _real(left) or _real(right)
    )
    try:
        for start in WHOLE if whole else RATIONAL:
            point = spread(names, start, whole)
            if exact(left, point) != exact(right, point):
                return False
    except NoValue:
        return None
    return True


def symbols(node: Node) -> frozenset[str]:
    if node.op == "sym":
        return frozenset((node.value,))
    return frozenset().union(*(symbols(arg) for arg in node.args))
