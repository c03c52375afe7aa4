"""What the page reads only when it is looked at: prompts, chains of thought, responses, and where these break a
constraint.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from data.response import split
from eval.records import Record, Task

MAX_CHARS = 400_000  # of the completions in one chunk: what a browser unpacks without a pause


def prompts(tasks: Sequence[Task]) -> dict[str, Any]:
    """Of one benchmark, a row per task. checked: which part of a completion the constraints are on."""
    return {
        "prompt": [task.prompt for task in tasks],
        "gold": [task.example.answer for task in tasks],
        "says": [
            [constraint.describe().strip() for constraint in task.constraints] for task in tasks
        ],
        "checked": ["reasoning" if task.rules.reasoning else "response" for task in tasks],
    }


def samples(records: Sequence[Record], tasks: Sequence[Task]) -> list[tuple[int, dict[str, Any]]]:
    """Of one point: chunks of consecutive records, each with the number of its first."""
    by_key = {task.prompt_key: task for task in tasks}
    return [
        (start, _columns([_row(record, by_key[record.prompt_key]) for record in part]))
        for start, part in _parts(records)
    ]


def _parts(records: Sequence[Record]) -> Iterator[tuple[int, list[Record]]]:
    part: list[Record] = []
    start, size = 0, 0
    for record in records:
        if part and size + len(record.completion) > MAX_CHARS:
            yield start, part
            start, part, size = start + len(part), [], 0
        part.append(record)
        size += len(record.completion)
    if part:
        yield start, part


def _columns(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {key: [row[key] for row in rows] for key in rows[0]}


def _row(record: Record, task: Task) -> dict[str, Any]:
    """spans: constraint, start and end of each place in the checked part that breaks one, flat."""
    # The outcome says whether the chat template opened the thinking.
    reasoning, response, _ = split(record.completion, prefilled=record.outcome == "unterminated")
    checked = reasoning if task.rules.reasoning else response
    spans: list[int] = []
    for number, (constraint, met) in enumerate(zip(task.constraints, record.met, strict=True)):
        for start, end in [] if met else constraint.offending(checked):
            spans += [number, _utf16(checked, start), _utf16(checked, end)]
    return {
        "reasoning": reasoning,
        "response": response,
        "extracted": record.extracted,
        "method": record.method,
        "spans": spans,
    }


def _utf16(text: str, position: int) -> int:
    """As JavaScript counts, to which what lies beyond U+FFFF is two characters."""
    if text.isascii():
        return position
    return position + sum(1 for char in text[:position] if ord(char) > 0xFFFF)
