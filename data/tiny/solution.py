"""The solver's writing: a short and a long chain of thought for one problem, and facts for the
response.

Both reasonings reach the same result by the same operations; the long one restates, works by parts,
and after a "Wait" checks every step backwards, so CoT length is a controlled variable and not a
different method.
"""

import random
from typing import Literal

from data.constraints.draft import Material
from data.tiny.problems import Equation, Problem

CoT = Literal["none", "short", "long"]

_WAIT = (
    "Wait, let me check that again.",
    "Wait, I should go over this once more.",
    "Wait, is that right? Let me see.",
)
_RESTATE = (
    "We start with {n} {i}.",
    "So {a} has {n} {i} at first.",
    "The story begins with {n} {i}.",
)
_NEXT = ("Next:", "Then:", "Now:", "After that:")
_FACTS = {
    "+": ("We add {r} to {l} and get {v}.", "Adding {r} to {l} gives {v}."),
    "-": ("We take {r} from {l} and get {v}.", "Taking {r} from {l} leaves {v}."),
    "*": ("We take {l} times {r} to get {v}.", "The product of {l} and {r} is {v}."),
    "/": ("We split {l} into {r} parts of {v}.", "Sharing {l} by {r} leaves {v}."),
}


def material(question: str, equations: tuple[Equation, ...], rng: random.Random) -> Material:
    """What the response is written from: the question, the answer (the last result) and one
    sentence for each equation."""
    facts = tuple(
        rng.choice(_FACTS[e.symbol]).format(l=e.left, r=e.right, v=e.result) for e in equations
    )
    return Material(question, str(equations[-1].result), facts)


def reasoning(problem: Problem, cot: CoT, rng: random.Random) -> str:
    """The text inside `<think>`; "none" answers at once."""
    if cot == "none":
        return ""
    if cot == "short":
        return "\n".join(str(equation) for equation in problem.equations)
    lines = [rng.choice(_RESTATE).format(a=problem.subject, n=problem.start, i=problem.item)]
    lines += [f"{rng.choice(_NEXT)} {_worked(equation)}." for equation in problem.equations]
    lines.append(rng.choice(_WAIT))
    lines += [f"{_inverse(equation)}." for equation in problem.equations]
    lines.append(f"So the result is {problem.answer}.")
    return "\n".join(lines)


def _worked(e: Equation) -> str:
    """An equation by parts: 47*6 as 40*6 and 7*6, and 58+36 as 58+30 and 6 more."""
    tens, ones = e.right - e.right % 10, e.right % 10
    if e.symbol in "+-" and tens and ones:
        middle = Equation(e.left, e.symbol, tens)
        return f"{middle}, {Equation(middle.result, e.symbol, ones)}"
    if e.symbol == "*":
        parts = [digit * 10**power for power, digit in _digits(e.left) if digit]
        if len(parts) > 1:
            products = [Equation(part, "*", e.right) for part in parts]
            total = "+".join(str(product.result) for product in products)
            return f"{', '.join(map(str, products))}, {total}={e.result}"
    return str(e)


def _digits(value: int) -> list[tuple[int, int]]:
    """(power of ten, digit), highest first."""
    text = str(value)
    return [(len(text) - 1 - index, int(digit)) for index, digit in enumerate(text)]


def _inverse(e: Equation) -> Equation:
    """The equation that leads back: 83-36=47 for 47+36=83."""
    symbols: dict[str, Literal["+", "-", "*", "/"]] = {"+": "-", "-": "+", "*": "/", "/": "*"}
    return Equation(e.result, symbols[e.symbol], e.right)
