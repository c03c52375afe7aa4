"""A mitigation's replies, judged as any completion is."""

from collections.abc import Sequence
from dataclasses import replace

from data.tokenizer import Thinking
from eval.generate import Response
from eval.records import Record, Task, judge


def judged(replies: Sequence[tuple[Task, Response]], thinking: Thinking) -> list[Record]:
    """One record per reply, those without reasoning behind the others: of them the chat template has opened no thinking."""
    found: list[Record] = []
    for direct in (False, True):
        group = [(task, one) for task, one in replies if one.direct is direct]
        reader = thinking.of_direct if direct else thinking
        records = judge([(task, one.generation) for task, one in group], reader)
        found += [
            replace(
                record,
                num_calls=one.num_calls,
                generated_tokens=one.generated_tokens,
                forced_tokens=one.forced_tokens,
                decision=one.decision,
                note=one.note,
            )
            for record, (_, one) in zip(records, group, strict=True)
        ]
    return found
