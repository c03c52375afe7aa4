"""The one splitter of completions into reasoning and response, for rewards and evaluation alike.

Rule (constraints.md 0.2, repaired): the response is what follows the last `</think>`; thinking that
is opened (by the model or by the chat template) and never closed leaves no response at all, and is
never graded as an answer.
"""

import re
from typing import Literal, NamedTuple

OPEN, CLOSE = "<think>", "</think>"

Outcome = Literal["closed", "unterminated", "no_thinking"]
_ANSWER = re.compile(r"<answer>(.*?)</answer>", re.DOTALL)


class Completion(NamedTuple):
    reasoning: str
    response: str  # "" when the thinking is unterminated
    outcome: Outcome


def split(text: str, prefilled: bool = False) -> Completion:
    """Reasoning and response of a completion.

    prefilled: whether the chat template already wrote `<think>` into the prompt (see
        `thinking_prefilled`).
    """
    before, close, after = text.rpartition(CLOSE)
    if OPEN in after or (prefilled and not close):
        # Opened and never closed, possibly after an earlier closed block.
        return Completion(_strip_open(text), "", "unterminated")
    if not close:
        return Completion("", _response(text), "no_thinking")
    return Completion(_strip_open(before), _response(after), "closed")


def _strip_open(text: str) -> str:
    return text.strip().removeprefix(OPEN).strip()


def _response(text: str) -> str:
    inside = _ANSWER.search(text)
    return (inside.group(1) if inside else text).strip()


def num_reasoning_tokens(completion_ids: list[int], close_id: int | None, opened: bool) -> int:
    """Tokens up to and including the last `</think>`; all of them when it is missing but thinking
    was `opened`, else 0.

    close_id: the id of `</think>`, None when the tokenizer has no such token (then thinking that is closed
        cannot be counted by ids: see data/tokenizer.py).
    """
    if close_id is not None and close_id in completion_ids:
        return len(completion_ids) - completion_ids[::-1].index(close_id)
    return len(completion_ids) if opened else 0
