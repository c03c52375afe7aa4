"""The words of our grammar of expressions (`data.answers.expression`): tokens, names, and the tree's nodes."""

import re
from fractions import Fraction
from typing import Any, NamedTuple


class Unread(ValueError):
    """Not an expression of this grammar; the algebra system may know better."""


class Node(NamedTuple):
    """op: num, sym, neg, +, *, /, ^, root, fac, pi, e, i, or a function's name. value: a num's Fraction, a sym's name."""

    op: str
    args: tuple["Node", ...] = ()
    value: Any = None


def number_node(value: Fraction | int) -> Node:
    return Node("num", value=Fraction(value))


TOKEN = re.compile(
    r"\s*(\d+(?:,\d{3})+(?![\d,])(?:\.\d+)?|\d+\.?\d*|\.\d+|\\[A-Za-z]+|[A-Za-z]|\\[{}|]|\S)"
)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


GREEK = _names(
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho sigma tau upsilon "
    "phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega hbar ell"
)
FUNCTIONS = _names("sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh ln log exp")
ACCENTS = _names("dot ddot hat tilde vec bar")
# What a factor may start with, besides letters and digits: these, without their backslash.
STARTS = GREEK | FUNCTIONS | ACCENTS | _names("frac sqrt binom pi lfloor lceil")
INVERSE = {"sin": "arcsin", "cos": "arccos", "tan": "arctan"}
CLOSING = {"(": ")", "[": "]", "{": "}", "|": "|", "\\lfloor": "\\rfloor", "\\lceil": "\\rceil"}
ENCLOSED = {"|": "abs", "\\lfloor": "floor", "\\lceil": "ceil"}
TIMES = frozenset(("*", "\\cdot", "\\times"))
