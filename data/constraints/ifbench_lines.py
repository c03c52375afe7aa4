"""IFBench's `format` kinds about lines and what they start with (https://arxiv.org/abs/2507.02833)."""

import itertools
import random
import re
from collections import Counter
from dataclasses import dataclass
from typing import Self

from data.constraints.arguments import NoArguments, depunct
from data.constraints.base import CONSTRAINTS, Constraint, Space
from data.constraints.nlp import iter_sentences
from data.constraints.text import has_content

_MARKED = re.compile(r"[ \t]*([*-])[ \t]")


@CONSTRAINTS.register("format:newline")
@dataclass(frozen=True)
class Newline(NoArguments):
    wording = "Write each word on a new line."

    def official(self, response: str) -> bool:
        text = depunct(response).strip()
        return sum(1 for line in text.split("\n") if line) == len(text.split())


@CONSTRAINTS.register("format:line_indent")
@dataclass(frozen=True)
class LineIndent(NoArguments):
    """Repaired: blank lines are no stairs, and one line is none either."""

    mends = "blank lines do not count; at least two lines"
    wording = "Create stairs by incrementally indenting each new line."

    def official(self, response: str) -> bool:
        return _stairs(_lines_left(response.split("\n")))

    def check(self, response: str) -> bool:
        lines = [line for line in response.split("\n") if line.strip()]
        return len(lines) >= 2 and _stairs(lines)


def _stairs(lines: list[str]) -> bool:
    indents = (len(line) - len(line.lstrip(" ")) for line in lines)
    return all(above < below for above, below in itertools.pairwise(indents))


def _lines_left(lines: list[str]) -> list[str]:
    """What the reference leaves: it calls `lines.remove(line)` for blank lines while it iterates over `lines`, so a
    removal hides the next line from it, and takes the first equal line."""
    removals: Counter[str] = Counter()
    position = 0
    while position < len(lines):
        line = lines[position]
        if line.strip():
            position += 1
        else:
            removals[line] += 1
            position += 2
    left = []
    for line in lines:
        if removals[line]:
            removals[line] -= 1
        else:
            left.append(line)
    return left


@CONSTRAINTS.register("format:list")
@dataclass(frozen=True)
class SeparatorList(Constraint):
    """Repaired: two items, each after a separator at the start of a line (`---` is a rule, not a `-`)."""

    mends = "the separator starts a line; at least two items that are not empty"

    sep: str

    def __post_init__(self) -> None:
        if not self.sep.strip():
            raise ValueError(f"sep: found {self.sep!r}; expected a mark")

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(rng.choice(("...", "SEPARATOR", "!?!?", "-")))

    def describe(self) -> str:
        return f"Answer with a list of items, instead of bullet points use {self.sep}."

    def official(self, response: str) -> bool:
        return response.count(self.sep) >= 2

    def check(self, response: str) -> bool:
        mark = rf"^[ \t]*{re.escape(self.sep)}(?!{re.escape(self.sep[-1])})"
        items = re.split(mark, response, flags=re.MULTILINE)[1:]
        return sum(map(has_content, items)) >= 2


@CONSTRAINTS.register("format:sub-bullets")
@dataclass(frozen=True)
class SubBullets(NoArguments):
    """Repaired: marks are at line starts before a blank and text, so `**bold**` and `well-known` are none."""

    mends = "marks start a line; at least one bullet"
    wording = (
        "Your response must include bullet points denoted by * and at least one sub-bullet point denoted by - "
        "for each bullet point."
    )

    def official(self, response: str) -> bool:
        return all("-" in bullet for bullet in response.split("*")[1:])

    def check(self, response: str) -> bool:
        found = ((line, _MARKED.match(line)) for line in response.split("\n"))
        marks = "".join(mark[1] for line, mark in found if mark and has_content(line[mark.end() :]))
        bullets = marks.split("*")[1:]
        return bool(bullets) and all(bullets)


@CONSTRAINTS.register("format:no_bullets_bullets")
@dataclass(frozen=True)
class NoBulletsBullets(NoArguments):
    """One empty line may come before the bullets, nothing between or after them."""

    wording = (
        "Your answer must contain at least two sentences ending in a period "
        "followed by at least two bullet points denoted by *."
    )

    def official(self, response: str) -> bool:
        num_sentences, num_bullets, text = 0, 0, True
        for line in map(str.strip, response.split("\n")):
            if line.startswith("*"):
                if num_sentences < 2:
                    return False
                num_bullets += 1
                text = False
            elif not text:
                return False
            else:
                if num_sentences < 2:
                    num_sentences += sum(1 for _ in itertools.islice(iter_sentences(line), 2))
                text = line != ""  # the reference takes an empty line for the end of the text
        return num_bullets >= 2
