"""Gold by execution: a program compiled to closures, with limits on steps and values and a count for each branch.

Independent of the Python rendering, which is compared with it in the sandbox. Closures, since generation runs each program
on all of its cases several hundred times a second.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from data.logic import program as ir
from data.logic.evaluate import Env, Value, truth_of, value_of

MAX_STEPS = 2_000  # statements executed and turns of loops
MAX_VALUE = 10_000_000
MAX_RECURSION = 40

Action = Callable[[Env], Any]  # returns None, or how it left its block
BREAK, CONTINUE = "break", "continue"

_FOR = (ir.ForEach, ir.Repeat)


class Discarded(Exception):
    """A draft, or one of its runs, that is not used; says why."""


class Result(NamedTuple):
    output: int
    stats: dict[str, int]


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
            return self._assign(record, value_of(ir.Func("max", ir.Var(record), stmt.value)))
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
