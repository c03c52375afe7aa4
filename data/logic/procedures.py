"""Draws procedures: a helper with one condition, or a recursion."""

import random

from data.logic import program as ir


def draw_helper(rng: random.Random, name: str, param: str) -> ir.Helper:
    n = ir.Var(param)
    cond: ir.Cond = rng.choice(
        (
            ir.Parity(n, rng.random() < 0.5),
            ir.Divisible(n, ir.Const(rng.randint(2, 4))),
            ir.Compare(rng.choice((">", "<=", ">=", "<")), n, ir.Const(rng.randint(6, 14))),
        )
    )
    then, other = rng.sample(_changes(rng, n), 2)
    block = (ir.Assign(param, other),) if rng.random() < 0.6 else ()
    body = (ir.If(cond, (ir.Assign(param, then),), block),)
    small = ir.Const(rng.randint(1, 9))
    result = rng.choice((n, ir.Bin("+", n, small), ir.Bin("*", n, ir.Const(rng.randint(2, 5)))))
    return ir.Helper(name, param, body, result)


def _changes(rng: random.Random, n: ir.Expr) -> list[ir.Expr]:
    return [
        ir.Bin("+", n, ir.Const(rng.randint(2, 19))),
        ir.Bin("//", n, ir.Const(rng.randint(2, 3))),
        ir.Bin("%", n, ir.Const(rng.randint(3, 9))),
        ir.Bin("+", ir.Bin("*", n, ir.Const(rng.randint(2, 4))), ir.Const(rng.randint(1, 9))),
    ]


def draw_recursion(rng: random.Random, name: str, param: str, inner: str) -> ir.Recursion:
    n, deeper = ir.Var(param), ir.Var(inner)
    if rng.random() < 0.5:
        bound, smaller = rng.randint(1, 5), ir.Bin("//", n, ir.Const(rng.randint(2, 3)))
    else:
        step = rng.randint(3, 6)  # of at most 40: never deeper than 13
        bound, smaller = rng.randint(step - 1, step + 3), ir.Bin("-", n, ir.Const(step))
    base = rng.choice((n, ir.Const(rng.randint(1, 9)), ir.Bin("+", n, ir.Const(rng.randint(2, 9)))))
    result = rng.choice(
        (
            ir.Bin("+", deeper, n),
            ir.Bin("+", deeper, ir.Bin("%", n, ir.Const(rng.randint(3, 7)))),
            ir.Bin(
                "+", ir.Bin("*", deeper, ir.Const(2)), ir.Bin("%", n, ir.Const(rng.randint(3, 7)))
            ),
            ir.Bin("+", ir.Bin("%", ir.Bin("*", deeper, ir.Const(3)), ir.Const(53)), n),
        )
    )
    return ir.Recursion(name, param, bound, base, inner, smaller, result)
