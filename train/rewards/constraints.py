"""Verifiable constraint satisfaction, by the same checkers that write the prompt and score the sweep.

p of the m constraints are met:

    mean   p / m                                                        MathIF's SAcc of a row
    all    1 if p = m, else 0                                           HAcc
    raif   2 if p = m; p / m if 0 < p < m; -2 if p = 0, or the reasoning does not close, or it is empty

`raif` is the answer part of RAIF's reward (https://arxiv.org/abs/2506.01413, released code); `think_format` is the other.
Prompts without constraints are left out (None). Unterminated thinking has no response and meets nothing.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from data.constraints.text import has_content
from recipes.ranges import require
from recipes.typed import build_named
from train.rewards import REWARDS
from train.samples import Sample, per_sample
from train.soft_scorers import SOFT_SCORERS, SoftScorer
from train.soft_scorers.probe import probe

HELD = 0.5  # a soft score from here on counts as met, where p is a count

Aggregate = Literal["mean", "all", "raif"]


def aggregated(scores: list[float], how: Aggregate, sample: Sample) -> float:
    """scores: one per constraint, in [0, 1], at least one."""
    if how == "mean":
        return sum(scores) / len(scores)
    num_met = sum(score >= HELD for score in scores)
    if how == "all":
        return float(num_met == len(scores))
    closed = sample.completion.outcome == "closed" and has_content(sample.completion.reasoning)
    if num_met == 0 or not closed:
        return -2.0
    return 2.0 if num_met == len(scores) else num_met / len(scores)


@REWARDS.register("constraints")
@dataclass(frozen=True)
class Constraints:
    """condition: "correct" pays 0 for a wrong answer; None where correctness is undecided, not gated without a gold answer.
    soft: a scorer for the instructions in column `soft_constraints` ({name: ..., settings}, train/soft_scorers); None
        leaves them out. Its scores are averaged with the checkers' (R_f of https://arxiv.org/abs/2508.02150).
    hard: whether what a checker decides is paid for; false leaves the soft scores alone
    probe: soft constraints of a batch that are scored again to see whether the scorer can be talked into it, which is
        logged (train/soft_scorers/probe.py); 0 for none"""

    aggregate: Aggregate = "mean"
    condition: Literal["none", "correct"] = "none"
    soft: dict[str, Any] | None = None
    hard: bool = True
    probe: int = 8

    def __post_init__(self) -> None:
        require(self.hard or self.soft is not None, "hard", False, "true, or a scorer in `soft`")
        require(self.probe >= 0, "probe", self.probe, "at least 0")
        _ = self.scorer  # a wrong name or setting is told now

    @cached_property
    def scorer(self) -> SoftScorer | None:
        return None if self.soft is None else build_named(SOFT_SCORERS, self.soft, "soft")

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the data set beyond those of data.example."""
        return () if self.soft is None else ("soft_constraints",)

    def ready(self) -> None:
        if self.scorer is not None:
            self.scorer.ready()

    def weight_bytes(self, otherwise: int) -> int:
        return 0 if self.scorer is None else self.scorer.weight_bytes(otherwise)

    def score(self, samples: list[Sample]) -> list[float | None]:
        soft = iter(self._soft_scores(samples))

        def one(sample: Sample) -> float | None:
            scores: list[float] = [float(met) for met in sample.met] if self.hard else []
            if self.scorer is not None:
                scores += [next(soft) for _ in sample.soft]
            return self._one(sample, scores)

        return per_sample(one, samples, "reward constraints")

    def _soft_scores(self, samples: list[Sample]) -> list[float]:
        """Of all instructions of all samples, in order, in one call."""
        if self.scorer is None:
            return []
        pairs = [(text, sample.completion.response) for sample in samples for text in sample.soft]
        return self.scorer.score(pairs)

    def facts(self, samples: list[Sample]) -> dict[str, float]:
        """Of soft constraints; nothing where there are none."""
        if self.scorer is None:
            return {}
        pairs = [(text, sample.completion.response) for sample in samples for text in sample.soft]
        return probe(self.scorer, pairs, self.probe)

    def _one(self, sample: Sample, scores: list[float]) -> float | None:
        if not scores:
            return None
        if self.condition == "correct" and sample.gold is not None:
            if sample.correct is None:
                return None
            if not sample.correct:
                return 0.0
        return aggregated(scores, self.aggregate, sample)
