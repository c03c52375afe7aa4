"""Markdown structure: bullets, highlights, sections. All scans are linear; the reference patterns
are quadratic."""

import random
import re
from dataclasses import dataclass
from typing import Self

from data.constraints.base import CONSTRAINTS, Constraint, Inherited, Space
from data.constraints.case import CapitalWordFrequency, EnglishCapital, EnglishLowercase
from data.constraints.draft import Draft
from data.constraints.places import Span, lines
from data.constraints.text import has_content, map_math, math_spans

_BULLET = re.compile(r"^[ \t]*[*+•-][ \t]+(?=\S)")
_RULE = re.compile(r"[ \t]*(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,})$")
_EMPHASIS = re.compile(r"(?<![*\w])(\*{1,3})(?![\s*])([^*\n]*[^*\s])\1(?!\*)")
_STARRED = re.compile(r"\*[^\n*]*\*")
_DOUBLE_STARRED = re.compile(r"\*\*[^\n*]*\*\*")
_MARKER_WORD = re.compile(r"[^\W\d_]{4,}")


def _outside(text: str) -> str:
    """`text` with code fences and display mathematics blanked, line structure kept."""
    fenced = False
    lines: list[str] = []
    for line in text.split("\n"):
        fence = line.lstrip().startswith("```")
        lines.append("" if fenced or fence else line)
        fenced ^= fence
    return map_math(
        "\n".join(lines), lambda span: re.sub(r"[^\n]", " ", span) if "\n" in span else span
    )


@CONSTRAINTS.register("detectable_format:number_bullet_lists")
@dataclass(frozen=True)
class NumberBulletLists(Constraint):
    """Repaired: a bullet is a mark, a blank and text; `---` and `-5 + 3` are none. Exactly n, as in
    the reference."""

    mends = "a mark, a blank and text; rules, negative numbers and code are no bullets"

    num_bullets: int

    def phase(self) -> int:
        return 3

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(rng.randint(*space.bullets))

    def describe(self) -> str:
        return (
            f"Your answer must contain exactly {self.num_bullets} bullet points. "
            "Use the markdown bullet points such as:\n* This is point 1. \n* This is point 2"
        )

    def official(self, response: str) -> bool:
        return _official_bullets(response) == self.num_bullets

    def check(self, response: str) -> bool:
        return sum(map(_is_bullet, _outside(response).split("\n"))) == self.num_bullets

    def places(self, response: str) -> list[Span]:
        """Bullets over the number."""
        shown = zip(lines(response), _outside(response).split("\n"), strict=True)
        return [span for span, line in shown if _is_bullet(line)][self.num_bullets :]

    def satisfy(self, draft: Draft) -> None:
        draft.layout_lines(self.num_bullets)
        plain = len(draft.lines) - self.num_bullets
        bullets = enumerate(draft.lines[plain:], start=1)
        draft.lines = draft.lines[:plain] + [
            f"* Part {k} of {self.num_bullets}: {line}" for k, line in bullets
        ]

    def conflict(self, other: Constraint, question: str) -> str | None:
        if isinstance(other, NumberBulletLists) and other.num_bullets != self.num_bullets:
            return "two exact numbers of bullets"
        return None


def _is_bullet(line: str) -> bool:
    return _BULLET.match(line) is not None and _RULE.match(line) is None


def _official_bullets(text: str) -> int:
    r"""Matches of `^\s*\*[^\*].*$` and of `^\s*-.*$` in linear time: a lone star takes the next line for its text."""
    count, taken = 0, False
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        mark = line.lstrip()[:2]
        if mark[:1] == "-":
            count += 1
        starred, taken = not taken and mark[:1] == "*", False
        if starred and mark == "*":
            taken = number < len(lines)
            count += taken
        elif starred and mark != "**":
            count += 1
    return count


@CONSTRAINTS.register("detectable_format:number_highlighted_sections")
@dataclass(frozen=True)
class NumberHighlightedSections(Constraint):
    """Repaired: one emphasis span counts once, `3*4*5` and bullet stars never."""

    mends = "a span counts once, products and bullet stars never, nor mathematics and code"

    num_highlights: int

    def phase(self) -> int:
        return 5

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(rng.randint(*space.highlights))

    def describe(self) -> str:
        return f"Highlight at least {self.num_highlights} sections in your answer with markdown, i.e. *highlighted section*."

    def inherited(self) -> Inherited:
        return "wholes"

    def official(self, response: str) -> bool:
        if "*" not in response:
            return False
        single = sum(1 for span in _STARRED.findall(response) if span.strip("*").strip())
        double = sum(1 for span in _DOUBLE_STARRED.findall(response) if span[2:-2].strip())
        return single + double >= self.num_highlights

    def check(self, response: str) -> bool:
        text = map_math(_outside(response), lambda _: "x")
        lines = (_BULLET.sub("", line, count=1) for line in text.split("\n"))
        return sum(len(_EMPHASIS.findall(line)) for line in lines) >= self.num_highlights

    def satisfy(self, draft: Draft) -> None:
        wanted = self.num_highlights + draft.surplus(2)
        draft.fill(lambda d: len(_highlightable(d.text())) >= wanted)
        text = draft.text()
        for start, end in reversed(_highlightable(text)[:wanted]):
            text = f"{text[:start]}*{text[start:end]}*{text[end:]}"
        draft.replace(text)


def _highlightable(text: str) -> list[tuple[int, int]]:
    """Spans of longer words outside mathematics that bear no mark yet."""
    math = math_spans(text)
    return [
        match.span()
        for match in _MARKER_WORD.finditer(text)
        if not any(start <= match.start() < end for start, end in math)
        and text[match.start() - 1 : match.start()] not in ("*", "_", "-", "'")
        and text[match.end() : match.end() + 1] not in ("*", "_", "-", "'")
        and match.group().lower() != "section"
    ]


@CONSTRAINTS.register("detectable_format:multiple_sections")
@dataclass(frozen=True)
class MultipleSections(Constraint):
    """Repaired: markers stand at line starts, numbered 1..n in order, every section has content;
    exactly n."""

    mends = "markers at line starts, numbered 1 to n, sections with content, exactly n; anywhere and at least n there"

    num_sections: int
    section_spliter: str

    def phase(self) -> int:
        return 4

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(rng.randint(*space.sections), rng.choice(("Section", "SECTION")))

    def describe(self) -> str:
        mark = self.section_spliter
        return (
            f"Your response must have {self.num_sections} sections. Mark the beginning of each section with {mark} X, "
            f"such as:\n{mark} 1\n[content of section 1]\n{mark} 2\n[content of section 2]"
        )

    def inherited(self) -> Inherited:
        return "wholes" if self.section_spliter.isalnum() else None

    def official(self, response: str) -> bool:
        if self.section_spliter.isalnum() and self.section_spliter not in response:
            return False  # the common case
        try:
            pieces = re.split(rf"\s?{self.section_spliter}\s?\d+\s?", response)
        except re.error:
            return False
        return len(pieces) - 1 >= self.num_sections

    def check(self, response: str) -> bool:
        found = self._sections(response)
        numbers = [number for _, number, _ in found]
        filled = all(has_content(content) for _, _, content in found)
        return filled and numbers == list(range(1, self.num_sections + 1))

    def _sections(self, response: str) -> list[tuple[Span, int, str]]:
        """The line, the number and the content of each marker."""
        marker = re.compile(rf"[ \t#*_]*{re.escape(self.section_spliter)}[ \t]+(\d+)(?!\w)(.*)")
        found: list[tuple[Span, int, str]] = []
        for start, end in lines(response):
            line = response[start:end]
            if match := marker.match(line):
                found.append(((start, end), int(match.group(1)[:6]), match.group(2)))
            elif found:
                span, number, content = found[-1]
                found[-1] = span, number, content + line
        return found

    def places(self, response: str) -> list[Span]:
        """Markers that are out of order, over the number or without content."""
        return [
            span
            for place, (span, number, content) in enumerate(self._sections(response), start=1)
            if number != place or place > self.num_sections or not has_content(content)
        ]

    def satisfy(self, draft: Draft) -> None:
        draft.layout_lines(self.num_sections)
        first = 1 if draft.wrapped else 0
        if len(draft.lines) < first + self.num_sections:
            return  # the limits allow no more lines: this draft fails its check
        # Cut points between sections, at least one line in each.
        inner = range(first + 1, len(draft.lines))
        cuts = [first, *sorted(draft.rng.sample(inner, self.num_sections - 1)), len(draft.lines)]
        lines = draft.lines[:first]
        for number in range(self.num_sections):
            lines += [
                f"{self.section_spliter} {number + 1}",
                *draft.lines[cuts[number] : cuts[number + 1]],
            ]
        draft.lines = lines

    def conflict(self, other: Constraint, question: str) -> str | None:
        if isinstance(other, MultipleSections):
            return "two numbers of sections"
        if isinstance(other, EnglishLowercase):
            return "the markers have capital letters"
        if isinstance(other, EnglishCapital) and not self.section_spliter.isupper():
            return "the markers have lowercase letters"
        if isinstance(other, CapitalWordFrequency) and other.capital_relation == "less than":
            if self.section_spliter.isupper() and self.num_sections >= other.capital_frequency:
                return "the markers are capital words"
        return None
