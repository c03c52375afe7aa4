"""LASER-D (hkust-nlp/Laser): LASER with a target for each tier of difficulty, measured on what the model can do now.

A group's tier is its accuracy: high >= 2/3, medium >= 1/3, else low. A tier's target is the smallest threshold L with

    int(coverage(L) * m) >= 1     m = int(2/3 G), int(G/3), 1 for high, medium, low

where coverage is the share of the tier's correct completions with n <= L; the longest completion of the batch when no L
qualifies. So of 8 rollouts a fifth must fit at the high tier, half at the medium and all at the low one.

Published: r = 1 + bonus * [n <= target] for correct, -0.5 for wrong answers, -1 without closed thinking and box (such a
completion counts as wrong in its group); the term is r - c. Coverage is measured on a monitoring set every few steps
(section `monitoring:` of the recipe), and LASER's fixed `target_tokens` holds before the first pass. Without target_tokens
it is measured on each generation batch instead: cheaper, noisy with few groups, not as published.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal

from recipes.ranges import above_zero, require
from train.penalties import PENALTIES
from train.penalties.base import Group, Monitored
from train.penalties.laser import unformatted_term
from train.samples import Sample

Tier = Literal["high", "medium", "low"]


def tier(correct: list[bool]) -> Tier:
    if 3 * sum(correct) >= 2 * len(correct):
        return "high"
    return "medium" if 3 * sum(correct) >= len(correct) else "low"


def num_needed(of: Tier, group_size: int) -> int:
    """m, at least 1."""
    return max(1, {"high": group_size * 2 // 3, "medium": group_size // 3, "low": 1}[of])


def smallest_target(lengths: list[int], needed: int, thresholds: Sequence[int]) -> int | None:
    """lengths: of a tier's correct completions; needed: m. None when no threshold qualifies."""
    for threshold in thresholds:
        fit = sum(n <= threshold for n in lengths)
        if lengths and fit * needed >= len(lengths):
            return threshold
    return None


@dataclass
class Coverage:
    """What the monitoring passes have found. groups: of the pass that is going on; targets: of the last one, in tokens
    (None in it: no threshold qualifies), None before the first."""

    groups: list[Group] = field(default_factory=list)
    targets: dict[Tier, int | None] | None = None


@PENALTIES.register("laser_d")
@dataclass(frozen=True, kw_only=True)
class LaserD(Monitored):
    """0 or bonus for correct answers, `wrong` for wrong ones. Thresholds: min_tokens, min_tokens + step_tokens, ... up to
    max_tokens (the lower end is ours). target_tokens: of all tiers until the monitoring set has been seen (upstream 2048,
    4096 or 8192); None: coverage of each generation batch. unformatted as in laser.py."""

    monitored_by = "target_tokens"
    limited_by = "target_tokens"

    target_tokens: int | None = None
    min_tokens: int = 1024
    max_tokens: int = 16384
    step_tokens: int = 1024
    bonus: float = 0.5
    wrong: float = -0.5
    unformatted: float | None = -1.0
    coverage: Coverage = field(default_factory=Coverage, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        low, high = self.min_tokens, self.max_tokens
        require(0 < low <= high, "min_tokens", low, f"a number in 1..max_tokens ({high})")
        above_zero(step_tokens=self.step_tokens, bonus=self.bonus)
        if self.target_tokens is not None:
            above_zero(target_tokens=self.target_tokens)
        require(self.wrong <= 0, "wrong", self.wrong, "a number of at most 0")

    def terms(self, group: Group, progress: float) -> list[float]:
        """Of a batch that is this group alone."""
        return self.batch_terms([group], progress)[0]

    def fixed_term(self, sample: Sample, correct: bool) -> float | None:
        return unformatted_term(sample, correct, self.unformatted)

    def batch_terms(self, groups: list[Group], progress: float) -> list[list[float]]:
        targets = self.targets(groups)
        return [
            [
                self.within(n, right, targets[tier(group.correct)])
                for n, right in zip(group.lengths, group.correct, strict=True)
            ]
            for group in groups
        ]

    def targets(self, groups: list[Group]) -> dict[Tier, int]:
        """In tokens. groups: the generation batch."""
        if self.target_tokens is None:
            found = self.measured(groups)
        elif self.coverage.targets is None:
            return {
                "high": self.target_tokens,
                "medium": self.target_tokens,
                "low": self.target_tokens,
            }
        else:
            found = self.coverage.targets
        longest = max(chain.from_iterable(group.lengths for group in groups))
        return {name: longest if target is None else target for name, target in found.items()}

    def measured(self, groups: list[Group]) -> dict[Tier, int | None]:
        """Each tier's smallest qualifying threshold on these groups, in tokens; None where none does."""
        tiers: dict[Tier, list[int]] = {"high": [], "medium": [], "low": []}
        for group in groups:
            right = [n for n, ok in zip(group.lengths, group.correct, strict=True) if ok]
            tiers[tier(group.correct)] += right
        size = min(len(group.lengths) for group in groups)
        thresholds = range(self.min_tokens, self.max_tokens + 1, self.step_tokens)
        return {
            name: smallest_target(lengths, num_needed(name, size), thresholds)
            for name, lengths in tiers.items()
        }

    # ------------------------------------------------------------------ the monitoring set

    def monitor(self, groups: list[Group]) -> None:
        self.coverage.groups += groups

    def monitored(self) -> None:
        if self.coverage.groups:
            self.coverage.targets = self.measured(self.coverage.groups)
            self.coverage.groups = []

    @property
    def values(self) -> dict[str, float]:
        targets = self.coverage.targets or {}
        return {f"{name}_target": target for name, target in targets.items() if target is not None}

    def state(self) -> dict[str, Any]:
        return {"targets": self.coverage.targets}

    def restore(self, state: dict[str, Any]) -> None:
        self.coverage.targets = state["targets"]

    def within(self, n: int, correct: bool, target: int) -> float:
        """The term of one completion, given its tier's target."""
        if not correct:
            return self.wrong
        return self.bonus if n <= target else 0.0
