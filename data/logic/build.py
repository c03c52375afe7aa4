"""Builds a program to a target (D, F, C): first the tree of its loops and conditions, then the statements in it.

The tree has a spine of D control statements, one inside of the other, and the rest of the C - 1 anywhere above that depth.
Of the statements, exactly as many hold a call as F leaves after what the structure calls itself.
"""

import random
from dataclasses import dataclass, field, replace
from typing import Literal

from data.logic import expressions
from data.logic import program as ir
from data.logic.expressions import Scope
from data.logic.interpreter import Discarded
from data.logic.procedures import draw_helper, draw_recursion
from data.logic.tiers import Target, Tier
from data.logic.trackers import LETTERS

CONDITION_RATES = (0.35, 0.75)  # outside of loops, inside of one
DEEP_CONDITION_RATE = 0.6
Kind = Literal["each", "repeat", "while", "if"]


@dataclass
class Node:
    """A control statement to be: one block, or two for `if`."""

    kind: Kind
    blocks: list["Draft"]


@dataclass
class Draft:
    """A block to be. depth: control statements around it; loops: of which are loops; leaves: for each plain statement
    where it stands between the nodes, and whether it holds a call."""

    depth: int
    loops: int
    nodes: list[Node] = field(default_factory=list)
    leaves: list["Leaf"] = field(default_factory=list)


@dataclass
class Leaf:
    place: float  # in [0, 1): before or after which of the block's nodes
    calls: str | None = None  # "function", a procedure's name, or "append"


class Builder:
    """One program. held_out: constructs of tiers.HELD_OUT_CONSTRUCTS that it must have."""

    def __init__(
        self,
        rng: random.Random,
        tier: Tier,
        target: Target,
        num_state: int,
        held_out: frozenset[str],
        plain: bool = False,
    ) -> None:  # fmt: skip
        self.rng, self.tier, self.target, self.held_out = rng, tier, target, held_out
        self.names = [*LETTERS] if plain else rng.sample(LETTERS, len(LETTERS))
        self.lst = self.names.pop()
        self.params = tuple(self.names.pop() for _ in range(rng.randint(*tier.int_params)))
        self.state = tuple(self.names.pop() for _ in range(num_state))
        self.controls, self.calls = target.cyclomatic - 1, target.calls
        self.scratch = self._scratch()
        self.procedures = self._procedures()

    def _scratch(self) -> tuple[str, ...]:
        """A list that is filled (one call) and whose length is reported (one call)."""
        wanted = "Pop" in self.held_out or self.rng.random() < 0.2
        if not wanted or self.calls < 2 or self.tier.name == "tiny":
            return ()
        self.calls -= 1  # of len in the output; the append is a leaf's
        return (self.names.pop(),)

    def _procedures(self) -> tuple[ir.Procedure, ...]:
        spare = self.controls - self.target.nesting
        if "Recursion" in self.held_out:
            if spare < 1 or self.calls < 2 + len(self.scratch):
                raise Discarded("no room for the target")
            self.controls, self.calls = self.controls - 1, self.calls - 1
            return (draw_recursion(self.rng, self.names.pop(), self.names.pop(), self.names.pop()),)
        room = self.tier.procedures and spare >= 1 and self.calls >= 1 + len(self.scratch)
        if not room or self.rng.random() < 0.5:
            return ()
        self.controls -= 1
        return (draw_helper(self.rng, self.names.pop(), self.names.pop()),)

    def build(self) -> ir.Program:
        top = Draft(0, 0)
        self._grow(top)
        drafts = _drafts(top)
        self._leave(top, drafts)
        scope = Scope(self.tier, self.lst, self.params, self.state)
        start = tuple(ir.Assign(name, ir.Const(self._first())) for name in self.state)
        self._turn = list(self.state)
        body = start + self._block(top, scope, last=True)
        return ir.Program(
            (self.lst,), self.params, self.procedures, self.scratch, body, self._output(body), ()
        )

    def _first(self) -> int:
        return 0 if self.rng.random() < 0.5 else self.rng.randint(1, self.tier.constants[1])

    def _grow(self, top: Draft) -> None:
        """The tree of control statements."""
        draft, drafts = top, [top]
        for number in range(self.controls):
            kind: Kind
            if number < self.target.nesting:
                kind = "each" if number == 0 else self._kind(draft)
            else:
                draft = self.rng.choice([d for d in drafts if d.depth < self.target.nesting])
                kind = self._kind(draft)
            blocks = [
                Draft(draft.depth + 1, draft.loops + (kind != "if"))
                for _ in range(2 if kind == "if" else 1)
            ]
            draft.nodes.append(Node(kind, blocks))
            drafts += blocks
            draft = blocks[0]

    def _kind(self, draft: Draft) -> Kind:
        """Conditions most of the time, and inside of two loops always; deep ones are reached by more loops around them."""
        rate = CONDITION_RATES[draft.loops] if draft.loops < 2 else 1.0
        if self.target.nesting > 3 and draft.loops == 1:
            rate = DEEP_CONDITION_RATE
        if self.tier.name == "tiny" or self.rng.random() < rate:
            return "if"
        spare = self.calls > bool(self.scratch) + len(self.procedures)
        kinds: tuple[Kind, ...] = ("each", "while", "repeat") if spare else ("each", "while")
        kind = self.rng.choice(kinds)
        self.calls -= kind == "repeat"  # of range
        return kind

    def _leave(self, top: Draft, drafts: list[Draft]) -> None:
        """Plain statements: each block that needs one gets it; then those with calls."""
        leaves: list[Leaf] = []
        empty_allowed = {
            id(node.blocks[1]) for d in drafts for node in d.nodes if node.kind == "if"
        }
        for draft in drafts[1:]:
            needed = not draft.nodes and (
                id(draft) not in empty_allowed or self.rng.random() < 0.45
            )
            for _ in range(needed + (self.rng.random() < 0.2 and self.tier.name != "tiny")):
                leaves.append(self._leaf(draft))
        wanted = [procedure.name for procedure in self.procedures] + ["append"] * len(self.scratch)
        wanted += ["function"] * (self.calls - len(wanted))
        filled = [d for d in drafts[1:] if d.leaves or d.nodes]
        while len(leaves) < max(len(wanted), len(self.state)):
            leaves.append(self._leaf(self.rng.choice(filled)))
        for leaf, call in zip(self.rng.sample(leaves, len(wanted)), wanted, strict=True):
            leaf.calls = call

    def _leaf(self, draft: Draft) -> Leaf:
        draft.leaves.append(Leaf(self.rng.random()))
        return draft.leaves[-1]

    def _block(self, draft: Draft, scope: Scope, last: bool) -> ir.Block:
        """last: nothing else is done in a turn of the loop around after this block."""
        count = len(draft.nodes)
        parts: list[tuple[float, Node | Leaf]] = [(i + 0.5, n) for i, n in enumerate(draft.nodes)]
        parts += [(leaf.place * (count + 1), leaf) for leaf in draft.leaves]
        parts.sort(key=lambda part: part[0])
        found: list[ir.Stmt] = []
        for number, (_, part) in enumerate(parts):
            final = last and number == len(parts) - 1
            found += (
                [self._plain(part, scope)]
                if isinstance(part, Leaf)
                else self._control(part, scope, final)
            )
        return tuple(found)

    def _plain(self, leaf: Leaf, scope: Scope) -> ir.Stmt:
        if leaf.calls == "append":
            return ir.Append(self.scratch[0], ir.Var(self.rng.choice(scope.items or scope.state)))
        name = self._target(scope)
        if leaf.calls is None or leaf.calls == "function":
            return expressions.update(self.rng, scope, name, call=leaf.calls is not None)
        arg: ir.Expr = ir.Var(self.rng.choice(scope.items or scope.state))
        if arg != ir.Var(name):
            arg = ir.Bin("+", ir.Var(name), arg)
        return ir.Call(name, leaf.calls, ir.Bin("%", arg, ir.Const(self.rng.randint(11, 40))))

    def _target(self, scope: Scope) -> str:
        """Each variable in turn, so that none goes without an assignment."""
        for name in self._turn:
            if name not in scope.fixed:
                self._turn.remove(name)
                self._turn.append(name)
                return name
        raise Discarded("no room for the target")

    def _control(self, node: Node, scope: Scope, last: bool) -> list[ir.Stmt]:
        if node.kind == "if":
            return [self._if(node, scope, last)]
        if node.kind == "while":
            return [self._while(node, scope)]
        if node.kind == "repeat":
            body = self._block(node.blocks[0], scope, last=True)
            return [ir.Repeat(self.rng.randint(2, 3), body)]
        item = self.names.pop()
        inner = replace(scope, items=(*scope.items, item))
        return [ir.ForEach(item, self.lst, self._block(node.blocks[0], inner, last=True))]

    def _while(self, node: Node, scope: Scope) -> ir.While:
        free = [name for name in scope.state if name not in scope.fixed]
        if len(free) < 2:
            raise Discarded("no room for the target")
        name = self.rng.choice(free)
        inner = replace(scope, fixed=scope.fixed | {name}, items=scope.items)
        body = self._block(node.blocks[0], inner, last=False)
        shrunk = ir.Assign(name, ir.Bin("//", ir.Var(name), ir.Const(self.rng.randint(2, 3))))
        cond = ir.Compare(">", ir.Var(name), ir.Const(self.rng.randint(2, 12)))
        return ir.While(cond, (*body, shrunk), self.rng.randint(4, 6))

    def _if(self, node: Node, scope: Scope, last: bool) -> ir.If:
        cond, asked = expressions.condition(self.rng, scope)
        inner = replace(scope, asked=scope.asked | asked)
        then, other = (self._block(draft, inner, last) for draft in node.blocks)
        if then == other:
            raise Discarded("a condition that changes nothing")
        draw = self.rng.random()
        if node.blocks[0].loops and draw < 0.16:
            then += (ir.Break() if draw < 0.08 or last else ir.Continue(),)
        elif "Pop" in self.held_out and draw < 0.6 and may_pop(self.scratch, then):
            then += (ir.Pop(self.scratch[0]),)
        return ir.If(cond, then, other)

    def _output(self, body: ir.Block) -> ir.Expr:
        """What nothing else reads, so that no statement is idle; the whole state where all of it is read."""
        read = reads(body)
        parts: list[ir.Expr] = [ir.Var(name) for name in self.state if name not in read]
        if not parts:
            parts = [ir.Var(self.rng.choice(self.state))]
        for lst in self.scratch:
            parts.append(ir.Bin("*", ir.Len(lst), ir.Const(self.rng.randint(2, 9))))
        found = parts[0]
        for part in parts[1:]:
            found = ir.Bin("+", found, part)
        return found


def may_pop(scratch: tuple[str, ...], block: ir.Block) -> bool:
    """Whether a number that is removed at the end of the block is one from an earlier turn."""
    return bool(scratch) and not any(isinstance(stmt, ir.Append) for stmt in ir.walk(block))


def reads(body: ir.Block) -> set[str]:
    """Variables that a condition, or the assignment to another one, reads."""
    found: set[str] = set()
    for stmt in ir.walk(body):
        for name in ir.names(stmt):
            if name != getattr(stmt, "name", None):
                found.add(name)
    return found


def _drafts(top: Draft) -> list[Draft]:
    found = [top]
    for draft in found:
        found += [block for node in draft.nodes for block in node.blocks]
    return found
