"""One training or evaluation problem with its constraints, and its form as a dataset row."""

import json
from dataclasses import dataclass
from typing import Any

from data.constraints.base import Constraint, dumps
from data.prompt import assemble, messages


@dataclass(frozen=True)
class Example:
    """problem_id: of several prompts that are cases of one problem, which intervals resample together; None: each its own;
    answer: None for a request that has none to grade; difficulty: the source's own scale; completion: the SFT target,
    None for RL and evaluation; text: the prompt as the source words it, None for MathIF's assembly; satisfiable: whether any
    response meets all constraints; gold: JSON that the response must state, {output, stats} of data.logic, None without;
    soft: what the prompt asks for and no program checks, in words."""

    id: str
    source: str
    question: str
    answer: str | None
    constraints: tuple[Constraint, ...] = ()
    difficulty: int = 0
    completion: str | None = None
    text: str | None = None
    satisfiable: bool = True
    problem_id: str | None = None
    gold: str | None = None
    soft: tuple[str, ...] = ()

    @property
    def prompt(self) -> str:
        return assemble(self.question, self.constraints) if self.text is None else self.text

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
            "gold": self.gold,
            "soft_constraints": json.dumps(self.soft, ensure_ascii=False) if self.soft else None,
        }


def completion(reasoning: str, response: str) -> str:
    """The one form in which we write completions; `data.response.split` reads it back."""
    return f"<think>\n{reasoning}\n</think>\n{response}"
