r"""Whether the left side of `L = 735` names what was asked for, so that the answer is 735: `m+n`, `\cos\theta`.

It does where nobody would take L = R for an equation whose solution is R: sums, differences, products and ratios of
several symbols (`100m+n`, `xy`, `x_1-x_2`, `|a-b|`), trigonometric functions of an angle (it is no value of its own
sine), the modulus of a complex number or of a vector, the floor or the ceiling of a symbol.

Equations stay equations, and their right side is no answer: of one symbol (`2x = 8` says that x is 4; `x+3 = 8`, `x^2 = 9`,
`|x| = 4`, `\lfloor x/2 \rfloor = 4`, `\sqrt{x} = 3`, `\ln x = 2`), scaled ones (`2a+2b = 8`, `2xy = 8`, `2\sin x = 1`), with
a constant term (`x+y-5 = 0`), and curves with powers (`x^2+y^2 = 25`).
"""

import math
from fractions import Fraction
from typing import NamedTuple

from data.answers.expression import trees
from data.answers.grammar import ACCENTS, Node
from data.answers.rational import symbols

_OF_ANGLES = frozenset(("sin", "cos", "tan", "cot", "sec", "csc"))
_COMPLEX = frozenset("zw")
_COORDINATES = frozenset("xyzrt")


class _Term(NamedTuple):
    """coefficient times the product of its factors."""

    coefficient: Fraction
    factors: frozenset[Node]


def names_a_value(left: str) -> bool:
    """Whether a cleaned left side, in each of its readings, is one of the forms above."""
    nodes = trees(left)
    return bool(nodes) and all(_names(node) for node in nodes)


def is_ratio(left: str) -> bool:
    r"""Whether a gold's left side is a ratio, `\frac{m}{n}`, of no coordinates: `\frac{y}{x} = 2` is a line."""
    nodes = trees(left)
    return (
        len(nodes) == 1
        and nodes[0].op == "/"
        and _names(nodes[0])
        and not symbols(nodes[0]) & _COORDINATES
    )


def _names(node: Node) -> bool:
    if node.op in ("floor", "ceil"):
        return node.args[0].op == "sym" or _several(node.args[0])
    if node.op == "abs":
        return _modulus(node.args[0]) or _several(node.args[0])
    base = node.args[0] if node.op == "^" and node.args[1].op == "num" else node
    return _of_angle(base) or _several(node)


def _of_angle(node: Node) -> bool:
    return node.op in _OF_ANGLES and bool(symbols(node))


def _modulus(node: Node) -> bool:
    """Of z, w, z_1, or a vector, alone."""
    if node.op != "sym":
        return False
    name: str = node.value
    return name[0] in _COMPLEX or name.split(" ")[0] in ACCENTS


def _several(node: Node) -> bool:
    """A sum of different terms, or one product or ratio: of two symbols at least, with no common factor."""
    terms = [_term(arg) for arg in (node.args if node.op == "+" else (node,))]
    known = [term for term in terms if term is not None and term.factors]
    if len(known) < len(terms) or len({term.factors for term in known}) < len(known):
        return False
    whole = all(term.coefficient.denominator == 1 for term in known)
    common = math.gcd(*(term.coefficient.numerator for term in known))
    factors = frozenset().union(*(term.factors for term in known))
    related = len(symbols(node)) > 1 or all(_of_angle(factor) for factor in factors)
    return whole and common == 1 and related and len(factors) > 1


def _term(node: Node) -> _Term | None:
    """None for what is no product or quotient of symbols, trigonometric functions of angles, and numbers."""
    if node.op == "num":
        return _Term(node.value, frozenset())
    if node.op == "sym" or _of_angle(node):
        return _Term(Fraction(1), frozenset((node,)))
    if node.op == "neg":
        term = _term(node.args[0])
        return term and _Term(-term.coefficient, term.factors)
    if node.op not in ("*", "/"):
        return None
    parts = [_term(arg) for arg in node.args]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts) or (node.op == "/" and known[1].coefficient != 1):
        return None
    coefficient = math.prod((part.coefficient for part in known), start=Fraction(1))
    return _Term(coefficient, frozenset().union(*(part.factors for part in known)))
