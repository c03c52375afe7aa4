"""Strict and loose verdicts, IFEval's two accuracies (https://arxiv.org/abs/2311.07911, section 3.2).

Loose forgives a first line, a last line and stars: a constraint is met when one of eight texts meets it, the response as
it is among them.
"""

from collections.abc import Iterator

from data.constraints.base import Constraint, Scorer, gradable, verdict


def other_texts(response: str) -> Iterator[str]:
    """The seven loose variants, without repetitions and without the response itself."""
    lines = response.split("\n")
    trimmed = ["\n".join(part).strip() for part in (lines[1:], lines[:-1], lines[1:-1])]
    texts = [*trimmed, *(text.replace("*", "") for text in (response, *trimmed) if "*" in text)]
    yield from dict.fromkeys(text for text in texts if text != response)


def strict_and_loose(
    constraints: tuple[Constraint, ...], response: str, scorer: Scorer
) -> tuple[list[bool], list[bool]]:
    """(strict, loose), one verdict per constraint each, by position."""
    checkable = gradable(response, scorer)
    strict = [checkable and verdict(constraint, response, scorer) for constraint in constraints]
    if all(strict):
        return strict, list(strict)
    # Only what failed is looked at again: met strictly is met loosely.
    texts = [text for text in other_texts(response) if gradable(text, scorer)]
    loose = [
        met or any(verdict(constraint, text, scorer) for text in texts)
        for constraint, met in zip(constraints, strict, strict=True)
    ]
    return strict, loose
