"""No mitigation: the model reasons as it does. What every other one is compared with."""

from collections.abc import Sequence
from dataclasses import dataclass

from eval.backends import Engine
from eval.generate import Response
from eval.mitigations.base import MITIGATIONS, NONE, Mitigation, answered
from eval.records import Task


@MITIGATIONS.register(NONE)
@dataclass(frozen=True)
class CoT(Mitigation):
    """A sweep's ordinary records, which `Engine.generate` makes (eval/workers.py)."""

    name = NONE
    messages_only = True

    def respond(self, engine: Engine, tasks: Sequence[Task]) -> list[Response]:
        return answered(engine, tasks, direct=False)
