"""A program as Python source: for the record, for the difficulty score, and for the check against the interpreter."""

from data.logic import program as ir

INDENT = "    "
_ENDINGS = {ir.Break: "break", ir.Continue: "continue"}


def expression(expr: ir.Expr) -> str:
    if isinstance(expr, ir.Const):
        return str(expr.value)
    if isinstance(expr, ir.Var):
        return expr.name
    if isinstance(expr, ir.Bin):
        return f"{_operand(expr.left)} {expr.op} {_operand(expr.right)}"
    if isinstance(expr, ir.Len):
        return f"len({expr.lst})"
    if isinstance(expr, ir.Item):
        return f"{expr.lst}[{_operand(expr.index)} % len({expr.lst})]"
    if expr.name == "gap":
        return f"abs({_operand(expr.left)} - {_operand(expr.right)})"
    if expr.name == "less":
        return f"max({_operand(expr.left)} - {_operand(expr.right)}, 0)"
    return f"{expr.name}({expression(expr.left)}, {expression(expr.right)})"


def _operand(expr: ir.Expr) -> str:
    text = expression(expr)
    return f"({text})" if isinstance(expr, ir.Bin) else text


def condition(cond: ir.Cond) -> str:
    if isinstance(cond, ir.Compare):
        return f"{expression(cond.left)} {cond.op} {expression(cond.right)}"
    if isinstance(cond, ir.Divisible):
        return f"{_operand(cond.value)} % {_operand(cond.by)} == 0"
    if isinstance(cond, ir.Parity):
        return f"{_operand(cond.value)} % 2 == {0 if cond.even else 1}"
    left, right = (
        f"({condition(c)})" if isinstance(c, ir.Both) else condition(c)
        for c in (cond.left, cond.right)
    )
    return f"{left} {cond.op} {right}"


def source(program: ir.Program) -> str:
    """Functions at the top level, the last of which is `f`: its arguments are the program's, it returns
    (output, {tracker: value})."""
    lines: list[str] = []
    for procedure in program.procedures:
        _procedure(procedure, lines)
    lines.append(f"def f({', '.join(program.params)}):")
    lines += [f"{INDENT}{name} = 0" for name in program.trackers]
    lines += [f"{INDENT}{name} = []" for name in program.scratch]
    _Writer(lines).block(program.body, INDENT)
    stats = ", ".join(f'"{name}": {name}' for name in program.trackers)
    lines.append(f"{INDENT}return {expression(program.output)}, {{{stats}}}")
    return "\n".join(lines) + "\n"


def _procedure(procedure: ir.Procedure, lines: list[str]) -> None:
    name, param = procedure.name, procedure.param
    lines.append(f"def {name}({param}):")
    if isinstance(procedure, ir.Recursion):
        lines += [
            f"{INDENT}if {param} <= {procedure.bound}:",
            f"{INDENT * 2}return {expression(procedure.base)}",
            f"{INDENT}{procedure.inner} = {name}({expression(procedure.smaller)})",
        ]
    else:
        _Writer(lines).block(procedure.body, INDENT)
    lines += [f"{INDENT}return {expression(procedure.result)}", "", ""]


class _Writer:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.num_turns = 0  # names of the counters that cap `while`

    def block(self, block: ir.Block, indent: str) -> None:
        for stmt in block:
            self.statement(stmt, indent)
        if not block:
            self.lines.append(f"{indent}pass")

    def statement(self, stmt: ir.Stmt, indent: str) -> None:
        if isinstance(stmt, ir.If):
            self._if(stmt, indent, "if")
        elif isinstance(stmt, ir.LOOPS):
            self._loop(stmt, indent)
        else:
            self.lines.append(indent + simple(stmt))

    def _if(self, stmt: ir.If, indent: str, word: str) -> None:
        self.lines.append(f"{indent}{word} {condition(stmt.cond)}:")
        self.block(stmt.then, indent + INDENT)
        other = stmt.other
        if len(other) == 1 and isinstance(other[0], ir.If):
            self._if(other[0], indent, "elif")
        elif other:
            self.lines.append(f"{indent}else:")
            self.block(other, indent + INDENT)

    def _loop(self, stmt: ir.ForEach | ir.Repeat | ir.While, indent: str) -> None:
        if isinstance(stmt, ir.ForEach):
            self.lines.append(f"{indent}for {stmt.item} in {stmt.lst}:")
        elif isinstance(stmt, ir.Repeat):
            self.lines.append(f"{indent}for _ in range({stmt.times}):")
        else:
            self.num_turns += 1
            turns, holds = f"turns_{self.num_turns}", condition(stmt.cond)
            if isinstance(stmt.cond, ir.Both):
                holds = f"({holds})"
            self.lines += [
                f"{indent}{turns} = 0",
                f"{indent}while {turns} < {stmt.cap} and {holds}:",
                f"{indent}{INDENT}{turns} += 1",
            ]
        self.block(stmt.body, indent + INDENT)


def simple(stmt: ir.Stmt) -> str:
    """A statement of one line."""
    if isinstance(stmt, ir.Assign):
        return f"{stmt.name} = {expression(stmt.value)}"
    if isinstance(stmt, ir.Count):
        return f"{stmt.name} += 1"
    if isinstance(stmt, ir.TrackMax):
        return f"{stmt.name} = max({stmt.name}, {expression(stmt.value)})"
    if isinstance(stmt, ir.Call):
        return f"{stmt.name} = {stmt.procedure}({expression(stmt.arg)})"
    if isinstance(stmt, ir.Append):
        return f"{stmt.lst}.append({expression(stmt.value)})"
    if isinstance(stmt, ir.Pop):
        return f"del {stmt.lst}[-1:]"  # of an empty list: nothing
    return _ENDINGS[type(stmt)]
