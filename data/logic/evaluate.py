"""Expressions and conditions as closures over a run's variables."""

import operator
from collections.abc import Callable
from typing import Any, TypeAlias

from data.logic import program as ir

Env: TypeAlias = dict[str, Any]
Value: TypeAlias = Callable[[Env], Any]

_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "//": operator.floordiv, "%": operator.mod,
    "min": min, "max": max, "gap": lambda a, b: abs(a - b), "less": lambda a, b: max(a - b, 0),
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


# One call less than the general form, for what programs do most.
_WITH_CONSTANT: dict[Callable[[Any, Any], Any], Callable[[Value, int], Value]] = {
    operator.add: lambda left, constant: lambda env: left(env) + constant,
    operator.mul: lambda left, constant: lambda env: left(env) * constant,
    operator.mod: lambda left, constant: lambda env: left(env) % constant,
    operator.floordiv: lambda left, constant: lambda env: left(env) // constant,
    operator.le: lambda left, constant: lambda env: left(env) <= constant,
    operator.gt: lambda left, constant: lambda env: left(env) > constant,
}


def value_of(expr: ir.Expr) -> Value:
    if isinstance(expr, ir.Var):
        return operator.itemgetter(expr.name)
    if isinstance(expr, ir.Const):
        constant = expr.value
        return lambda env: constant
    if isinstance(expr, ir.Bin):
        return _apply(_BINARY[expr.op], expr.left, expr.right)
    if isinstance(expr, ir.Func):
        return _apply(_BINARY[expr.name], expr.left, expr.right)
    if isinstance(expr, ir.Len):
        name = expr.lst
        return lambda env: len(env[name])
    lst, index = expr.lst, value_of(expr.index)
    return lambda env: env[lst][index(env) % len(env[lst])]


def _apply(function: Callable[[Any, Any], Any], a: ir.Expr, b: ir.Expr) -> Value:
    left = value_of(a)
    if isinstance(b, ir.Const):
        constant = b.value
        if function in _WITH_CONSTANT:
            return _WITH_CONSTANT[function](left, constant)
        return lambda env: function(left(env), constant)
    right = value_of(b)
    if function is operator.add:
        return lambda env: left(env) + right(env)
    return lambda env: function(left(env), right(env))


def truth_of(cond: ir.Cond) -> Value:
    if isinstance(cond, ir.Compare):
        return _apply(_BINARY[cond.op], cond.left, cond.right)
    if isinstance(cond, ir.Divisible):
        remainder = _apply(operator.mod, cond.value, cond.by)
        return lambda env: remainder(env) == 0
    if isinstance(cond, ir.Parity):
        value, odd = value_of(cond.value), 0 if cond.even else 1
        return lambda env: value(env) % 2 == odd
    left, right = truth_of(cond.left), truth_of(cond.right)
    if cond.op == "and":
        return lambda env: left(env) and right(env)
    return lambda env: left(env) or right(env)
