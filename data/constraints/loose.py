"""Strict and loose verdicts, IFEval's two accuracies (https://arxiv.org/abs/2311.07911, section 3.2).

Loose forgives a first line, a last line and stars: a constraint is met when one of eight texts meets it, the response as
it is among them.
"""

import functools
from collections.abc import Iterator

from data.constraints.base import Constraint, Scorer, gradable, verdict


def other_texts(response: str) -> Iterator[str]:
    """The seven loose variants, without repetitions and without the response itself."""
    first, last = response.find("\n"), response.rfind("\n")
    if first < 0:  # a single line: nothing is left without it
        return iter([response.replace("*", "")] if "*" in response else [])
    cut = (response[first + 1 :], response[:last], response[first + 1 : last])
    trimmed = [part.strip() for part in cut]
    texts = [*trimmed, *(text.replace("*", "") for text in (response, *trimmed) if "*" in text)]
    return iter(dict.fromkeys(text for text in texts if text != response))


def strict_and_loose(
    constraints: tuple[Constraint, ...], response: str, scorer: Scorer
) -> tuple[list[bool], list[bool]]:
    """(strict, loose), one verdict per constraint each, by position."""
    checkable = gradable(response, scorer)
    strict = [checkable and verdict(constraint, response, scorer) for constraint in constraints]
    if all(strict):
        return strict, list(strict)
    # Only what failed is looked at again: met strictly is met loosely.
    texts = _Texts(response)
    loose = [
        met or any(verdict(constraint, text, scorer) for text in texts.worth(constraint, scorer))
        for constraint, met in zip(constraints, strict, strict=True)
    ]
    return strict, loose


class _Texts:
    """The variants of a response that failed a check, and which of them can pass it."""

    def __init__(self, response: str) -> None:
        self.response = response

    def worth(self, constraint: Constraint, scorer: Scorer) -> list[str]:
        inherited = constraint.inherited() if scorer == "official" else None
        if inherited == "wholes":  # then no part of the response passes
            found = [self.response.replace("*", "")] if "*" in self.response else []
        elif (
            inherited == "parts" and self.middle is not None
        ):  # what fails in the middle fails in all
            found = [self.middle, self.middle.replace("*", "")]
        else:
            found = self.others
        return [text for text in found if gradable(text, scorer)]

    @functools.cached_property
    def others(self) -> list[str]:
        return list(other_texts(self.response))

    @functools.cached_property
    def middle(self) -> str | None:
        """The part that all variants hold; None where there is nothing in it, and so no verdict."""
        if "\n" not in self.response:
            return None
        text = self.response[self.response.find("\n") + 1 : self.response.rfind("\n")]
        return text.strip() if gradable(text.replace("*", ""), "official") else None
