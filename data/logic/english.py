"""A program as English: numbered steps (2, 2.1, 2.1.2), each construct said in one of several ways.

Blocks are referred to by their numbers, so no meaning hangs on indentation; operands that are computed stand in parentheses.
"""

import random
from collections.abc import Mapping, Sequence
from typing import Literal

from data.logic import program as ir
from data.logic.phrasings import Ways, phrasings
from data.logic.tiers import TierName

_CONTROLS = (ir.If, *ir.LOOPS)
_NAMED = (ir.Const, ir.Var)

Wording = Literal["train", "held_out", "plain"]  # plain: the first of the training ways, always


def description(program: ir.Program, rng: random.Random, tier: TierName, wording: Wording) -> str:
    """The whole procedure; the input's values are not part of it."""
    return _Writer(rng, phrasings(tier), wording, short=tier == "tiny").program(program)


def listed(names: Sequence[str]) -> str:
    """ "p", "p and q", "p, q and r"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


class _Writer:
    def __init__(
        self, rng: random.Random, pool: Mapping[str, Ways], wording: Wording, short: bool
    ) -> None:
        self.rng, self.pool, self.wording, self.short = rng, pool, wording, short
        self.lines: list[str] = []

    def say(self, construct: str, **values: object) -> str:
        ways = self.pool[construct]
        if self.wording == "plain":
            return ways.train[0].format(**values)
        templates = ways.train if self.wording == "train" else ways.held_out
        return self.rng.choice(templates).format(**values)

    def program(self, program: ir.Program) -> str:
        inputs = [self.say("list", v=name) for name in program.list_params]
        inputs += [self.say("int", v=name) for name in program.int_params]
        head = [self.say("inputs" if len(inputs) > 1 else "input", inputs=listed(inputs))]
        head += [self.say("sign")] if not self.short else []
        head += [self.say("scratch", lst=name) for name in program.scratch]
        head.append(self.say("trackers", names=listed(program.trackers)))
        self.lines.append(" ".join(head))
        for procedure in program.procedures:
            self.procedure(procedure)
        self.block(program.body, "", 1, "")
        end = self.say("output", e=self.expression(program.output), names=listed(program.trackers))
        return "\n".join([*self.lines, end])

    def procedure(self, procedure: ir.Procedure) -> None:
        result = self.expression(procedure.result)
        if isinstance(procedure, ir.Recursion):
            base, smaller = self.expression(procedure.base), self.expression(procedure.smaller)
            told = self.say(
                "recursion", g=procedure.name, x=procedure.param, n=procedure.bound, base=base,
                e=smaller, y=procedure.inner, result=result,
            )  # fmt: skip
            self.lines.append(told)
            return
        body = _steps(procedure.name, 1, len(procedure.body))
        self.lines.append(
            self.say("helper", g=procedure.name, x=procedure.param, body=body, e=result)
        )
        self.block(procedure.body, procedure.name, 1, "")

    def block(self, block: ir.Block, prefix: str, first: int, loop: str) -> None:
        for number, stmt in enumerate(block, first):
            self.statement(stmt, f"{prefix}{number}", loop)

    def statement(self, stmt: ir.Stmt, number: str, loop: str) -> None:
        """number: of this step; loop: of the innermost loop around."""
        if not isinstance(stmt, _CONTROLS):
            self.lines.append(f"{number}. {_capital(self.simple(stmt, loop))}")
            return
        inside = f"{number}."
        if isinstance(stmt, ir.If) and self.short and _is_plain(stmt):
            self.lines.append(f"{number}. {self.at_once(stmt, loop)}")
            return
        if isinstance(stmt, ir.If):
            count = len(stmt.then)
            then, other = _steps(inside, 1, count), _steps(inside, count + 1, len(stmt.other))
            kind = "if_else" if stmt.other else "if_only"
            text = self.say(kind, c=self.condition(stmt.cond), then=then, other=other)
            self.lines.append(f"{number}. {_capital(text)}")
            self.block(stmt.then, inside, 1, loop)
            self.block(stmt.other, inside, count + 1, loop)
            return
        self.lines.append(
            f"{number}. {_capital(self.loop(stmt, _steps(inside, 1, len(stmt.body))))}"
        )
        self.block(stmt.body, inside, 1, f"step {number}")

    def at_once(self, stmt: ir.If, loop: str) -> str:
        """A condition with all that hangs on it in one step."""
        then, other = (
            " and ".join(_clause(self.simple(inner, loop)) for inner in block)
            for block in (stmt.then, stmt.other)
        )
        kind = "if_else_at_once" if stmt.other else "if_only_at_once"
        return self.say(kind, c=self.condition(stmt.cond), then=then, other=other)

    def loop(self, stmt: ir.ForEach | ir.Repeat | ir.While, body: str) -> str:
        if isinstance(stmt, ir.ForEach):
            return self.say("each", lst=stmt.lst, x=stmt.item, body=body)
        if isinstance(stmt, ir.Repeat):
            return self.say("repeat", n=stmt.times, body=body)
        return self.say("while", c=self.condition(stmt.cond), n=stmt.cap, body=body)

    def simple(self, stmt: ir.Stmt, loop: str) -> str:
        if isinstance(stmt, ir.Assign):
            return self.assign(stmt, start=not loop and isinstance(stmt.value, ir.Const))
        if isinstance(stmt, ir.Count):
            return self.say("count", v=stmt.name)
        if isinstance(stmt, ir.TrackMax):
            return self.say("record", v=stmt.name, e=self.operand(stmt.value))
        if isinstance(stmt, ir.Call):
            return self.say("call", v=stmt.name, g=stmt.procedure, e=self.operand(stmt.arg))
        if isinstance(stmt, ir.Append):
            return self.say("append", lst=stmt.lst, e=self.operand(stmt.value))
        if isinstance(stmt, ir.Pop):
            return self.say("pop", lst=stmt.lst)
        return self.say("break" if isinstance(stmt, ir.Break) else "continue", loop=loop)

    def assign(self, stmt: ir.Assign, start: bool) -> str:
        value = stmt.value
        if isinstance(value, ir.Bin) and value.op == "+" and value.left == ir.Var(stmt.name):
            return self.say("add", v=stmt.name, e=self.operand(value.right))
        return self.say("start" if start else "set", v=stmt.name, e=self.expression(value))

    def expression(self, expr: ir.Expr) -> str:
        if isinstance(expr, ir.Const):
            return str(expr.value)
        if isinstance(expr, ir.Var):
            return expr.name
        if isinstance(expr, ir.Len):
            return self.say("len", lst=expr.lst)
        if isinstance(expr, ir.Item):
            return self.say("item", lst=expr.lst, e=self.operand(expr.index))
        construct = expr.op if isinstance(expr, ir.Bin) else expr.name
        return self.say(construct, l=self.operand(expr.left), r=self.operand(expr.right))

    def operand(self, expr: ir.Expr) -> str:
        text = self.expression(expr)
        return text if isinstance(expr, _NAMED) else f"({text})"

    def condition(self, cond: ir.Cond) -> str:
        if isinstance(cond, ir.Parity):
            return self.say("even" if cond.even else "odd", e=self.operand(cond.value))
        if isinstance(cond, ir.Divisible):
            return self.say("divisible", e=self.operand(cond.value), by=self.operand(cond.by))
        if isinstance(cond, ir.Compare):
            return self.say(cond.op, l=self.operand(cond.left), r=self.operand(cond.right))
        left, right = f"({self.condition(cond.left)})", f"({self.condition(cond.right)})"
        return self.say(cond.op, l=left, r=right)


def _steps(prefix: str, first: int, count: int) -> str:
    """A reference to `count` steps; empty for none."""
    if count < 2:
        return f"step {prefix}{first}" if count else ""
    return f"steps {prefix}{first} to {prefix}{first + count - 1}"


def _is_plain(stmt: ir.If) -> bool:
    return not any(ir.blocks(inner) for inner in stmt.then + stmt.other)


def _clause(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:].removesuffix(".")


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
