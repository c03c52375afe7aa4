"""One training or evaluation problem with its constraints, and its form as a dataset row."""

from dataclasses import dataclass
from typing import Any

from data.constraints.base import Constraint, dumps
from data.prompt import assemble, messages


@dataclass(frozen=True)
class Example:
    """`completion` is an SFT target (None for RL and evaluation); `difficulty` is the source's own
    scale."""

    id: str
    source: str
    question: str
    answer: str
    constraints: tuple[Constraint, ...] = ()
    difficulty: int = 0
    completion: str | None = None

    @property
    def prompt(self) -> str:
        return assemble(self.question, self.constraints)

    def row(self) -> dict[str, Any]:
        """Columns that TRL trains on and hands to the rewards."""
        row: dict[str, Any] = {"prompt": messages(self.prompt)}
        if self.completion is not None:
            row["completion"] = [{"role": "assistant", "content": self.completion}]
        return row | {
            "answer": self.answer,
            "constraints": dumps(self.constraints),
            "difficulty": self.difficulty,
            "source": self.source,
            "id": self.id,
        }


def completion(reasoning: str, response: str) -> str:
    """The one form in which we write completions; `data.response.split` reads it back."""
    return f"<think>\n{reasoning}\n</think>\n{response}"
