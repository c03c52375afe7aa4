"""What a length term is: one number per completion, from its own length or from the lengths of its whole group.

Each class names its paper; its worked example is in tests/test_penalties_published.py. As published they count the whole
completion; by default we count the reasoning, because a price on the response pays the model to break "at least N words".
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Self

import torch.distributed as dist
from accelerate.utils import gather_object

from train.samples import Reference, Sample, per_sample

Count = Literal["reasoning", "completion"]
Condition = Literal["none", "correct", "satisfied"]


@dataclass(frozen=True, kw_only=True)
class LengthReward(ABC):
    """A term that scores samples.

    count:     which tokens count: the reasoning up to and including `</think>` (none without thinking, all when it
        never ends), or the whole completion, end-of-text token included
    condition: the term is 0 unless the answer is correct ("correct"), or correct with all constraints satisfied
        ("satisfied"); "none" leaves the formula alone. The default of each class is what its authors do. Beware of
        "satisfied" with a term below 0: it spares completions that break a constraint, so the constraints must weigh
        more than the term.

    Where correctness matters (`needs_answer`, or a condition) and is unknown (no gold answer, grading undecided), the
    score is None; within its group such a completion counts as wrong.
    """

    name: ClassVar[str]
    needs_answer: ClassVar[bool] = True  # whether the formula itself depends on correctness
    columns: ClassVar[tuple[str, ...]] = ()  # columns of the data set beyond those of data.example
    limited_by: ClassVar[str | None] = None  # the setting that says from which length on it acts

    count: Count = "reasoning"
    condition: Condition = "none"

    @abstractmethod
    def terms_of(self, samples: list[Sample], correct: list[bool]) -> list[float]:
        """The formula's term for each sample, before the condition."""

    def fixed_term(self, sample: Sample, correct: bool) -> float | None:
        """The term of a completion that the paper pays whatever its length (cut off, badly formatted); within its group
        it counts as wrong. None: the formula holds."""
        return None

    def score(self, samples: list[Sample]) -> list[float | None]:
        judged = self.needs_answer or self.condition != "none"
        verdicts = [sample.correct if judged else None for sample in samples]
        right = [bool(verdict) for verdict in verdicts]
        fixed = [self.fixed_term(*pair) for pair in zip(samples, right, strict=True)]
        counted = [ok and special is None for ok, special in zip(right, fixed, strict=True)]
        terms = self.terms_of(samples, counted)
        paid = [
            self._gated(term if special is None else special, sample, ok)
            for term, special, sample, ok in zip(terms, fixed, samples, right, strict=True)
        ]
        return [
            None if judged and verdict is None else term
            for term, verdict in zip(paid, verdicts, strict=True)
        ]

    @property
    def limit_tokens(self) -> int | None:
        """The length that completions must be able to reach for the term to say all it can; None without such a length.
        Of several, the longest."""
        value = getattr(self, self.limited_by) if self.limited_by else None
        return max(value) if isinstance(value, tuple) else value

    def length(self, sample: Sample) -> int:
        """In tokens, >= 0."""
        return sample.num_reasoning_tokens if self.count == "reasoning" else sample.num_tokens

    def _gated(self, term: float, sample: Sample, correct: bool) -> float:
        if self.condition == "none":
            return term
        paid = correct and (self.condition == "correct" or sample.satisfied)
        return term if paid else 0.0

    def reference(self, sample: Sample) -> Reference:
        """Raises ValueError where the data has none."""
        if sample.reference is None:
            raise ValueError(
                f"{self.name}: prompt {sample.group!r}: found no {' and '.join(self.columns)}; expected the mean "
                "length and accuracy of a reference model's samples on it, as columns of the data set"
            )
        return sample.reference


@dataclass(frozen=True, kw_only=True)
class PerSample(LengthReward):
    """A term that depends on the completion alone."""

    @abstractmethod
    def term(self, n: int, correct: bool, progress: float) -> float:
        """n: tokens, >= 0; progress: share of the training steps taken, in [0, 1]."""

    def for_sample(self, sample: Sample) -> Self:
        """The term with what the sample's own prompt sets."""
        return self

    def terms_of(self, samples: list[Sample], correct: list[bool]) -> list[float]:
        right = iter(correct)
        return per_sample(
            lambda sample: self.for_sample(sample).term(
                self.length(sample), next(right), sample.progress
            ),
            samples,
            f"length term {self.name}",
        )


class Group(NamedTuple):
    """All completions of one prompt: tokens, correctness and the format of the reasoning ("" where it does not matter),
    in one order."""

    lengths: list[int]
    correct: list[bool]
    formats: list[str]


@dataclass(frozen=True, kw_only=True)
class PerGroup(LengthReward):
    """A term that compares the completions of one prompt; raises ValueError for a group that is not whole."""

    @abstractmethod
    def terms(self, group: Group, progress: float) -> list[float]:
        """One term per completion of one whole group, in its order."""

    def reasoning_format(self, sample: Sample) -> str:
        """Where the term compares formats: this completion's."""
        return ""

    def batch_terms(self, groups: list[Group], progress: float) -> list[list[float]]:
        """`terms` of every group of a generation batch (all processes)."""
        return [self._terms(group, progress) for group in groups]

    def monitor(self, groups: list[Group]) -> None:
        """Groups of the monitoring set, in an evaluation."""

    def _terms(self, group: Group, progress: float) -> list[float]:
        """What `terms` raises stops the run and shows the group."""
        try:
            return self.terms(group, progress)
        except Exception as error:
            error.add_note(f"length term {self.name}: group {group}")
            raise

    def terms_of(self, samples: list[Sample], correct: list[bool]) -> list[float]:
        own = [self._fact(sample, right) for sample, right in zip(samples, correct, strict=True)]
        facts, start = gathered(own)
        rows = list(whole_groups(facts, self.name).values())
        groups = [group_of([facts[row] for row in members]) for members in rows]
        if samples[0].held_out:
            self.monitor(groups)
        terms = [0.0] * len(facts)
        for members, found in zip(rows, self.batch_terms(groups, samples[0].progress), strict=True):
            for row, term in zip(members, found, strict=True):
                terms[row] = term
        return terms[start : start + len(own)]

    def _fact(self, sample: Sample, correct: bool) -> "Fact":
        reasoning_format = self.reasoning_format(sample)
        return Fact(sample.group, sample.group_size, self.length(sample), correct, reasoning_format)


class Monitored(PerGroup):
    """A term that follows what the policy does on a monitoring set (recipe section `monitoring:`), and remembers it.

    monitored_by: the setting that asks for such a set; None in it for none
    """

    monitored_by: ClassVar[str]

    @abstractmethod
    def monitored(self) -> None:
        """Takes up the groups of the evaluation that has ended, the same on every process."""

    @property
    @abstractmethod
    def values(self) -> dict[str, float]:
        """What it follows now, to be logged."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps, for JSON."""

    @abstractmethod
    def restore(self, state: dict[str, Any]) -> None:
        """What `state` gave."""


class Fact(NamedTuple):
    """What a group needs to know of one completion, wherever it was generated."""

    group: str
    group_size: int
    length: int
    correct: bool
    reasoning_format: str


def group_of(facts: list[Fact]) -> Group:
    return Group(
        [fact.length for fact in facts],
        [fact.correct for fact in facts],
        [fact.reasoning_format for fact in facts],
    )


def gathered(own: list[Fact]) -> tuple[list[Fact], int]:
    """The facts of all processes in rank order, and the index at which this process's begin.

    A collective where there are several processes: all of them must call it. In one process `own` comes back.
    """
    if not (dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1):
        return own, 0
    slices: list[list[Fact]] = gather_object([own])
    start = sum(len(part) for part in slices[: dist.get_rank()])
    return [fact for part in slices for fact in part], start


def whole_groups(facts: list[Fact], name: str) -> dict[str, list[int]]:
    """Group id -> indices into `facts`. A prompt that the data repeats makes one group of a multiple of the size."""
    rows: dict[str, list[int]] = {}
    for row, fact in enumerate(facts):
        rows.setdefault(fact.group, []).append(row)
    for group, members in rows.items():
        size = facts[members[0]].group_size
        if len(members) % size:
            raise ValueError(
                f"{name}: group {group!r}: found {len(members)} completions; expected all {size} (num_generations), "
                "or a multiple, in one generation batch, because the term compares the completions of a prompt"
            )
    return rows
