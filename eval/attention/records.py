"""One line per prompt and run: what was measured, and what the pair of generations scored. JSON lines (eval/marked.py)."""

from dataclasses import dataclass
from typing import Literal, TypedDict

import numpy as np

from eval.attention.measure import Measures, binned
from eval.attention.runs import Reading, Run
from eval.marked import MarkedFile
from eval.records import Task

Layers = list[
    float | None
]  # None: a layer without ordinary rows over the prompt (a short window, no attention)
Outcome = Literal["win", "tie", "lose"]
Dropped = Literal[
    "direct: thinks", "direct: no answer", "cot: no thinking", "cot: thinking not closed", "cot: no answer"
]  # fmt: skip


class Shown(TypedDict):
    """Of the few prompts that are shown as they are.

    alpha_bar:  of each reasoning and answer token in order
    tokens:     texts of the prompt's tokens; constraint: of each, the number of its constraint from 1, 0 for none
    attention:  (L, T0)
    """

    alpha_bar: Layers
    tokens: list[str]
    constraint: list[int]
    attention: list[Layers]


@dataclass(frozen=True)
class AttentionRecord:
    """dropped: why the prompt has no pair of answers; then nothing is measured, and this is its only line.

    score_direct, score_cot: constraints met in per cent by the two generations; outcome: cot against direct; None where
        nothing checks the constraints
    met:            of this run's answer (filler and swapped have the direct one's)
    beta ... reasoning_beta: of Measures, per layer; per_constraint: (constraints, L); per_head: (L, heads) or None
    trace_*:        alpha_bar, and alpha_bar times visible tokens, in equal shares of reasoning and answer (measure.BINS);
        of None without reasoning
    shown:          for the first few prompts
    """

    key: str
    problem: str
    difficulty: int
    num_constraints: int
    kinds: list[str]
    run: Run
    dropped: Dropped | None
    score_direct: float | None = None
    score_cot: float | None = None
    outcome: Outcome | None = None
    met: list[bool] | None = None
    num_prompt_tokens: int = 0
    num_constraint_tokens: int = 0
    num_reasoning_tokens: int = 0
    num_answer_tokens: int = 0
    beta: Layers | None = None
    ratio_to_uniform: Layers | None = None
    prompt_share: Layers | None = None
    concentration: Layers | None = None
    first_token_mass: Layers | None = None
    control_beta: Layers | None = None
    reasoning_beta: Layers | None = None
    per_constraint: list[Layers] | None = None
    per_head: list[Layers] | None = None
    trace_reasoning: Layers | None = None
    trace_answer: Layers | None = None
    trace_reasoning_ratio: Layers | None = None
    trace_answer_ratio: Layers | None = None
    shown: Shown | None = None


class AttentionFile(MarkedFile[AttentionRecord]):
    """The attention of one checkpoint."""

    kind = AttentionRecord


def of_task(task: Task, run: Run, **more: object) -> AttentionRecord:
    example = task.example
    facts = dict(
        key=task.key, problem=example.id, difficulty=example.difficulty, num_constraints=len(example.constraints),
        kinds=[constraint.name for constraint in task.constraints], run=run,
    )  # fmt: skip
    return AttentionRecord(**(facts | more))  # type: ignore[arg-type]


def numbers(found: np.ndarray) -> Layers:
    """(n,) with six significant digits, None for NaN."""
    return [None if np.isnan(one) else float(f"{one:.6g}") for one in found]


def table(found: np.ndarray) -> list[Layers]:
    return [numbers(row) for row in found]


def what_was_measured(reading: Reading, found: Measures, per_head: bool) -> dict[str, object]:
    """The fields of a record that one run gives."""
    answer = np.isin(reading.rows + 1, reading.answer)
    fields: dict[str, object] = {
        "num_prompt_tokens": len(reading.prompt.ids),
        "num_constraint_tokens": int(reading.prompt.union.sum()),
        "num_reasoning_tokens": len(reading.reasoning),
        "num_answer_tokens": len(reading.answer),
        "per_constraint": table(found.per_constraint),
        "per_head": table(found.per_head) if per_head else None,
    }
    for name in PER_LAYER:
        fields[name] = numbers(getattr(found, name))
    for name, rows in (("trace_reasoning", ~answer), ("trace_answer", answer)):
        fields[name] = numbers(binned(found.alpha_bar[rows]))
        fields[f"{name}_ratio"] = numbers(binned(found.ratio_bar[rows]))
    return fields


PER_LAYER = (
    "beta", "ratio_to_uniform", "prompt_share", "concentration", "first_token_mass", "control_beta", "reasoning_beta",
)  # fmt: skip
