"""What responses score that take no model: the floor that results are to be read against. MathIF's published scores between
7 and 16 % lie around it (https://arxiv.org/abs/2505.14810, Table 4)."""

from collections.abc import Sequence

from rich.table import Table

from data.constraints.base import Scorer, check_all
from data.example import Example
from eval.records import Task

SCORERS: tuple[Scorer, ...] = ("official", "repaired")


def trivial_responses(example: Example) -> dict[str, str]:
    gold = example.answer or ""
    return {
        r"\boxed{gold}": rf"\boxed{{{gold}}}",
        r"The final answer is \boxed{gold}.": rf"The final answer is \boxed{{{gold}}}.",
        "gold": gold,
        r'"The final answer is \boxed{gold}"': rf'"The final answer is \boxed{{{gold}}}"',
        "the question": example.question,
    }


def floors(asked: Sequence[Task], title: str) -> Table | None:
    """HAcc and SAcc in per cent, by both scorers. None for a benchmark without answers or constraints, or whose constraints
    are on the chain of thought."""
    asked = [task for task in asked if task.constraints and task.sample == 0]
    if any(task.example.answer is None or task.rules.reasoning for task in asked) or not asked:
        return None
    heads = [f"{name}, {scorer}" for scorer in SCORERS for name in ("HAcc", "SAcc")]
    found = Table("response without a model", *heads, title=f"{title}: floor, in %")
    written = [trivial_responses(task.example) for task in asked]
    for name in written[0]:
        cells = []
        for scorer in SCORERS:
            verdicts = [
                check_all(task.constraints, texts[name], scorer)
                for task, texts in zip(asked, written, strict=True)
            ]
            cells += [sum(map(all, verdicts)), sum(sum(one) / len(one) for one in verdicts)]
        found.add_row(name, *(f"{100 * cell / len(asked):.2f}" for cell in cells))
    return found
