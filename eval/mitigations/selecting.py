"""What the selective mitigations share: with reasoning where it is said to help, without it elsewhere."""

from collections.abc import Sequence
from typing import NamedTuple

from data.sweep_records import DIRECT
from eval.backends import Engine
from eval.generate import Response
from eval.mitigations.base import answered
from eval.records import Task

REASON = "reason"  # or DIRECT


class Choice(NamedTuple):
    """Of one prompt. decision: REASON, DIRECT or UNPARSED, which reasons; num_calls, generated_tokens: what it took"""

    decision: str
    num_calls: int = 0
    generated_tokens: int = 0
    note: str = ""


def select(engine: Engine, tasks: Sequence[Task], choices: Sequence[Choice]) -> list[Response]:
    found: dict[int, Response] = {}
    for direct in (False, True):
        group = [n for n, one in enumerate(choices) if (one.decision == DIRECT) is direct]
        if group:
            replies = answered(engine, [tasks[n] for n in group], direct)
            found |= dict(zip(group, replies, strict=True))
    return [
        found[n]._replace(
            num_calls=found[n].num_calls + choice.num_calls,
            generated_tokens=found[n].generated_tokens + choice.generated_tokens,
            decision=choice.decision,
            note=choice.note,
        )
        for n, choice in enumerate(choices)
    ]
