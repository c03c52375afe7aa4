"""Completions as rewards, penalties and alarms see them: read once per batch, graded once, checked once.

TRL calls every reward with the same completions. `SampleReader` is shared by the rewards of a recipe and splits, grades and
checks on the first call only, so that another reward costs its arithmetic and nothing else.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, TypeVar

from data.answers import Verdict, grade, grade_all
from data.constraints.base import Constraint, check_all, loads
from data.response import OPEN, Completion
from data.tokenizer import Thinking

LogMetric = Callable[[str, float], None]


class Reference(NamedTuple):
    """What a reference model does on the prompt: mean tokens, accuracy in [0, 1]."""

    num_tokens: float
    accuracy: float


@dataclass(frozen=True)
class Sample:
    """One completion as a reward sees it.

    gold:       the problem's answer, None where there is none to grade
    token counts as in data.response; tokens: the completion's ids
    group:      id of the prompt, shared by its `group_size` (num_generations) completions, on whichever process
    progress:   share of the training steps taken, in [0, 1]
    reference:  None where the data has no columns `reference_tokens` and `reference_accuracy`
    truncated:  generation stopped at its limit, without an end-of-text token
    token_budget: how many tokens the prompt says to think for (data/token_budget.py); None where it says nothing
    held_out:   generated for the monitoring set, in an evaluation, not to train on
    soft:       instructions without a checker (column `soft_constraints`), for a soft scorer
    opened:     `<think>` is there, written by the model or by the chat template
    stated:     gold JSON that the response must state (column `gold`, data.logic.answer); None where there is none
    """

    completion: Completion
    gold: str | None
    constraints: tuple[Constraint, ...]
    num_reasoning_tokens: int
    num_tokens: int
    tokens: Sequence[int]
    group: str
    group_size: int
    progress: float
    reference: Reference | None = None
    truncated: bool = False
    token_budget: int | None = None
    held_out: bool = False
    soft: tuple[str, ...] = ()
    opened: bool = True
    stated: str | None = None

    @cached_property
    def verdict(self) -> Verdict | None:
        """Of the grader; None where there is no gold answer."""
        return None if self.gold is None else grade(self.completion.response, self.gold)

    @property
    def correct(self) -> bool | None:
        """None where it is unknown: no gold answer, or the grading is undecided."""
        return None if self.verdict is None else self.verdict.correct

    @cached_property
    def met(self) -> list[bool]:
        """One verdict per constraint."""
        return check_all(self.constraints, self.completion.response)

    @property
    def satisfied(self) -> bool:
        """All constraints are met; also where there are none."""
        return all(self.met)


def progress_of(state: Any) -> float:
    """Share of the training steps taken, in [0, 1]. state: a TrainerState; 0 before there is one, or a number of steps."""
    return state.global_step / state.max_steps if state is not None and state.max_steps else 0.0


def grade_together(samples: list[Sample]) -> None:
    """Fills in the verdicts of a batch at once, so that answers for the algebra system share its workers."""
    graded = [sample for sample in samples if sample.gold is not None]
    verdicts = grade_all((str(sample.gold), sample.completion.response) for sample in graded)
    for sample, verdict in zip(graded, verdicts, strict=True):
        vars(sample)["verdict"] = verdict  # where cached_property keeps it


def note_row(error: Exception, sample: Sample, doing: str) -> None:
    """Adds to an error's traceback which completion it met."""
    error.add_note(
        f"{doing}: row {sample.group!r}, gold {sample.gold!r}, constraints "
        f"{[constraint.name for constraint in sample.constraints]}, response {sample.completion.response[:500]!r}"
    )


Score = TypeVar("Score", float, float | None)


def per_sample(one: Callable[[Sample], Score], samples: list[Sample], doing: str) -> list[Score]:
    """`one` of each sample. What it raises stops the run and names the row."""
    scores = []
    for sample in samples:
        try:
            scores.append(one(sample))
        except Exception as error:
            note_row(error, sample, doing)
            raise
    return scores


@dataclass
class SampleReader:
    """end_ids: the ids that end a completion which was not cut off. num_generations, held_out: of the batch that comes
    next; the trainer sets them."""

    thinking: Thinking
    end_ids: frozenset[int]
    num_generations: int
    held_out: bool = False
    _batch: Any = field(default=None, init=False, repr=False)
    samples: list[Sample] = field(default_factory=list, init=False, repr=False)  # the last batch

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_batch": None, "samples": []}

    def read(
        self,
        completions: list[Any],
        completion_ids: list[list[int]],
        columns: dict[str, Any],
        trainer_state: Any,
        log_metric: LogMetric | None,
    ) -> list[Sample]:
        """The samples of a batch: of the same list object as last time, the same samples.

        columns: of the data set, by name, one entry per completion.
        """
        if completions is not self._batch:
            progress = progress_of(trainer_state)
            count = len(completions)
            rows = zip(
                completions, completion_ids, columns["answer"], columns["constraints"], columns["id"],
                _references(columns, count), _column(columns, "token_budget", count),
                _column(columns, "soft_constraints", count), _column(columns, "gold", count), strict=True,
            )  # fmt: skip
            self.samples = [self._sample(progress, *row) for row in rows]
            grade_together(self.samples)
            for sample in self.samples:
                try:
                    _ = sample.met
                except Exception as error:
                    note_row(error, sample, "checking constraints")
                    raise
            self._batch = completions
            if log_metric is not None:
                log_facts(self.samples, log_metric)
        return self.samples

    def _sample(
        self,
        progress: float,
        message: str | list[dict[str, str]],
        ids: list[int],
        gold: str | None,
        specs: str,
        group: str,
        reference: Reference | None,
        token_budget: int | None,
        soft: str | None,
        stated: str | None,
    ) -> Sample:
        text = message if isinstance(message, str) else message[-1]["content"]
        completion, reasoning_tokens = self.thinking.read(text, ids)
        return Sample(
            completion=completion,
            gold=gold,
            constraints=_constraints(specs),
            num_reasoning_tokens=reasoning_tokens,
            num_tokens=len(ids),
            tokens=ids,
            group=group,
            group_size=self.num_generations,
            progress=progress,
            reference=reference,
            truncated=not ids or ids[-1] not in self.end_ids,
            token_budget=token_budget,
            held_out=self.held_out,
            soft=() if soft is None else tuple(json.loads(soft)),
            opened=self.thinking.prefilled or OPEN in text,
            stated=stated,
        )


@lru_cache(maxsize=4096)
def _constraints(specs: str) -> tuple[Constraint, ...]:
    """A group's completions share their constraints' text."""
    return loads(specs)


def _column(columns: dict[str, Any], name: str, count: int) -> list[Any]:
    """None for every completion where the data has no such column."""
    found: list[Any] = columns.get(name, [None] * count)
    return found


def _references(columns: dict[str, Any], count: int) -> list[Reference | None]:
    tokens = _column(columns, "reference_tokens", count)
    accuracies = _column(columns, "reference_accuracy", count)
    return [
        None if length is None or accuracy is None else Reference(length, accuracy)
        for length, accuracy in zip(tokens, accuracies, strict=True)
    ]


def log_facts(samples: list[Sample], log_metric: LogMetric) -> None:
    """What no run should hide, whatever it pays for: both axes of the trade-off, and what was not decided."""

    def log(name: str, values: Iterable[float]) -> None:
        found = list(values)
        if found:
            log_metric(f"completions/{name}", sum(found) / len(found))

    graded = [sample for sample in samples if sample.verdict is not None]
    constrained = [sample for sample in samples if sample.constraints]
    log("reasoning_tokens", (sample.num_reasoning_tokens for sample in samples))
    log("unterminated_rate", (sample.completion.outcome == "unterminated" for sample in samples))
    log("accuracy", (sample.correct for sample in graded if sample.correct is not None))
    log("undecided_rate", (sample.correct is None for sample in graded))
    log("hacc", (sample.satisfied for sample in constrained))
    log("sacc", (sum(sample.met) / len(sample.met) for sample in constrained))
