r"""Single values: a percent sign, a unit or degrees taken off, then numbers or expressions compared.

A percent sign that only one side prints is a ratio or a unit (75% equals 0.75 and 75), but no other side's unit: 10% is
no 10 degrees. A degree sign is a unit (60 equals 60^\circ); where the other side prints a multiple of pi, or radians, it
is the factor pi/180 (90^\circ equals \frac{\pi}{2}, sections 3.1 and 6.3): never from a bare number, 90 is not pi/2.
"""

import re
from fractions import Fraction

from data.answers import number, units, value
from data.answers.expression import trees
from data.answers.grammar import Node, contains, number_node
from data.answers.rational import symbols
from data.answers.units import Quantity
from data.answers.wording import OPEN, Settled

_TEXT = re.compile(r"\\text\s?\{([^{}]*)\}")
_LETTER_UNIT = re.compile(r"(-?[\d.,]+|\\frac\{\d+\}\{\d+\}) [msghLNJWVKA]")
_DIGITS_ONLY = re.compile(r"[+-]?[\d.,]+")
_PERCENT = re.compile(r"\s?(?:%|\\text\s?\{\s?(?:%|per ?cent)\s?\}|(?<=[\d}]) ?per ?cent)$")
_INFINITE = ("\\infty", "-\\infty")
_DEGREE, _RADIAN = (("angle", 1),), (("radian", 1),)
_PER_DEGREE = Node("/", (Node("pi"), number_node(180)))


def settle(gold: str, answer: str) -> Settled:
    """Compare two values; open for what is none."""
    left, right = units.split(_PERCENT.sub("", gold)), units.split(_PERCENT.sub("", answer))
    percents = _PERCENT.search(gold) is not None, _PERCENT.search(answer) is not None
    if percents[0] is not percents[1] and (right if percents[0] else left).tail:
        return Settled(False, "units")
    turned = _angles(left, right)
    if turned is not None:
        return Settled(turned, "angle")
    scale = units.ratio(left, right)
    if scale is None:
        return Settled(False, "units")
    if left.value in _INFINITE or right.value in _INFINITE:
        return _infinite(left.value, right.value)
    found = _scaled(answer, left, right, scale, percents)
    if found is None:
        broken = _DIGITS_ONLY.fullmatch(left.value) and _broken(right.value)
        return Settled(False, "not_a_value") if broken else OPEN
    united = left.unit and right.unit
    return Settled(found, "percent" if any(percents) else "units" if united else "expression")


def _scaled(
    answer: str, gold: Quantity, found: Quantity, scale: Fraction, percents: tuple[bool, bool]
) -> bool | None:
    golds, bare, answers = trees(gold.value), found.value, trees(found.value)
    if golds and found.unit and not gold.unit and symbols(golds[0]):
        answers = trees(_TEXT.sub(r"\1", answer)) or answers  # a gold such as `\frac{37}{4} m`
    if golds and not symbols(golds[0]) and _LETTER_UNIT.fullmatch(bare):
        bare = bare[: bare.rindex(" ")]
        answers = trees(bare)
    if not golds or not answers:
        return None
    equal = _any_equal(gold.value, golds, bare, answers, scale)
    if percents[0] is not percents[1] and not equal:
        factor = Fraction(1, 100) if percents[1] else Fraction(100)
        equal = _any_equal(gold.value, golds, bare, answers, factor * scale) or equal
    return equal


def _infinite(gold: str, answer: str) -> Settled:
    known = all(text in _INFINITE or trees(text) for text in (gold, answer))
    return Settled(gold == answer, "infinity") if known else OPEN


def _angles(gold: Quantity, answer: Quantity) -> bool | None:
    """Degrees against radians; None where the pair is no such."""
    for degrees, radians in ((gold, answer), (answer, gold)):
        if degrees.unit is None or degrees.unit.dimensions != _DEGREE:
            continue
        one, other = trees(degrees.value), trees(radians.value)
        in_radians = radians.unit is not None and radians.unit.dimensions == _RADIAN
        if (
            len(one) == len(other) == 1
            and (in_radians or not radians.tail)
            and contains(other[0], "pi")
        ):
            return value.equal(Node("*", (one[0], _PER_DEGREE)), other[0])
    return None


def _broken(text: str) -> bool:
    """Digits with broken punctuation (`1 2`, `--4`): nothing that an algebra system need see."""
    return re.search(r"[\\^*+()/%A-Za-z=]", text) is None


def _any_equal(
    gold: str, golds: tuple[Node, ...], answer: str, answers: tuple[Node, ...], scale: Fraction
) -> bool | None:
    found = [_equal(gold, one, answer, other, scale) for one in golds for other in answers]
    return True if True in found else None if None in found else False


def _equal(gold: str, one: Node, answer: str, other: Node, scale: Fraction) -> bool | None:
    if scale != 1:
        other = Node("*", (other, number_node(scale)))
    left, right = number.literal(gold), number.literal(answer)
    if left is not None and right is not None:
        return number.same_value(gold, left, answer, right * scale)
    found = value.equal(one, other)
    if found or symbols(one) or symbols(other):
        return found
    shown = number.places(answer) if left is None else number.places(gold)
    rounded = shown is not None and (left is None) is not (right is None)
    return True if rounded and shown is not None and value.rounds_to(one, other, shown) else found
