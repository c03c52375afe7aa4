"""Outputs of a benchmark that were made elsewhere, joined with its prompts and judged as the sweep judges its own.

A row holds a prompt and a response under any of the names that peers use. Prompts are compared without blanks around them:
the prompt as it was sent, or the problem alone, which then counts as asked with its constraints.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from data.mirror import json_lines
from data.tokenizer import Thinking
from eval.generate import Generation
from eval.records import Record, Task, judge
from recipes.errors import UserError

PROMPTS = ("prompt", "question", "input", "instruction", "problem")
RESPONSES = (
    "response",
    "output",
    "completion",
    "generation",
    "generated_text",
    "text",
    "prediction",
)


@dataclass(frozen=True)
class Joined:
    """missing: tasks without a response, judged as blank ones, which meet nothing; unknown: rows whose prompt is none of the
    benchmark's."""

    records: list[Record]
    missing: int
    unknown: int


def read_responses(path: Path) -> list[tuple[str, str | None, list[str]]]:
    """Of each row where it is, its prompt (None without one) and its responses. Raises UserError for a row without any."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; expected JSON lines")
    found = []
    for where, values in json_lines(path):
        response = _first(values, RESPONSES)
        texts = response if isinstance(response, list) else [response]
        if not texts or not all(isinstance(text, str) for text in texts):
            raise UserError(
                f"{where}: found keys {', '.join(values)}; expected a response, a text or a list of them, under one of "
                f"{', '.join(RESPONSES)}"
            )
        prompt = _first(values, PROMPTS)
        found.append((where, prompt if isinstance(prompt, str) else None, texts))
    return found


def _first(values: dict[str, Any], names: Iterable[str]) -> Any:
    return next((values[name] for name in names if values.get(name) is not None), None)


def join(
    tasks: tuple[Task, ...], path: Path, in_order: bool = False, prefilled: bool = False
) -> Joined:
    """Records of the tasks, in their order; several responses to a prompt are its samples. Conditions that nothing answers
    are left out.

    in_order: rows are the benchmark's, one for each problem, and prompts are not looked at. prefilled: the chat template
    opened `<think>`. Raises UserError where nothing can be joined.
    """
    rows = read_responses(path)
    answers, unknown = _in_order(tasks, rows, path) if in_order else _by_prompt(tasks, rows, path)
    answered = {task.condition for task in tasks if task.key in answers}
    asked = [task for task in tasks if task.condition in answered]
    missing = [task for task in asked if task.key not in answers]
    thinking = Thinking(prefilled, None)
    records: list[Record] = []
    for task in asked:
        texts = answers.get(task.key, [""])
        generated = [
            (replace(task, sample=number), Generation(text, [], False))
            for number, text in enumerate(texts)
        ]
        records += judge(generated, thinking)
    return Joined(records, len(missing), unknown)


Answers = dict[str, list[str]]


def _by_prompt(
    tasks: tuple[Task, ...], rows: list[tuple[str, str | None, list[str]]], path: Path
) -> tuple[Answers, int]:
    key_of = {task.example.question.strip(): task.key for task in tasks if task.condition == "with"}
    for task in tasks:
        key_of.setdefault(task.example.question.strip(), task.key)
        key_of[task.prompt.strip()] = task.key
    answers: Answers = {}
    unknown = []
    for where, prompt, texts in rows:
        if prompt is None:
            raise UserError(
                f"{where}: found no prompt; expected it under one of {', '.join(PROMPTS)} (or --in-order, where the "
                "rows are the benchmark's in its order)"
            )
        if (key := key_of.get(prompt.strip())) is None:
            unknown.append(where)
        else:
            answers.setdefault(key, []).extend(texts)
    if not answers:
        raise UserError(
            f"{path}: none of {len(rows):,} prompts is the benchmark's; is it another one's file?"
        )
    return answers, len(unknown)


def _in_order(
    tasks: tuple[Task, ...], rows: list[tuple[str, str | None, list[str]]], path: Path
) -> tuple[Answers, int]:
    counts = Counter(task.condition for task in tasks)
    condition = "with" if counts["with"] else "without"
    asked = [task for task in tasks if task.condition == condition]
    if len(rows) != len(asked):
        raise UserError(
            f"{path}: --in-order: found {len(rows):,} rows; expected {len(asked):,}, one for each problem"
        )
    return {task.key: texts for task, (_, _, texts) in zip(asked, rows, strict=True)}, 0
