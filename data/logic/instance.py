"""One verified instance: a program, its cases with their gold, and its views as rows and examples."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from data.example import Example, completion
from data.logic import program as ir
from data.logic.answer import Stated
from data.logic.difficulty import Complexity, Level
from data.logic.instruction import instruction
from data.logic.tiers import Target, TierName
from data.logic.trace import trace

OUTPUT_FORMAT = "int"
Arguments = tuple[tuple[int, ...] | int, ...]
CoT = Literal["trace", "none"]


@dataclass(frozen=True)
class Case:
    """gold: by the interpreter."""

    arguments: Arguments
    gold: Stated

    @property
    def input(self) -> list[Any]:
        """As JSON has it."""
        return [list(value) if isinstance(value, tuple) else value for value in self.arguments]


@dataclass(frozen=True)
class Instance:
    """target: (D, F, C) as drawn before the program was built; complexity: as the analyser finds it in the source; level:
    by the fixed cut points of `levels`; canonical: of the program without its trackers, equal for duplicates."""

    id: str
    tier: TierName
    target: Target
    program: ir.Program
    cases: tuple[Case, ...]
    description: str
    source: str
    complexity: Complexity
    level: Level
    canonical: str

    def question(self, case: Case) -> str:
        """The instruction for one case; the tiny tier's is as short as can be."""
        if self.tier == "full":
            return instruction(self.description, case.input, self.program.trackers, OUTPUT_FORMAT)
        given = ", ".join(
            f"{name} = {value}" for name, value in zip(self.program.params, case.input, strict=True)
        )
        return f"{self.description}\n{given}"

    def rows(self) -> list[dict[str, Any]]:
        """One for each case, by the benchmark's schema."""
        return [
            {
                "task_id": self.id,
                "test_case_id": number,
                "input": case.input,
                "code_output": {"output": case.gold.output, "stats": case.gold.stats},
                "function": self.source,
                "description": self.description,
                "instruction": self.question(case),
                "stats_keys": list(self.program.trackers),
                "output_format": OUTPUT_FORMAT,
                "complexity_metrics": self.complexity.row(),
            }
            for number, case in enumerate(self.cases)
        ]

    def example(self, number: int, source_name: str, cot: CoT | None = None) -> Example:
        """Of one case. cot: the SFT target's reasoning, the interpreter's trace (of the tiny tier only) or none; None for no
        target."""
        case = self.cases[number]
        question = self.question(case)
        target = None
        if cot is not None:
            reasoning = trace(self.program, case.arguments) if cot == "trace" else ""
            target = completion(reasoning, case.gold.dumps())
        return Example(
            id=f"{self.id}/{number}",
            source=source_name,
            question=question,
            answer=None,
            difficulty=round(self.complexity.score),
            completion=target,
            text=question,
            gold=case.gold.dumps(),
        )

    def examples(self, source_name: str) -> Iterator[Example]:
        for number in range(len(self.cases)):
            yield self.example(number, source_name)
