"""Punctuation that must not occur."""

import re
from dataclasses import dataclass

from data.constraints.arguments import NoArguments
from data.constraints.base import CONSTRAINTS, Inherited
from data.constraints.draft import Draft
from data.constraints.places import Span

_COMMAS = frozenset(",，、،﹐")
_NO_COMMA_OR_COMMA = re.compile(rf"\\,|\{{,\}}|([{''.join(sorted(_COMMAS))}])")


@CONSTRAINTS.register("punctuation:no_comma")
@dataclass(frozen=True)
class NoComma(NoArguments):
    r"""Repaired: the thin space `\,` and the separator in `1{,}000` are not commas; full-width
    commas are."""

    forbids = True
    mends = r"`\,` and `{,}` are no commas, full-width commas are"

    wording = "In your entire response, refrain from the use of any commas."

    def phase(self) -> int:
        return 0

    def inherited(self) -> Inherited:
        return "parts"

    def official(self, response: str) -> bool:
        return "," not in response

    def check(self, response: str) -> bool:
        return _COMMAS.isdisjoint(response.replace(r"\,", "").replace("{,}", ""))

    def places(self, response: str) -> list[Span]:
        return [match.span() for match in _NO_COMMA_OR_COMMA.finditer(response) if match[1]]

    def satisfy(self, draft: Draft) -> None:
        draft.no_comma = True
