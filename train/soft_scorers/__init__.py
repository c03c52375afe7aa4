"""Soft scorers: judges of instructions that no program can check, for `soft:` of the `constraints` reward. One file each."""

from typing import Protocol

from recipes.registry import Registry

SOFT_SCORERS = Registry("soft scorer", "train.soft_scorers")


class SoftScorer(Protocol):
    """A frozen dataclass whose fields are its settings."""

    def ready(self) -> None:
        """Raises UserError where what it needs is not there; loads no weights."""

    def weight_bytes(self, otherwise: int) -> int:
        """What it holds on the device of its process. otherwise: parameters of a model that is not there yet"""
        ...

    def score(self, pairs: list[tuple[str, str]]) -> list[float]:
        """(instruction, response) pairs -> scores in [0, 1], in order."""
        ...
