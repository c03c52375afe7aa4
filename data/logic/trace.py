"""What happens when a program runs, step by step: the reasoning of an SFT target.

One line for each turn of a loop over a list, "6: even, t=0+6=6, p=1". It evaluates the program a second time, apart from
data.logic.interpreter; only programs without procedures and computed conditions, i.e. the tiny tier's, are written short.
"""

from collections.abc import Sequence
from typing import Any

from data.logic import program as ir
from data.logic.evaluate import Env, truth_of, value_of
from data.logic.interpreter import BREAK, CONTINUE
from data.logic.python import expression


def trace(program: ir.Program, arguments: Sequence[Any]) -> str:
    """Raises ValueError for a program with a procedure."""
    if program.procedures:
        raise ValueError("trace: found a procedure; expected a program of the tiny tier")
    tracer = _Tracer(program, arguments)
    tracer.block(program.body)
    tracer.end_line()
    output = str(value_of(program.output)(tracer.env))
    worked = tracer.filled(program.output)
    tracer.lines.append(f"output {worked}" if worked == output else f"output {worked}={output}")
    return "\n".join(tracer.lines)


class _Tracer:
    def __init__(self, program: ir.Program, arguments: Sequence[Any]) -> None:
        self.env: Env = dict(zip(program.params, arguments, strict=True))
        self.env |= dict.fromkeys(program.trackers, 0)
        self.env |= {name: [] for name in program.scratch}
        self.lines: list[str] = []
        self.head, self.parts = "", [f"{name}=0" for name in program.trackers]

    def end_line(self) -> None:
        """Starts the next line."""
        if self.head or self.parts:
            self.lines.append(self.head + ", ".join(self.parts))
        self.head, self.parts = "", []

    def block(self, block: ir.Block) -> str | None:
        """ "break" or "continue" where the block was left so."""
        for stmt in block:
            if left := self.statement(stmt):
                return left
        return None

    def statement(self, stmt: ir.Stmt) -> str | None:
        if isinstance(stmt, ir.If):
            holds = bool(truth_of(stmt.cond)(self.env))
            self.parts.append(self.condition(stmt.cond, holds))
            return self.block(stmt.then if holds else stmt.other)
        if isinstance(stmt, ir.Break | ir.Continue):
            self.parts.append("stop" if isinstance(stmt, ir.Break) else "next")
            return BREAK if isinstance(stmt, ir.Break) else CONTINUE
        if isinstance(stmt, ir.LOOPS):
            self.loop(stmt)
        else:
            self.simple(stmt)
        return None

    def loop(self, stmt: ir.ForEach | ir.Repeat | ir.While) -> None:
        turns = (
            list(self.env[stmt.lst])
            if isinstance(stmt, ir.ForEach)
            else range(1, 1 + (stmt.times if isinstance(stmt, ir.Repeat) else stmt.cap))
        )
        for turn in turns:
            self.end_line()
            self.head = f"{turn}: "
            if isinstance(stmt, ir.ForEach):
                self.env[stmt.item] = turn
            elif isinstance(stmt, ir.While):
                holds = bool(truth_of(stmt.cond)(self.env))
                self.parts.append(self.condition(stmt.cond, holds))
                if not holds:
                    break
            if self.block(stmt.body) == BREAK:
                break
        self.end_line()

    def simple(self, stmt: ir.Stmt) -> None:
        if isinstance(stmt, ir.Count):
            self.env[stmt.name] += 1
            self.parts.append(f"{stmt.name}={self.env[stmt.name]}")
        elif isinstance(stmt, ir.Append | ir.Pop):
            numbers = self.env[stmt.lst]
            if isinstance(stmt, ir.Append):
                numbers.append(value_of(stmt.value)(self.env))
            else:
                del numbers[-1:]
            self.parts.append(f"{stmt.lst}={numbers}")
        elif isinstance(stmt, ir.Assign | ir.TrackMax):
            worked = self.filled(stmt.value)
            new = value_of(stmt.value)(self.env)
            if isinstance(stmt, ir.TrackMax):
                new = max(self.env[stmt.name], new)
                worked = str(new)
            self.env[stmt.name] = new
            shown = worked if worked == str(new) else f"{worked}={new}"
            self.parts.append(f"{stmt.name}={shown}")

    def filled(self, expr: ir.Expr) -> str:
        """The expression with its variables' values: 0+6."""
        return expression(_filled(expr, self.env)).replace(" ", "")

    def condition(self, cond: ir.Cond, holds: bool) -> str:
        """ "even", "6>4 yes", "7/3 no", "7%5<2 yes"."""
        if isinstance(cond, ir.Parity):
            word = "even" if cond.even == holds else "odd"
            own = isinstance(cond.value, ir.Var) and self.head == f"{self.env[cond.value.name]}: "
            return word if own else f"{self.filled(cond.value)} {word}"
        yes = "yes" if holds else "no"
        if isinstance(cond, ir.Divisible):
            return f"{self.filled(cond.value)}/{self.filled(cond.by)} {yes}"
        if isinstance(cond, ir.Compare):
            return f"{self.filled(cond.left)}{cond.op}{self.filled(cond.right)} {yes}"
        sides = (
            self.condition(side, bool(truth_of(side)(self.env))) for side in (cond.left, cond.right)
        )
        return f" {cond.op} ".join(sides)


def _filled(expr: ir.Expr, env: Env) -> ir.Expr:
    if isinstance(expr, ir.Var):
        return ir.Const(env[expr.name])
    if isinstance(expr, ir.Bin):
        return ir.Bin(expr.op, _filled(expr.left, env), _filled(expr.right, env))
    if isinstance(expr, ir.Func):
        return ir.Func(expr.name, _filled(expr.left, env), _filled(expr.right, env))
    return expr
