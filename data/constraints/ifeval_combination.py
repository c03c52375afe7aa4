"""IFEval's kinds that rule the whole response: JSON, two responses (https://arxiv.org/abs/2311.07911)."""

import json
import re
from dataclasses import dataclass
from typing import Any

from data.constraints.arguments import NoArguments
from data.constraints.base import CONSTRAINTS
from data.constraints.draft import Draft
from data.constraints.ifeval_length import pieces
from data.constraints.places import Span, matches
from data.constraints.text import has_content

_FENCED = re.compile(r"```[^\n`]*\n(.*)```", re.DOTALL)
_JSON_STARTS = (*'{["-0123456789tfn', "NaN", "Infinity", *" \t\n\r")
_SIX_STARS = re.compile(r"(?<!\*)\*{6}(?!\*)")


@CONSTRAINTS.register("detectable_format:json_format")
@dataclass(frozen=True)
class JSONFormat(NoArguments):
    mends = "an object or a list, no NaN or Infinity, a fence of any language"

    wording = (
        "Entire output should be wrapped in JSON format. You can use markdown ticks such as ```."
    )

    def phase(self) -> int:
        return 8

    def official(self, response: str) -> bool:
        text = response.strip()
        for fence in ("```json", "```Json", "```JSON", "```"):
            text = text.removeprefix(fence)
        return _loads(text.removesuffix("```").strip()) is not None

    def check(self, response: str) -> bool:
        text = response.strip()
        fenced = _FENCED.fullmatch(text)
        found = _loads(fenced[1] if fenced else text, constant=_refuse)
        return found is not None and isinstance(found[0], dict | list)

    def places(self, response: str) -> list[Span]:
        """From where the text stops being JSON to the end of that line."""
        start = response.find("{")
        try:
            json.loads(response[max(start, 0) :])
        except json.JSONDecodeError as error:
            at = max(start, 0) + error.pos
            end = response.find("\n", at)
            return [(at, len(response) if end < 0 else max(end, at))]
        except RecursionError:
            return []
        return [(0, start)] if start > 0 else []

    def satisfy(self, draft: Draft) -> None:
        draft.replace(json.dumps({"response": draft.text()}, ensure_ascii=False))


def _refuse(constant: str) -> None:
    raise ValueError(f"not JSON: {constant}")


def _loads(text: str, constant: Any = None) -> tuple[Any] | None:
    """The value, in a tuple since it may be null; None for what is no JSON, or nested deeper than Python goes."""
    if not text.startswith(_JSON_STARTS):
        return None  # raising the parser's error is what costs
    try:
        return (json.loads(text, parse_constant=constant),)
    except (ValueError, RecursionError):
        return None


@CONSTRAINTS.register("combination:two_responses")
@dataclass(frozen=True)
class TwoResponses(NoArguments):
    mends = "exactly six stars; responses that differ in blanks or case only are one"

    wording = (
        "Give two different responses. Responses and only responses should be separated by 6 asterisk "
        "symbols: ******."
    )

    def phase(self) -> int:
        return 8

    def official(self, response: str) -> bool:
        found = pieces(response.split("******"))
        return found is not None and len(found) == 2 and found[0].strip() != found[1].strip()

    def check(self, response: str) -> bool:
        found = pieces(_SIX_STARS.split(response))
        if found is None or len(found) != 2 or not all(map(has_content, found)):
            return False
        first, second = (" ".join(part.casefold().split()) for part in found)
        return first != second

    def places(self, response: str) -> list[Span]:
        """Separators after the first."""
        return matches(_SIX_STARS, response)[1:]

    def satisfy(self, draft: Draft) -> None:
        first, num = draft.text(), len(draft.lines)
        draft.fill(lambda d: len(d.lines) > num)
        draft.replace(f"{first}\n******\n{draft.text()}")
