"""Gold by execution: a program compiled to closures, with limits on steps and values and a count for each branch.

Independent of the Python rendering, which is compared with it in the sandbox. Closures, since generation runs each program
on all of its cases several hundred times a second.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from data.logic import program as ir

MAX_STEPS = 2_000  # statements executed and turns of loops
MAX_VALUE = 10_000_000
MAX_RECURSION = 40

Env = dict[str, Any]
Value = Callable[[Env], Any]
Action = Callable[[Env], Any]  # returns None, or how it left its block
BREAK, CONTINUE = "break", "continue"


_FOR = (ir.ForEach, ir.Repeat)


class Discarded(Exception):
    """A draft, or one of its runs, that is not used; says why."""


class Result(NamedTuple):
    output: int
    stats: dict[str, int]


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


class Interpreter:
    """A compiled program. visits: how often each branch was taken since it was compiled: for a condition both of its sides,
    for a loop its body, for `While` also its end by the condition, for `Pop` a list that is not empty."""

    def __init__(self, program: ir.Program) -> None:
        self.visits: list[int] = []
        self._spent = [0]  # steps of the run; a list, for closures
        self._program = program
        self._procedures: dict[str, Callable[[int], int]] = {}
        for procedure in program.procedures:
            self._procedures[procedure.name] = self._procedure(procedure)
        self._body = self._block(program.body)
        self._output = value_of(program.output)
        self._start = dict.fromkeys(program.trackers, 0)

    def run(self, inputs: Sequence[Any]) -> Result:
        """Raises Discarded over a limit: steps, values, depth of recursion."""
        env: Env = dict(zip(self._program.params, inputs, strict=True)) | self._start
        for name in self._program.scratch:
            env[name] = []
        self._spent[0] = 0
        self._body(env)
        output = _limited(self._output(env))
        return Result(output, {name: env[name] for name in self._program.trackers})

    def _branch(self) -> int:
        self.visits.append(0)
        return len(self.visits) - 1

    def _block(self, block: ir.Block) -> Action:
        actions = tuple([self._action(stmt) for stmt in block])
        length, visits, index = len(actions) + 1, self.visits, self._branch()
        spent = self._spent

        def run(env: Env) -> Any:
            visits[index] += 1
            spent[0] += length
            if spent[0] > MAX_STEPS:
                raise Discarded("over a limit: steps")
            for action in actions:
                left = action(env)
                if left is not None:
                    return left
            return None

        return run

    def _action(self, stmt: ir.Stmt) -> Action:
        if isinstance(stmt, ir.Assign):
            return self._assign(stmt.name, value_of(stmt.value))
        if isinstance(stmt, ir.If):
            return self._if(stmt)
        if isinstance(stmt, _FOR):
            return self._for(stmt)
        if isinstance(stmt, ir.While):
            return self._while(stmt)
        if isinstance(stmt, ir.Call):
            procedure, arg = self._procedures[stmt.procedure], value_of(stmt.arg)
            return self._assign(stmt.name, lambda env: procedure(arg(env)))
        if isinstance(stmt, ir.Break):
            return lambda env: BREAK
        if isinstance(stmt, ir.Continue):
            return lambda env: CONTINUE
        return self._edit(stmt)

    def _edit(self, stmt: ir.Count | ir.TrackMax | ir.Append | ir.Pop) -> Action:
        if isinstance(stmt, ir.Count):
            name = stmt.name

            def count(env: Env) -> None:
                env[name] += 1

            return count
        if isinstance(stmt, ir.TrackMax):
            record = stmt.name
            return self._assign(record, _apply(max, ir.Var(record), stmt.value))
        if isinstance(stmt, ir.Append):
            lst, value = stmt.lst, value_of(stmt.value)
            return lambda env: env[lst].append(value(env))
        lst, visits, index = stmt.lst, self.visits, self._branch()

        def pop(env: Env) -> None:
            if env[lst]:
                visits[index] += 1
                env[lst].pop()

        return pop

    def _assign(self, name: str, value: Value) -> Action:
        def assign(env: Env) -> None:
            new = value(env)
            if not 0 <= new <= MAX_VALUE:
                raise Discarded("over a limit: value")
            env[name] = new

        return assign

    def _if(self, stmt: ir.If) -> Action:
        holds, then, other = truth_of(stmt.cond), self._block(stmt.then), self._block(stmt.other)
        return lambda env: then(env) if holds(env) else other(env)

    def _for(self, stmt: ir.ForEach | ir.Repeat) -> Action:
        body = self._block(stmt.body)
        if isinstance(stmt, ir.ForEach):
            item, lst = stmt.item, stmt.lst

            def each(env: Env) -> None:
                for value in tuple(env[lst]):
                    env[item] = value
                    if body(env) is BREAK:
                        break

            return each
        times = stmt.times

        def repeat(env: Env) -> None:
            for _ in range(times):
                if body(env) is BREAK:
                    break

        return repeat

    def _while(self, stmt: ir.While) -> Action:
        holds, body, cap = truth_of(stmt.cond), self._block(stmt.body), stmt.cap
        visits, ended = self.visits, self._branch()

        def loop(env: Env) -> None:
            for _ in range(cap):
                if not holds(env):
                    visits[ended] += 1
                    return
                if body(env) is BREAK:
                    return

        return loop

    def _procedure(self, procedure: ir.Procedure) -> Callable[[int], int]:
        if isinstance(procedure, ir.Recursion):
            return self._recursion(procedure)
        param, body, result = (
            procedure.param,
            self._block(procedure.body),
            value_of(procedure.result),
        )

        def helper(argument: int) -> int:
            env = {param: argument}
            body(env)
            return _limited(result(env))

        return helper

    def _recursion(self, procedure: ir.Recursion) -> Callable[[int], int]:
        visits, at_base, deeper = self.visits, self._branch(), self._branch()
        param, inner, bound = procedure.param, procedure.inner, procedure.bound
        base, result = value_of(procedure.base), value_of(procedure.result)
        smaller = value_of(procedure.smaller)

        def recurse(argument: int, depth: int = 0) -> int:
            if depth > MAX_RECURSION:
                raise Discarded("over a limit: recursion")
            env = {param: argument}
            if argument <= bound:
                visits[at_base] += 1
                return _limited(base(env))
            visits[deeper] += 1
            env[inner] = recurse(smaller(env), depth + 1)
            return _limited(result(env))

        return recurse


def _limited(value: int) -> int:
    if not 0 <= value <= MAX_VALUE:
        raise Discarded("over a limit: value")
    return value
