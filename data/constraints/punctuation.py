"""Punctuation that must not occur."""

import random
from dataclasses import dataclass
from typing import Self

from data.constraints.base import CONSTRAINTS, Constraint, Inherited, Space
from data.constraints.draft import Draft

_COMMAS = frozenset(",，、،﹐")


@CONSTRAINTS.register("punctuation:no_comma")
@dataclass(frozen=True)
class NoComma(Constraint):
    r"""Repaired: the thin space `\,` and the separator in `1{,}000` are not commas; full-width
    commas are."""

    mends = r"`\,` and `{,}` are no commas, full-width commas are"

    def phase(self) -> int:
        return 0

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls()

    def describe(self) -> str:
        return "In your entire response, refrain from the use of any commas."

    def inherited(self) -> Inherited:
        return "parts"

    def official(self, response: str) -> bool:
        return "," not in response

    def check(self, response: str) -> bool:
        return _COMMAS.isdisjoint(response.replace(r"\,", "").replace("{,}", ""))

    def satisfy(self, draft: Draft) -> None:
        draft.no_comma = True
