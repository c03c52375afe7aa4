"""Length of the response in words."""

import random
import re
import string
from dataclasses import dataclass
from typing import Self

from data.constraints.base import (
    CONSTRAINTS,
    Constraint,
    Inherited,
    Relation,
    Space,
    compare,
    inherited_by,
)
from data.constraints.draft import Draft
from data.constraints.places import Span, counted_words
from data.constraints.text import count_words

_WORD = re.compile(r"\w+")
_WORD_CHARS = string.ascii_letters + string.digits + "_"
_BLANKED = {code: " " for code in range(128) if chr(code) not in _WORD_CHARS}


def num_words(text: str) -> int:
    r"""Matches of `\w+`."""
    return len(text.translate(_BLANKED).split() if text.isascii() else _WORD.findall(text))


@CONSTRAINTS.register("length_constraint_checkers:number_words")
@dataclass(frozen=True)
class NumberWords(Constraint):
    """Repaired: formulas, `don't` and `well-known` count one word each (`count_words`)."""

    mends = r"blank-separated words, a formula is one; the reference counts `\w+`"

    num_words: int
    relation: Relation

    def phase(self) -> int:
        return 0 if self.relation == "less than" else 2

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        relation: Relation = "less than" if rng.random() < 0.5 else "at least"
        bounds = space.at_least_words if relation == "at least" else space.less_than_words
        return cls(rng.randint(*bounds), relation)

    def describe(self) -> str:
        return f"Answer with {self.relation} {self.num_words} words."

    def inherited(self) -> Inherited:
        return inherited_by(self.relation)

    def official(self, response: str) -> bool:
        return compare(num_words(response), self.relation, self.num_words)

    def check(self, response: str) -> bool:
        return compare(count_words(response), self.relation, self.num_words)

    def places(self, response: str) -> list[Span]:
        """From the first word over the limit to the end."""
        over = counted_words(response)[self.num_words - 1 :] if self.relation == "less than" else []
        return [(over[0][0], over[-1][1])] if over else []

    def satisfy(self, draft: Draft) -> None:
        if self.relation == "less than":
            most = self.num_words - 1
            draft.max_words = most if draft.max_words is None else min(most, draft.max_words)
        else:
            enough = self.num_words + draft.surplus(6)
            draft.fill(lambda d: count_words(d.text()) >= enough)

    def conflict(self, other: Constraint, question: str) -> str | None:
        if (
            isinstance(other, NumberWords)
            and self.relation == "at least"
            and other.relation == "less than"
        ):
            return "the least is not below the limit" if other.num_words <= self.num_words else None
        return None


@CONSTRAINTS.register("length_constraints:number_words")
@dataclass(frozen=True)
class IFEvalNumberWords(NumberWords):
    """The same under IFEval's id."""
