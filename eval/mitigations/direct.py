"""Reasoning switched off: by the chat template's own switch, or by a thinking block that is empty and closed."""

from collections.abc import Sequence
from dataclasses import dataclass

from data.sweep_records import DIRECT
from eval.backends import Engine
from eval.generate import Response
from eval.mitigations.base import MITIGATIONS, Mitigation, answered
from eval.records import Task


@MITIGATIONS.register(DIRECT)
@dataclass(frozen=True)
class Direct(Mitigation):
    """No settings. The second of the two baselines."""

    name = DIRECT

    def respond(self, engine: Engine, tasks: Sequence[Task]) -> list[Response]:
        return answered(engine, tasks, direct=True)
