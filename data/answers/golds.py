"""The self-test of golds at load time: section 6.7 of math_grading.md.

A gold that does not equal itself, or that cannot be read, makes every answer to its problem wrong or undecided. The kinds
are those that need care when a data set is chosen; one gold may be of several.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from data.answers import base, number, region, structure, units
from data.answers.clean import clean
from data.answers.extract import gold_text
from data.answers.guards import MAX_CHARS
from data.answers.judge import grade_all

# No gold of a data set: whoever is asked whether it is right must say no.
WRONG = "-918273.645"
_TEXT = re.compile(r"\\text\s?\{[^{}]*[A-Za-z]{2}|^[A-Za-z][A-Za-z '-]+[A-Za-z]$")


class GoldProblem(NamedTuple):
    """row: from 0; why: `not itself`, `unread` (a wrong answer is undecided) or `equals a wrong answer`."""

    row: int
    gold: str
    why: str


class GoldReport(NamedTuple):
    """kinds: how many golds have commas, units, text, a base, an interval, several answers."""

    num_golds: int
    problems: list[GoldProblem]
    kinds: Counter[str]


def gold_problems(golds: Iterable[str]) -> GoldReport:
    """Which golds cannot be graded, and what kinds there are. Asks the algebra system where it must: seconds."""
    rows = list(golds)
    itself = grade_all([(gold, rf"\boxed{{{gold_text(gold)}}}") for gold in rows])
    wrong = grade_all([(gold, rf"\boxed{{{WRONG}}}") for gold in rows])
    problems = []
    for row, (gold, same, other) in enumerate(zip(rows, itself, wrong, strict=True)):
        why = (
            "not itself"
            if not same.correct
            else "unread"
            if other.correct is None
            else "equals a wrong answer"
            if other.correct
            else ""
        )
        if why:
            problems.append(GoldProblem(row, gold, why))
    return GoldReport(len(rows), problems, Counter(kind for gold in rows for kind in kinds(gold)))


def kinds(gold: str) -> list[str]:
    """Of commas, units, text, base, interval, several answers."""
    if len(gold) > MAX_CHARS:
        return []
    text = clean(gold_text(gold))
    form = structure.read(text)
    unit = units.split(text).unit is not None or units.mixed(text) is not None
    found = {
        "commas": "," in text,
        "units": unit,
        "text": not unit and _TEXT.search(text) is not None,
        "base": base.read(text) is not None,
        "interval": region.is_marked(text)
        or (form.kind == "tuple" and region.read(text) is not None),
        "several answers": form.kind in ("list", "set")
        and len(form.items) > 1
        and number.literal(text) is None,
    }
    return [kind for kind, has in found.items() if has]
