"""The words of our grammar of expressions (`data.answers.expression`): tokens, names, symbols, and the tree's nodes."""

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


def contains(node: Node, op: str) -> bool:
    return node.op == op or any(contains(arg, op) for arg in node.args)


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
FUNCTIONS = _names("sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh ln log exp cis")
ACCENTS = _names("dot ddot hat tilde vec bar")
CONJUGATE = "overline"  # of a number; over letters it is a segment or a mean
# What a factor may start with, besides letters and digits: these, without their backslash.
STARTS = GREEK | FUNCTIONS | ACCENTS | _names("frac sqrt binom pi lfloor lceil overline")
INVERSE = {"sin": "arcsin", "cos": "arccos", "tan": "arctan"}
CLOSING = {"(": ")", "[": "]", "{": "}", "|": "|", "\\lfloor": "\\rfloor", "\\lceil": "\\rceil"}
ENCLOSED = {"|": "abs", "\\lfloor": "floor", "\\lceil": "ceil"}
TIMES = frozenset(("*", "\\cdot", "\\times"))

MAX_TOKENS = 600
MAX_DIGITS = 1000  # of a literal


class Tokens:
    """A text's tokens, read from the left."""

    def __init__(self, text: str) -> None:
        self.tokens = TOKEN.findall(text)
        if not 0 < len(self.tokens) <= MAX_TOKENS:
            raise Unread("length")
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        if not token:
            raise Unread("end")
        self.at += 1
        return token

    def index(self) -> str:
        """What follows `_`, as a part of a name."""
        if self.peek() == "{":
            end = self.tokens.index("}", self.at) if "}" in self.tokens[self.at :] else self.at
            index = "".join(token.removeprefix("\\") for token in self.tokens[self.at + 1 : end])
            self.at = end + 1
        else:
            index = self.take().removeprefix("\\")
        if not index.isalnum():
            raise Unread("subscript")
        return index

    def symbol(self, name: str) -> Node:
        """A name with its index and its primes: `x_1`, `x1` and `x_{1}` are one."""
        if self.peek() == "_":
            self.take()
            name = f"{name}_{self.index()}"
        elif self.peek().isdigit() and name != "i":  # `i4` is 4i
            name = f"{name}_{self.take()}"
        while self.peek() == "'":
            name += self.take()
        return Node(name) if name in ("e", "i") else Node("sym", value=name)


def literal_node(token: str) -> Node:
    digits = token.replace(",", "")
    if len(digits) > MAX_DIGITS or not digits.replace(".", "").isdecimal():
        raise Unread("digits")
    return number_node(Fraction(digits.rstrip(".")))
