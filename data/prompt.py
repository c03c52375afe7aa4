r"""The prompt: MathIF's assembly (https://arxiv.org/abs/2505.14810, `code/`) or a plain one; one user turn, no system
prompt. Each is built with the places of its constraints, so that text and places cannot disagree."""

from collections.abc import Sequence
from typing import NamedTuple

from data.constraints.base import Constraint

INSTRUCTION = r"Let's think step by step and output the final answer within \boxed{}."


class Span(NamedTuple):
    """Characters text[start:end]."""

    start: int
    end: int


class Spanned(NamedTuple):
    """A prompt's text, and where each constraint's description stands in it, in order; white space around it left out."""

    text: str
    spans: tuple[Span, ...]


def _ending_in(start: str, descriptions: Sequence[str]) -> Spanned:
    """`start`, and the descriptions with one blank between them."""
    text, spans = start, []
    for number, told in enumerate(descriptions):
        text += " " * (number > 0)
        first = len(text) + len(told) - len(told.lstrip())
        spans.append(Span(first, first + len(told.strip())))
        text += told
    return Spanned(text, tuple(spans))


def assemble_spanned(question: str, constraints: tuple[Constraint, ...]) -> Spanned:
    """Byte for byte MathIF's: nothing between question, instruction and first description, one blank between
    descriptions."""
    return _ending_in(question + INSTRUCTION, _described(constraints))


def _described(constraints: Sequence[Constraint]) -> list[str]:
    return [constraint.describe() for constraint in constraints]


def assemble(question: str, constraints: tuple[Constraint, ...]) -> str:
    return assemble_spanned(question, constraints).text


def plain(question: str, constraints: tuple[Constraint, ...]) -> str:
    """The question, a blank line, the constraints; no instruction on how to reason or where to put the answer."""
    return plain_with(question, _described(constraints))


def plain_with(question: str, descriptions: Sequence[str]) -> str:
    """`plain`, of constraints that may be words alone."""
    return _ending_in(question + "\n\n", descriptions).text if descriptions else question


def assemble_with(question: str, descriptions: Sequence[str]) -> str:
    """`assemble`, of constraints that may be words alone."""
    return _ending_in(question + INSTRUCTION, descriptions).text


def messages(prompt: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": prompt}]
