"""Draws conditions and assignments from what is in scope."""

import random
from dataclasses import dataclass

from data.logic import program as ir
from data.logic.tiers import Tier

NUM_TRIES = 20  # for a condition that is not asked yet
ITEM_KINDS = ("parity", "divisible", "size", "rest")
STATE_KINDS = ("parity", "rest", "rest", "rest", "rest")
RESTS: tuple[ir.Relation, ...] = ("<=", ">", "==", "!=")
SIZES: tuple[ir.Relation, ...] = ("<", "<=", ">", ">=")
LIMITS = (97, 101, 211, 307, 503, 997)  # of sums that are kept small by a remainder


@dataclass(frozen=True)
class Scope:
    """items: of the loops around, innermost last; state: variables that may be assigned; fixed: those that a `while` around
    counts down, which nothing else assigns; asked: terms whose conditions hold around, so that none is asked twice."""

    tier: Tier
    lst: str
    params: tuple[str, ...]
    state: tuple[str, ...]
    items: tuple[str, ...] = ()
    fixed: frozenset[str] = frozenset()
    asked: frozenset[tuple[str, str]] = frozenset()


def condition(rng: random.Random, scope: Scope) -> tuple[ir.Cond, frozenset[tuple[str, str]]]:
    """A condition, and what it asks: (term, kind)."""
    if rng.random() < 0.15 and scope.tier.name != "tiny":
        left, first = _simple(rng, scope, scope.asked)
        right, second = _simple(rng, scope, scope.asked | {first})
        both = rng.random() < 0.4
        return ir.Both("and" if both else "or", left, right), frozenset((first, second))
    found, asked = _simple(rng, scope, scope.asked)
    return found, frozenset((asked,))


def _simple(
    rng: random.Random, scope: Scope, asked: frozenset[tuple[str, str]]
) -> tuple[ir.Cond, tuple[str, str]]:
    for _ in range(NUM_TRIES):
        name = _term(rng, scope)
        item = name in scope.items
        # How large a variable gets is not known here, and sums are often even.
        kind = rng.choice(ITEM_KINDS if item else STATE_KINDS)
        if scope.tier.name == "tiny" and kind == "rest":
            kind = "parity"
        # Divisible, odd and a remainder may exclude each other.
        asks = (name, "size" if kind == "size" else "rest")
        if asks not in asked:
            break
    return _about(rng, scope, name, kind, item), asks


def _term(rng: random.Random, scope: Scope) -> str:
    """An item four times in five, if there is one."""
    if scope.items and rng.random() < 0.8:
        return scope.items[-1] if rng.random() < 0.7 else rng.choice(scope.items)
    return rng.choice(scope.state)


def _about(rng: random.Random, scope: Scope, name: str, kind: str, item: bool) -> ir.Cond:
    value = ir.Var(name)
    if kind == "parity":
        return ir.Parity(value, rng.random() < 0.5)
    if kind == "divisible":
        return ir.Divisible(value, _small(rng, scope, 2, 4))
    if kind == "size":
        largest = scope.tier.constants[0]
        bound = ir.Const(rng.randint(max(3, largest // 3), largest))
        return ir.Compare(rng.choice(SIZES), value, bound)
    modulus = rng.randint(3, 7) if item else rng.choice((5, 7, 11))
    rest = ir.Bin("%", value, ir.Const(modulus))
    # Of an item often asked, any remainder comes up; of a variable, about half of them should do.
    if item:
        return ir.Compare(rng.choice(RESTS), rest, ir.Const(rng.randint(1, modulus - 2)))
    middle = modulus // 2
    return ir.Compare(rng.choice(SIZES), rest, ir.Const(rng.randint(middle, middle + 1)))


def _small(rng: random.Random, scope: Scope, low: int, high: int) -> ir.Expr:
    """A constant, or now and then an argument."""
    if scope.params and rng.random() < 0.3:
        return ir.Var(rng.choice(scope.params))
    return ir.Const(rng.randint(low, high))


def update(rng: random.Random, scope: Scope, name: str, call: bool) -> ir.Assign:
    """An assignment to `name` with one call, or with none."""
    kind = rng.choice(scope.tier.calling if call else scope.tier.updates)
    return ir.Assign(
        name, _calling(rng, scope, name, kind) if call else _plain(rng, scope, name, kind)
    )


def _current(rng: random.Random, scope: Scope) -> ir.Expr:
    """The item, an argument or a variable."""
    if scope.items and rng.random() < 0.85:
        return ir.Var(rng.choice(scope.items))
    return _small(rng, scope, 2, scope.tier.constants[1])


def _plain(rng: random.Random, scope: Scope, name: str, kind: str) -> ir.Expr:
    own, current = ir.Var(name), _current(rng, scope)
    small = ir.Const(rng.randint(2, scope.tier.constants[1]))
    others = [other for other in scope.state if other != name]
    if kind == "add_other" and others:
        return ir.Bin(
            "+", own, ir.Bin("%", ir.Var(rng.choice(others)), ir.Const(rng.randint(3, 19)))
        )
    if kind == "add_item" or kind == "add_other":
        return ir.Bin("+", own, current)
    if kind == "add_constant":
        return ir.Bin("+", own, _small(rng, scope, 1, scope.tier.constants[1]))
    if kind == "add_product":
        return ir.Bin("+", own, ir.Bin("*", current, small))
    if kind == "mix":
        mixed = ir.Bin("+", ir.Bin("*", own, small), current)
        return ir.Bin("%", mixed, ir.Const(rng.choice(LIMITS)))
    if kind == "add_rest":
        return ir.Bin(
            "+", own, ir.Bin("%", _varying(rng, scope, name), ir.Const(rng.randint(3, 9)))
        )
    if kind == "halve":
        return ir.Bin("+", ir.Bin("//", own, ir.Const(rng.randint(2, 4))), current)
    return current if scope.items else ir.Bin("+", own, small)


def _varying(rng: random.Random, scope: Scope, name: str) -> ir.Var:
    names = scope.items or tuple(n for n in scope.state if n != name) or scope.params or (name,)
    return ir.Var(rng.choice(names))


def _calling(rng: random.Random, scope: Scope, name: str, kind: str) -> ir.Expr:
    own, current = ir.Var(name), _current(rng, scope)
    large = ir.Const(rng.randint(2, 2 * scope.tier.constants[0]))
    if kind == "gap":
        return ir.Func("gap", own, current)
    if kind == "less":
        return ir.Func("less", ir.Bin("+", own, current), large)
    if kind == "max":
        return ir.Bin("+", ir.Func("max", _varying(rng, scope, name), large), own)
    if kind == "min":
        return ir.Bin("+", own, ir.Func("min", _varying(rng, scope, name), large))
    return ir.Bin("+", own, ir.Item(scope.lst, _varying(rng, scope, name)))
