"""Soft scorers: judges of instructions that no program can check, for `soft:` of the `constraints` reward. One file each."""

from typing import Any, Protocol

from recipes.errors import UserError
from recipes.registry import Registry
from recipes.typed import build

SOFT_SCORERS = Registry("soft scorer", "train.soft_scorers")


class SoftScorer(Protocol):
    """A frozen dataclass whose fields are its settings."""

    def score(self, pairs: list[tuple[str, str]]) -> list[float]:
        """(instruction, response) pairs -> scores in [0, 1], in order."""
        ...


def build_scorer(registry: Registry, entry: dict[str, Any], where: str) -> SoftScorer:
    """Raises UserError for an unknown name or setting."""
    settings = dict(entry)
    try:
        cls = registry[settings.pop("name", None)]
    except ValueError as error:
        raise UserError(f"{where}: name: {error}") from None
    scorer: SoftScorer = build(cls, settings, where)
    return scorer
