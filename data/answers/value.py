"""Whether two expressions are the same: exactly where they are rational, at fixed points otherwise."""

import cmath
import math
import threading
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from mpmath import MPContext  # type: ignore[import-untyped]

from data.answers import rational
from data.answers.grammar import Node
from data.answers.rational import MAX_BITS, NoValue, exact, symbols

DIGITS = 60  # e^{pi sqrt(163)} is an integer to 30 digits, and none
CLOSE = 1e-9  # relative, in floats; anything else is looked at with `DIGITS` digits
CONFIRMED = 1e-45  # relative, with `DIGITS` digits
VANISHING = 1e-56
# Fixed: a verdict never depends on chance. Positive, then mixed signs; a symbol takes the value of its rank.
POSITIVE = (0.7390851, 1.2824271, 0.5671433, 1.7632228, 0.9159656, 1.4513692, 0.6180341, 1.1319883)
_POSITIVE_NAMES = frozenset("rRlLdhmMGTkc") | {"ell", "rho", "hbar"}
RECIPROCAL = tuple(1 / value for value in POSITIVE)
FACTORS = (1.0, 1.37, -0.83, -1.21)


class _Kit(NamedTuple):
    """Numbers of one precision. `functions` by the names of `Node.op`."""

    number: Callable[[Fraction], Any]
    functions: Mapping[str, Callable[..., Any]]


def _functions(module: Any) -> dict[str, Callable[..., Any]]:
    sin, cos, tan = module.sin, module.cos, module.tan
    return {
        "sin": sin, "cos": cos, "tan": tan, "cot": lambda x: cos(x) / sin(x), "sec": lambda x: 1 / cos(x),
        "csc": lambda x: 1 / sin(x), "arcsin": module.asin, "arccos": module.acos, "arctan": module.atan,
        "sinh": module.sinh, "cosh": module.cosh, "tanh": module.tanh, "ln": module.log, "exp": module.exp,
        "neg": lambda x: -x, "*": _numeric_product, "/": lambda x, y: x / y, "abs": abs,
        "+": lambda *terms: sum(terms[1:], terms[0]), "^": _numeric_power, "root": _numeric_root,
        "e": lambda: module.exp(1), "pi": lambda: +module.pi, "i": lambda: module.sqrt(-1),
        "conj": lambda x: x.conjugate(), "cis": lambda x: cos(x) + module.sqrt(-1) * sin(x),
    }  # fmt: skip


def _numeric_product(*factors: Any) -> Any:
    product = factors[0]
    for factor in factors[1:]:
        product = product * factor
    return product


def _numeric_power(base: Any, exponent: Any) -> Any:
    if abs(exponent) > MAX_BITS:
        raise NoValue("power")
    return base**exponent


def _numeric_root(radicand: Any, index: Any) -> Any:
    """The real root of a negative number where there is one."""
    value = complex(radicand)
    if complex(index).real % 2 == 1 and value.imag == 0 and value.real < 0:
        return -((-radicand) ** (1 / index))
    return radicand ** (1 / index)


_FLOATS = _Kit(complex, _functions(cmath))


class _Precise(threading.local):
    """mpmath's contexts change their precision while they compute, so each thread has its own."""

    def __init__(self) -> None:
        context = MPContext()
        context.dps = DIGITS

        def number(value: Fraction) -> Any:
            return context.mpc(value.numerator) / value.denominator

        self.kit = _Kit(number, _functions(context))


_precise = _Precise()


def numeric(node: Node, point: Mapping[str, float], kit: _Kit = _FLOATS) -> Any:
    """The value with symbols at `point`. Raises ArithmeticError or ValueError where there is none."""
    if node.op == "num":
        return kit.number(node.value)
    if node.op == "sym":
        return kit.number(Fraction(point[node.value]))
    if node.op in (
        "fac",
        "binom",
        "floor",
        "ceil",
    ):  # constants only: between integers they say nothing
        return kit.number(_constant(node))
    result = kit.functions[node.op](*(numeric(arg, point, kit) for arg in node.args))
    # Floats are always tried first: what they cannot hold would cost mpmath any amount of memory.
    if kit is _FLOATS and not cmath.isfinite(result):
        raise NoValue("overflow")
    return result


def _constant(node: Node) -> Fraction:
    if symbols(node):
        raise NoValue(node.op)
    return exact(node)


def _difference(left: Node, right: Node, point: Mapping[str, float], kit: _Kit) -> float:
    """Relative to the larger one; 0 where both vanish."""
    a, b = numeric(left, point, kit), numeric(right, point, kit)
    size = max(abs(a), abs(b))
    if not math.isfinite(size):
        raise NoValue("overflow")
    return 0.0 if size < VANISHING else float(abs(a - b) / size)


def equal(left: Node, right: Node) -> bool | None:
    """Whether two expressions are the same; None where this cannot be told.

    Rational expressions: exactly, at rational points. Others: True when the same at points of either sign, and at one
    with 60 digits; False when different (with 60 digits) at a positive
    point. Different at negative points only (`\\sqrt{x^2}` and `x`): None, unless the symbols are positive by nature.
    """
    if left == right:
        return True
    names = sorted(symbols(left) | symbols(right))
    found = rational.equal(left, right, names)
    if found is not None:
        return found
    agreed = 0
    for factor in FACTORS if names else FACTORS[:1]:
        point = {n: POSITIVE[k % 8] * factor + k // 8 for k, n in enumerate(names)}
        try:
            if _difference(left, right, point, _FLOATS) > CLOSE:
                different = _difference(left, right, point, _precise.kit) > CONFIRMED
                if different:
                    if factor > 0:
                        return False
                    return _same_at_reciprocals(left, right, names) or None
            agreed += 1
        except (ArithmeticError, ValueError):
            continue
    if not agreed or (names and agreed < 2):
        return None
    return _confirmed(left, right, {n: POSITIVE[k % 8] + k // 8 for k, n in enumerate(names)})


def _are_positive(names: list[str]) -> bool:
    r"""Whether all are lengths, masses, densities and the like, and one at least is written as physics does: `r_0`, `\rho`.

    Then `\sqrt{G \rho r_0^2}` is `r_0 \sqrt{G \rho}`; `\sqrt{x_1^2}` is not x_1.
    """
    known = all(name.partition("_")[0] in _POSITIVE_NAMES for name in names)
    return known and any("_" in name or len(name) > 1 for name in names)


def _same_at_reciprocals(left: Node, right: Node, names: list[str]) -> bool | None:
    """Of positive symbols: 1/`POSITIVE` has the opposite order of `POSITIVE`, so that r_2 - r_1 changes sign."""
    if not _are_positive(names):
        return None
    found = [
        _confirmed(left, right, {n: p[k % 8] + k // 8 for k, n in enumerate(names)})
        for p in (POSITIVE, RECIPROCAL)
    ]
    return None if None in found else all(found)


def _confirmed(left: Node, right: Node, point: Mapping[str, float]) -> bool | None:
    try:
        return _difference(left, right, point, _precise.kit) < CONFIRMED
    except (ArithmeticError, ValueError):
        return None


def rounds_to(one: Node, other: Node, decimals: int) -> bool:
    """Whether two constants differ by half a unit of that decimal place at most."""
    try:
        for node in (one, other):
            numeric(node, {})
        a, b = (numeric(node, {}, _precise.kit) for node in (one, other))
        return bool(abs(a - b) * 10**decimals <= 0.5)
    except (ArithmeticError, ValueError):
        return False


def proportional(left: Node, right: Node) -> bool | None:
    """Whether left = c * right with a constant c that is not 0; None where this cannot be told exactly."""
    names = sorted(symbols(left) | symbols(right))
    point = rational.spread(names, rational.RATIONAL[0])
    try:
        one, other = exact(left, point), exact(right, point)
    except NoValue:
        return None
    if not one or not other:
        return None
    return equal(left, Node("*", (right, Node("num", value=one / other))))
