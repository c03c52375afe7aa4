"""Writers of soft constraints: what a prompt can ask for and no program checks. What `soft:` of source `levels` can name,
one file each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from data.families import Instruction
from recipes.registry import Registry

SOFT_WRITERS = Registry("writer of soft constraints", "data.soft")


@dataclass(frozen=True)
class Asked:
    """So many constraints for one instruction. seed: what draws are made from"""

    instruction: str
    count: int
    seed: str


class SoftWriter(Protocol):
    """A frozen dataclass whose fields are its settings. most: how many it can write for one instruction, None for any."""

    @property
    def most(self) -> int | None: ...

    def write(self, asked: Sequence[Asked]) -> list[tuple[Instruction, ...]]:
        """As many for each as were asked for, of different kinds."""
        ...
