"""Mitigations: what `mitigations:` in a sweep recipe can name, ways to keep constraints met when a model reasons. One file
each: a frozen dataclass of settings that answers prompts by one or several calls of the model.

"When Thinking Fails" (https://arxiv.org/abs/2505.11423), MathIF (https://arxiv.org/abs/2505.14810) and s1
(https://arxiv.org/abs/2501.19393); every text that is put before a model is ours, since theirs are not published. What each
does and costs: docs/mitigations.md.
"""

from collections.abc import Container, Iterator, Sequence
from typing import Any

from data.sweep_records import DIRECT
from eval.backends import Backend, Engine
from eval.generate import Response, batches
from eval.mitigations.base import MITIGATIONS, NONE, Mitigation
from eval.records import Task
from recipes.errors import UserError
from recipes.typed import build_named

__all__ = ["MITIGATIONS", "NONE", "Mitigation", "build_mitigations", "responses"]


def build_mitigations(
    entries: tuple[dict[str, Any], ...], backend: Backend, where: str
) -> list[Mitigation]:
    """Those of a recipe, behind the two that all others are compared with: the model as it is and, where there are others
    and the backend can, without its reasoning."""
    named = [
        (build_named(MITIGATIONS, entry, f"{where}: mitigations.{index}"), index)
        for index, entry in enumerate(entries)
    ]
    labels = [one.label for one, _ in named]
    if twice := [label for label in labels if labels.count(label) > 1]:
        raise UserError(f"{where}: mitigations: found {twice[0]} twice; expected each once")
    for one, index in named:
        if backend.messages_only and not one.messages_only:
            able = [name for name in MITIGATIONS if MITIGATIONS[name].messages_only]  # type: ignore[attr-defined]
            raise UserError(
                f"{where}: mitigations.{index}: found {one.name} with a backend that takes messages alone; expected one of "
                f"{', '.join(able)}, or backend: {{name: transformers}}"
            )
    found = {one.label: one for one, _ in named}
    always = [NONE] if backend.messages_only or not set(found) - {NONE} else [NONE, DIRECT]
    first = [found.pop(name, None) or MITIGATIONS[name]() for name in always]
    return [*first, *found.values()]


def responses(
    mitigation: Mitigation,
    engine: Engine,
    tasks: Sequence[Task],
    batch_size: int,
    done: Container[int],
) -> Iterator[list[tuple[int, Response]]]:
    """Batch by batch, as engines generate: cut from all tasks, whatever is still to do, and never half."""
    for batch in batches([len(task.prompt) for task in tasks], batch_size):
        if all(index in done for index in batch):
            continue
        found = mitigation.respond(engine, [tasks[index] for index in batch])
        yield list(zip(batch, found, strict=True))
