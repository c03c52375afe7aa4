"""Procedural programs as data: the one source of an instance's gold, of its Python and of its English.

Values are non-negative whole numbers and lists of them. A program terminates by construction: loops run over lists or a
constant number of times, `While` has a cap, and a recursion's argument gets strictly smaller. Frozen, so programs compare
and hash by content.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Relation = Literal["==", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Const:
    value: int


@dataclass(frozen=True, slots=True)
class Var:
    name: str


@dataclass(frozen=True, slots=True)
class Bin:
    """`//` and `%` only by a positive constant or argument; `-` only where the result cannot be negative."""

    op: Literal["+", "-", "*", "//", "%"]
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class Func:
    """gap: |left - right|; less: left - right, or 0 where that would be negative."""

    name: Literal["min", "max", "gap", "less"]
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class Len:
    lst: str


@dataclass(frozen=True, slots=True)
class Item:
    """The element `index` places on from the first, going round; of a list that is never empty."""

    lst: str
    index: "Expr"


Expr: TypeAlias = Const | Var | Bin | Func | Len | Item


@dataclass(frozen=True, slots=True)
class Compare:
    op: Relation
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Divisible:
    value: Expr
    by: Expr


@dataclass(frozen=True, slots=True)
class Parity:
    value: Expr
    even: bool


@dataclass(frozen=True, slots=True)
class Both:
    op: Literal["and", "or"]
    left: "Cond"
    right: "Cond"


Cond: TypeAlias = Compare | Divisible | Parity | Both


@dataclass(frozen=True, slots=True)
class Assign:
    name: str
    value: Expr


@dataclass(frozen=True, slots=True)
class If:
    cond: Cond
    then: "Block"
    other: "Block" = ()


@dataclass(frozen=True, slots=True)
class ForEach:
    item: str
    lst: str
    body: "Block"


@dataclass(frozen=True, slots=True)
class Repeat:
    times: int
    body: "Block"


@dataclass(frozen=True, slots=True)
class While:
    """At most `cap` turns."""

    cond: Cond
    body: "Block"
    cap: int


@dataclass(frozen=True, slots=True)
class Count:
    name: str


@dataclass(frozen=True, slots=True)
class TrackMax:
    name: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    procedure: str
    arg: Expr


@dataclass(frozen=True, slots=True)
class Append:
    lst: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Pop:
    """Removes the last number; nothing where the list is empty."""

    lst: str


@dataclass(frozen=True, slots=True)
class Break:
    """Of the innermost loop."""


@dataclass(frozen=True, slots=True)
class Continue:
    """Of the innermost loop."""


Stmt: TypeAlias = (
    Assign | If | ForEach | Repeat | While | Count | TrackMax | Call | Append | Pop | Break | Continue
)  # fmt: skip
Block: TypeAlias = tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class Helper:
    """A procedure of one argument: its body, then its result. It sees nothing but the argument."""

    name: str
    param: str
    body: Block
    result: Expr


@dataclass(frozen=True, slots=True)
class Recursion:
    """base where the argument is at most `bound`; else `result`, in which `inner` is the procedure's own result on the
    smaller argument. smaller: param // c with c >= 2, or param - c with c <= bound + 1."""

    name: str
    param: str
    bound: int
    base: Expr
    inner: str
    smaller: Bin
    result: Expr


Procedure: TypeAlias = Helper | Recursion


@dataclass(frozen=True, slots=True)
class Program:
    """list_params and int_params: the arguments, in this order. scratch: lists that start empty. trackers: counters and
    records, which start at 0 and which nothing reads."""

    list_params: tuple[str, ...]
    int_params: tuple[str, ...]
    procedures: tuple[Procedure, ...]
    scratch: tuple[str, ...]
    body: Block
    output: Expr
    trackers: tuple[str, ...]

    @property
    def params(self) -> tuple[str, ...]:
        return self.list_params + self.int_params


LOOPS = (ForEach, Repeat, While)
_WITH_VALUE = (Assign, TrackMax, Append)
_WITH_CONDITION = (If, While)
_ENDS = (Const, Var, Len)


def blocks(stmt: Stmt) -> tuple[Block, ...]:
    """The blocks directly inside a statement."""
    if isinstance(stmt, If):
        return (stmt.then, stmt.other)
    if isinstance(stmt, LOOPS):
        return (stmt.body,)
    return ()


def walk(block: Block) -> list[Stmt]:
    """All statements, outer before inner."""
    found: list[Stmt] = []
    for stmt in block:
        found.append(stmt)
        for inner in blocks(stmt):
            found += walk(inner)
    return found


def statements(program: Program) -> list[Stmt]:
    """All statements, those of helpers first."""
    found: list[Stmt] = []
    for procedure in program.procedures:
        if isinstance(procedure, Helper):
            found += walk(procedure.body)
    return found + walk(program.body)


def constructs(program: Program) -> frozenset[str]:
    """Names of the node kinds that a split may hold out."""
    found = {type(stmt).__name__ for stmt in statements(program)}
    return frozenset(found | {type(procedure).__name__ for procedure in program.procedures})


def leaves(part: Expr | Cond) -> list[Const | Var | Len | Item]:
    """Constants, variables and lists that an expression or condition mentions, left to right."""
    if isinstance(part, _ENDS):
        return [part]
    if isinstance(part, Item):
        return [part, *leaves(part.index)]
    if isinstance(part, Divisible):
        return leaves(part.value) + leaves(part.by)
    if isinstance(part, Parity):
        return leaves(part.value)
    return leaves(part.left) + leaves(part.right)


def parts(stmt: Stmt) -> tuple[Expr | Cond, ...]:
    """Expressions and conditions of the statement itself, not of its blocks."""
    if isinstance(stmt, _WITH_VALUE):
        return (stmt.value,)
    if isinstance(stmt, _WITH_CONDITION):
        return (stmt.cond,)
    if isinstance(stmt, Call):
        return (stmt.arg,)
    return ()


def names(stmt: Stmt) -> set[str]:
    """Variables that the statement itself reads."""
    return {leaf.name for part in parts(stmt) for leaf in leaves(part) if isinstance(leaf, Var)}


def all_names(program: Program) -> set[str]:
    """Of arguments, variables, lists and procedures."""
    found = {*program.params, *program.scratch}
    for procedure in program.procedures:
        found |= {procedure.name, procedure.param}
        found |= {procedure.inner} if isinstance(procedure, Recursion) else set()
    for stmt in statements(program):
        found |= {stmt.name} if isinstance(stmt, Assign | Call) else set()
        found |= {stmt.item} if isinstance(stmt, ForEach) else set()
    return found
