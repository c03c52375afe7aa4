"""The format of a completion, as far as its text tells: what ARM, AdaptThink and Thinkless tell apart, and what LASER and
GRPO-LEAD ask for."""

import re

from data.response import Completion

_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)


def is_no_think(completion: Completion) -> bool:
    """Whether it goes straight to the response: thinking closed at once, holding whitespace only, or never opened.

    Only the text is read: reasoning that is written into the response makes it no thinking all the same.
    """
    return completion.outcome != "unterminated" and not completion.reasoning


def has_code_block(reasoning: str) -> bool:
    """Whether a fenced block is opened and closed in it."""
    return len(_FENCE.findall(reasoning)) >= 2


def is_formatted(completion: Completion) -> bool:
    """Closed thinking, and a box in the response."""
    return completion.outcome == "closed" and r"\boxed" in completion.response
