r"""Answers with an equals sign: `x = 4` is 4, `2 + 2 = 4` is 4, `f(t) = 2t` is `f(x) = 2x`, equations up to a factor.

A left side that only names what is asked for is dropped: a symbol, `f(x)`, `(x, y)`, `|A|`, `\langle E \rangle`, words.
An expression that names it, `m+n = 12`, is told by `data.answers.asked`. `|x| = 4` and `2x = 8` are equations, and no value.
"""

import re
from typing import NamedTuple

from data.answers import value
from data.answers.expression import trees
from data.answers.grammar import Node
from data.answers.region import is_marked
from data.answers.structure import NAME, split_top


class Assigned(NamedTuple):
    """name: what is set, empty where nothing is; argument: `x` of `f(x)`; value: the last of a chain."""

    name: str
    argument: str
    value: str


_LEFT = (
    rf"{NAME}|\{{[A-Za-z]\}}|[A-Za-z]{{3,}}(?: [A-Za-z]+)*|[A-Z]{{2,3}}"
    r"|\|\s?\{?[A-Z]{1,2}\}?\s?\||m?\\angle\s?[A-Z]{1,3}"
    r"|\\frac\{d\w\}\{d\w\}|\\text\s?\{[^{}]*\}|\([a-z](?:,\s?[a-z]){1,3}\)|\\langle\s?[A-Za-z]\s?\\rangle"
    r"|\\(?:det|dim|deg)\s?[A-Z]|(?:P|\\Pr)\s?\([^()]{1,60}\)"
    r"|\\(?:det|dim|gcd|lcm|deg|max|min)(?![A-Za-z])|\\(?:vec|hat|bar|overline)\s?\{?[A-Za-z]\}?|(?:E|\\text\{E\})\s?\[[A-Za-z]\]"
)
_ASSIGNED = re.compile(
    rf"({_LEFT})(?:\(([\w ,+-]{{1,12}})\))?\s?(?:=|\\approx|\\in(?![a-z]))\s?(.+)", re.DOTALL
)
_SYMBOL = re.compile(r"\\[A-Za-z]+|[A-Za-z]")


def assigned(text: str) -> Assigned:
    """What a text sets a name to; without a name the text itself."""
    found = _ASSIGNED.fullmatch(text)
    if not found or (is_marked(text) and "=" not in text) or found.group(1) in ("\\frac", "\\sqrt"):
        return Assigned("", "", text)
    name, argument, rest = found.groups()
    if any("=" in part for part in split_top(rest)[1:]):  # `x = 1, y = 2`
        return Assigned("", "", text)
    return Assigned(name, argument or "", rest.rpartition("=")[2].strip())


def renamed(answer: Assigned, gold: Assigned) -> str | None:
    """The answer's value, in the gold's argument: a bound name is free to choose. None where it means something else."""
    old, new = answer.argument, gold.argument
    if old == new or len(old) != 1 or len(new) != 1:
        return answer.value
    if "\\text" in answer.value or new in _SYMBOL.findall(answer.value):
        return None
    return _SYMBOL.sub(lambda found: new if found.group() == old else found.group(), answer.value)


def equal(gold: str, answer: str) -> bool | None:
    """Whether left - right is the same up to a constant factor; None where this cannot be told."""
    sides = [trees(side) for text in (gold, answer) for side in text.split("=")]
    if not all(sides):
        return None
    left, right = (Node("+", (a[0], Node("neg", (b[0],)))) for a, b in (sides[:2], sides[2:]))
    return value.proportional(left, right)


def last_of_chain(text: str) -> str | bool | None:
    """`4` of `2 + 2 = 4`; False where an equality in it does not hold; None where this cannot be told."""
    *others, last = (side.strip() for side in text.split("="))
    nodes = [trees(side) for side in (*others, last)]
    if not all(nodes):
        return None
    same = [value.equal(node[0], nodes[-1][0]) for node in nodes[:-1]]
    return None if None in same else last if all(same) else False
