"""What a mitigation is."""

import dataclasses
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from data.chat import Message
from data.prompt import messages
from eval.backends import Engine
from eval.benchmarks import Benchmark
from eval.generate import Ask, Prompt, Response
from eval.records import Task
from recipes.registry import Registry

MITIGATIONS = Registry("mitigation", "eval.mitigations")
NONE = "none"


@dataclass(frozen=True)
class Mitigation(ABC):
    """name: the registered one; messages_only: its calls need nothing but messages, which any server takes."""

    name: ClassVar[str]
    messages_only: ClassVar[bool] = False

    @property
    def label(self) -> str:
        """Its name and its settings that are not the default ones: a folder of records, e.g. `budget_extend_4`."""
        told = [
            _word(field.name, value)
            for field in dataclasses.fields(self)
            if (value := getattr(self, field.name)) != field.default
        ]
        return "_".join([self.name, *told])

    def mark(self) -> str:
        """What decides its responses, beside the model and the prompts."""
        return repr(self)

    def for_checkpoint(self, run: str, step: int) -> "Mitigation":
        """Raises UserError where a checkpoint lacks what this needs."""
        return self

    def refuse(self, benchmark: Benchmark) -> str | None:
        """Why it cannot be used on a benchmark; None where it can."""
        return None

    def measures(self, task: Task) -> bool:
        """Whether the task is asked at all."""
        return True

    @abstractmethod
    def respond(self, engine: Engine, tasks: Sequence[Task]) -> list[Response]:
        """One response per task, at most a batch of them, in order."""


def _word(name: str, value: object) -> str:
    text = str(value) if not isinstance(value, bool) else name if value else f"no_{name}"
    return re.sub(r"[^A-Za-z0-9._]+", "-", text).strip("-.")


def prompt_of(task: Task, call: int = 0, asked: list[Message] | None = None) -> Prompt:
    """Of one call of a task. The first has the key of the sweep's own prompt, so that at any temperature it is answered as
    without a mitigation; later ones have keys, and with them draws, of their own. asked: None for the task's prompt."""
    key = f"{task.prompt_key}, call {call + 1}" if call else task.prompt_key
    return Prompt(key, messages(task.prompt) if asked is None else asked, task.sample)


def answered(
    engine: Engine, tasks: Sequence[Task], direct: bool, decision: str = ""
) -> list[Response]:
    """In one call each, with or without reasoning."""
    found = engine.write([Ask(prompt_of(task), direct) for task in tasks])
    return [Response(one, 1, len(one.token_ids), 0, direct, decision) for one in found]
