"""The prompts that are measured, and the passages that state their constraints: from our builder, or from a file.

Rows of the file: {"id": ..., "text": the whole prompt, "constraints": [passage, ...]}; each passage stands in the prompt
exactly once. It is made by hand, or by a judge (eval/attention/extract.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from data.mirror import json_lines
from data.prompt import Spanned
from eval.attention.spans import find
from eval.records import Task
from recipes.attention import Attention
from recipes.errors import UserError


class Asked(NamedTuple):
    """A prompt that is to be measured, and where its constraints stand in it."""

    task: Task
    prompt: Spanned


def asked(chosen: Iterable[Task], passages: Mapping[str, Sequence[str]], where: str) -> list[Asked]:
    """passages: by the id of an example, for prompts that their source words. Raises UserError for one without, or with one
    that is not there once."""
    found = []
    for task in chosen:
        built = task.spanned
        if built is None:
            text = task.prompt
            try:
                built = Spanned(text, find(text, passages[task.example.id]))
            except KeyError:
                raise UserError(
                    f"{where}: found no passages for {task.example.id!r}; expected a row for every prompt: "
                    "`python -m eval.attention.extract` writes them"
                ) from None
            except ValueError as error:
                raise UserError(f"{where}: {task.example.id}: {error}") from None
        if not built.spans:
            raise UserError(
                f"{where}: {task.example.id}: found no constraint; expected prompts with constraints"
            )
        found.append(Asked(task, built))
    return found


def located(all_tasks: Sequence[Task], settings: Attention, where: str) -> list[Asked]:
    """The prompts that a recipe's section means."""
    chosen = spread(all_tasks, settings.num_prompts)
    if not chosen:
        raise UserError(
            f"{where}: benchmark: found {settings.benchmark!r} without constraints; expected one that asks with them"
        )
    passages: dict[str, list[str]] = {}
    if settings.spans is not None:
        texts = {task.example.id: task.prompt for task in chosen}
        passages = read_passages(Path(settings.spans), texts)
        where = f"{where}: spans: {settings.spans}"
    return asked(chosen, passages, where)


def spread(all_tasks: Sequence[Task], count: int) -> list[Task]:
    """`count` tasks with constraints, evenly over all of them."""
    found = [task for task in all_tasks if task.condition == "with" and task.example.constraints]
    if len(found) <= count:
        return found
    return [found[index * len(found) // count] for index in range(count)]


def read_passages(path: Path, texts: Mapping[str, str]) -> dict[str, list[str]]:
    """By the id of an example. texts: the prompts that are meant; a row for another text of the same id is an error."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; expected JSON lines with id, text and constraints")
    found = {}
    for where, row in json_lines(path):
        key, text, passages = (row.get(name) for name in ("id", "text", "constraints"))
        if not isinstance(passages, list) or not all(isinstance(one, str) for one in passages):
            raise UserError(
                f"{where}: constraints: found {passages!r}; expected a list of passages"
            )
        if str(key) in texts and text != texts[str(key)]:
            raise UserError(
                f"{where}: text: found {str(text)[:40]!r}; expected the prompt of {key!r}, which is another"
            )
        found[str(key)] = passages
    return found
