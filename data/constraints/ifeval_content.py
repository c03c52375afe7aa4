"""IFEval's placeholders, postscript and title (https://arxiv.org/abs/2311.07911)."""

import random
import re
from dataclasses import dataclass
from typing import Self

from data.constraints.arguments import NoArguments
from data.constraints.base import CONSTRAINTS, Constraint, Inherited, Space
from data.constraints.draft import Draft
from data.constraints.text import has_content

_BRACKETS = re.compile(r"\[([^\[\]\n]*)\](?!\()")
_TITLE = re.compile(r"<<([^<>\n]*)>>")
_POSTSCRIPT = {"P.S.": re.compile(r"p\.\s?s\."), "P.P.S": re.compile(r"p\.\s?p\.\s?s")}
OPTIONS = (
    "My answer is yes.",
    "My answer is no.",
    "My answer is maybe.",
)
_LEADING = " \t\"'“”‘’*_#>"


@CONSTRAINTS.register("detectable_content:number_placeholders")
@dataclass(frozen=True)
class NumberPlaceholders(Constraint):
    mends = "brackets with text inside, links are no placeholders"

    num_placeholders: int

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(rng.randint(1, 4))

    def describe(self) -> str:
        return (
            f"The response must contain at least {self.num_placeholders} placeholders represented by "
            "square brackets, such as [address]."
        )

    def inherited(self) -> Inherited:
        return "wholes"

    def official(self, response: str) -> bool:
        return _num_brackets(response, self.num_placeholders) >= self.num_placeholders

    def check(self, response: str) -> bool:
        inside = _BRACKETS.findall(response)
        return sum(1 for text in inside if has_content(text)) >= self.num_placeholders

    def satisfy(self, draft: Draft) -> None:
        draft.lines.append(" ".join([f"[{draft.say('name', '1')}]"] * self.num_placeholders))

    def conflict(self, other: Constraint, question: str) -> str | None:
        return "placeholders are counted twice" if isinstance(other, NumberPlaceholders) else None


def _num_brackets(text: str, enough: int) -> int:
    r"""Matches of `\[.*?\]`, at most `enough` of them, in linear time: a bracket that its line does not close is passed
    over with the rest of the line."""
    count, position = 0, text.find("[")
    while position >= 0 and count < enough:
        end = text.find("\n", position)
        line_end = len(text) if end < 0 else end
        close = text.find("]", position + 1, line_end)
        count += close >= 0
        position = text.find("[", close + 1 if close >= 0 else line_end)
    return count


@CONSTRAINTS.register("detectable_content:postscript")
@dataclass(frozen=True)
class Postscript(Constraint):
    mends = "the marker starts a line near the end and text follows it"

    postscript_marker: str

    def phase(self) -> int:
        return 5

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(rng.choice(("P.S.", "P.P.S")))

    def describe(self) -> str:
        return (
            "At the end of your response, please explicitly add a postscript starting with "
            f"{self.postscript_marker}"
        )

    def official(self, response: str) -> bool:
        pattern = _POSTSCRIPT.get(self.postscript_marker, self.postscript_marker.lower())
        try:
            return re.search(pattern, response.lower()) is not None
        except re.error:
            return False

    def check(self, response: str) -> bool:
        text = response.strip().lower()
        lines = [line for line in text.split("\n") if line.strip()]
        last_third = lines[2 * len(lines) // 3 :]
        last_paragraph = re.split(r"\n[ \t]*\n", text)[-1].split("\n")
        return any(
            self._is_postscript(line.strip(_LEADING)) for line in last_third + last_paragraph
        )

    def _is_postscript(self, line: str) -> bool:
        marker = self.postscript_marker.lower()
        return line.startswith(marker) and has_content(line[len(marker) :])

    def satisfy(self, draft: Draft) -> None:
        text = draft.text()
        last = draft.rng.choice(draft.fillers())
        draft.replace(f"{text}\n{self.postscript_marker} {last}")

    def conflict(self, other: Constraint, question: str) -> str | None:
        return "two postscripts" if isinstance(other, Postscript) else None


@CONSTRAINTS.register("detectable_format:title")
@dataclass(frozen=True)
class Title(NoArguments):
    mends = "the brackets hold a letter or digit and no other bracket"

    wording = "Your answer must contain a title, wrapped in double angular brackets, such as <<poem of joy>>."

    def inherited(self) -> Inherited:
        return "wholes"

    def official(self, response: str) -> bool:
        for line in response.split("\n"):
            start, end = line.find("<<"), line.rfind(">>")
            if start >= 0 and end >= start + 3:
                if line[start : end + 2].lstrip("<").rstrip(">").strip():
                    return True
        return False

    def check(self, response: str) -> bool:
        return any(has_content(text) for text in _TITLE.findall(response))

    def satisfy(self, draft: Draft) -> None:
        draft.lines.append(f"<<{draft.say('the answer', '1')}>>")


@CONSTRAINTS.register("detectable_format:constrained_response")
@dataclass(frozen=True)
class ConstrainedResponse(NoArguments):
    """The reference allows text around the option, and so do we."""

    wording = f"Answer with one of the following options: {OPTIONS}"

    def phase(self) -> int:
        return 6

    def inherited(self) -> Inherited:
        return "wholes"

    def official(self, response: str) -> bool:
        return any(option in response for option in OPTIONS)

    def satisfy(self, draft: Draft) -> None:
        draft.replace(f"{draft.text()} {OPTIONS[0]}")
