"""Procedural maths word problems of 1 to 6 steps, with a solver.

A problem is a chain of operations on one running quantity (the program) and a story that tells it
(the surface). The split is decided by a hash of the program, so train and test never share a
computation, whatever the names and wordings. Difficulty is the number of steps, i.e. of equations
that the solver needs.
"""

import hashlib
import random
from dataclasses import dataclass
from typing import Literal

from data.tiny import wording

Split = Literal["train", "test"]
MAX_STEPS = 6
MAX_VALUE = 999


@dataclass(frozen=True)
class Equation:
    left: int
    symbol: Literal["+", "-", "*", "/"]
    right: int

    @property
    def result(self) -> int:
        match self.symbol:
            case "+":
                return self.left + self.right
            case "-":
                return self.left - self.right
            case "*":
                return self.left * self.right
        return self.left // self.right

    def __str__(self) -> str:
        return f"{self.left}{self.symbol}{self.right}={self.result}"  # no blanks: half the tokens


@dataclass(frozen=True)
class Op:
    """One event of the story: `kind` as in wording.EVENTS, with its one or two numbers."""

    kind: str
    n: int
    k: int = 0


@dataclass(frozen=True)
class Problem:
    start: int
    ops: tuple[Op, ...]
    question: str
    subject: str  # "Mia", for sentences of the solver
    item: str  # "apples"

    @property
    def program(self) -> str:
        return program(self.start, self.ops)

    @property
    def equations(self) -> tuple[Equation, ...]:
        return equations(self.start, self.ops)

    @property
    def answer(self) -> str:
        return str(self.equations[-1].result)


def program(start: int, ops: tuple[Op, ...]) -> str:
    return f"{start}|" + "|".join(f"{op.kind}:{op.n}:{op.k}" for op in ops)


def split_of(program_text: str) -> Split:
    """One program in eight is a test program."""
    digest = hashlib.blake2b(program_text.encode(), digest_size=4).digest()
    return "test" if digest[0] % 8 == 0 else "train"


def equations(start: int, ops: tuple[Op, ...]) -> tuple[Equation, ...]:
    """What the solver computes, in order; the running quantity is the result of each event's last
    equation."""
    found: list[Equation] = []
    value = start
    for op in ops:
        for equation in _EXPAND[op.kind](value, op):
            found.append(equation)
        value = found[-1].result
    return tuple(found)


def _groups(value: int, op: Op, symbol: Literal["+", "-"]) -> list[Equation]:
    inner = Equation(op.k, "*", op.n)
    return [inner, Equation(value, symbol, inner.result)]


_EXPAND = {
    "gain": lambda value, op: [Equation(value, "+", op.n)],
    "lose": lambda value, op: [Equation(value, "-", op.n)],
    "times": lambda value, op: [Equation(value, "*", op.n)],
    "share": lambda value, op: [Equation(value, "/", op.n)],
    "gain_groups": lambda value, op: _groups(value, op, "+"),
    "lose_groups": lambda value, op: _groups(value, op, "-"),
    # Somebody else has n more (fewer) than the subject; the question is about both together.
    "together_more": lambda value, op: [
        e := Equation(value, "+", op.n),
        Equation(value, "+", e.result),
    ],
    "together_fewer": lambda value, op: [
        e := Equation(value, "-", op.n),
        Equation(value, "+", e.result),
    ],
}
TWO_STEPS = ("gain_groups", "lose_groups", "together_more", "together_fewer")


def _draw_op(rng: random.Random, value: int, steps_left: int) -> Op | None:
    """One event that fits the running `value`, or None when the drawn kind does not fit."""
    kinds = ["gain", "gain", "lose", "lose", "times", "share"]
    if steps_left >= 2:
        kinds += ["gain_groups", "lose_groups"]
    if steps_left == 2:
        kinds += ["together_more", "together_fewer"]
    kind = rng.choice(kinds)
    n, k = rng.randint(2, 99), 0
    if kind in ("times", "share"):
        n = rng.randint(2, 9)
    elif kind in ("gain_groups", "lose_groups"):
        n, k = rng.randint(2, 25), rng.randint(2, 9)
    op = Op(kind, n, k)
    steps = _EXPAND[kind](value, op)
    if kind == "share" and value % n:
        return None
    if any(not 1 <= equation.result <= MAX_VALUE for equation in steps):
        return None
    return op


def draw(rng: random.Random, steps: int, split: Split) -> Problem:
    """A problem of exactly `steps` steps (1 to 6) from `split`."""
    if not 1 <= steps <= MAX_STEPS:
        raise ValueError(f"steps: found {steps}; expected 1 to {MAX_STEPS}")
    while True:
        start = rng.randint(3, 99)
        ops: list[Op] = []
        value = start
        while (left := steps - len(equations(start, tuple(ops)))) > 0:
            if op := _draw_op(rng, value, left):
                ops.append(op)
                value = equations(start, tuple(ops))[-1].result
        if split_of(program(start, tuple(ops))) == split:
            return tell(rng, start, tuple(ops))


def tell(rng: random.Random, start: int, ops: tuple[Op, ...]) -> Problem:
    """A story for a program: names, items, wordings, and up to two distractor sentences."""
    story = wording.Story.draw(rng)
    sentences = [story.opening(start)]
    sentences += [story.event(op.kind, op.n, op.k) for op in ops]
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        sentences.insert(rng.randint(1, len(sentences)), story.distractor())
    together = ops[-1].kind.startswith("together")
    sentences.append(story.ask(together))
    return Problem(start, ops, " ".join(sentences), story.subject, story.item)
