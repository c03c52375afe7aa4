"""Sections of a GRPO recipe beyond rewards: ramps, bounds, context stages, dynamic sampling, alarm limits.

Times are shares of the training steps, so that they survive another `max_steps`.
"""

from dataclasses import dataclass
from typing import Literal

from recipes.ranges import above_zero, require


def _share(key: str, found: float, below_one: bool = False) -> None:
    ok = 0 <= found < 1 if below_one else 0 <= found <= 1
    require(ok, key, found, f"a number in [0, 1{')' if below_one else ']'}")


@dataclass(frozen=True)
class Ramp:
    """A reward's weight over training: 0 up to `start`, linear over the next `length`, then full.

    start 0.3 with length 0 is Kimi k1.5's warm-up (no length reward, then a constant one).
    """

    start: float = 0.0
    length: float = 0.0

    def __post_init__(self) -> None:
        _share("start", self.start, below_one=True)
        _share("length", self.length)

    def at(self, progress: float) -> float:
        """In [0, 1]; progress in [0, 1]."""
        if progress < self.start:
            return 0.0
        return min(1.0, (progress - self.start) / self.length) if self.length else 1.0


@dataclass(frozen=True)
class Bound:
    """A bound on the mean of a reward, kept by a multiplier: see train/constrained.py.

    reward:        its name in `rewards:` or `length_penalty:`; its weight is the multiplier's
    at_least, at_most: exactly one of them, in the reward's own unit; not 0
    learning_rate: of the multiplier, per generation batch and relative violation
    initial, maximum: of the multiplier
    """

    reward: str
    at_least: float | None = None
    at_most: float | None = None
    learning_rate: float = 0.1
    initial: float = 0.0
    maximum: float = 10.0

    def __post_init__(self) -> None:
        if (self.at_least is None) is (self.at_most is None):
            raise ValueError(
                f"{self.reward}: found at_least {self.at_least} and at_most {self.at_most}; expected one of them"
            )
        if self.value == 0:
            raise ValueError(f"{self.reward}: found a bound of 0; expected another number")
        above_zero(learning_rate=self.learning_rate, maximum=self.maximum)
        expected = f"a number in [0, maximum ({self.maximum})]"
        require(0 <= self.initial <= self.maximum, "initial", self.initial, expected)

    @property
    def value(self) -> float:
        return self.at_least if self.at_least is not None else self.at_most or 0.0

    @property
    def sign(self) -> int:
        """+1 where more of the reward is wanted, else -1."""
        return 1 if self.at_least is not None else -1


@dataclass(frozen=True)
class Stage:
    """From `start` on, completions are cut at `max_completion_length` tokens (ThinkPrune: 4k, 3k, 2k)."""

    start: float
    max_completion_length: int

    def __post_init__(self) -> None:
        _share("start", self.start, below_one=True)
        above_zero(max_completion_length=self.max_completion_length)


@dataclass(frozen=True)
class TokenBudget:
    """L1's budget in every prompt: see data/token_budget.py. low, high: tokens, inclusive; form: "Think for N tokens." or
    "Think for maximum N tokens."."""

    low: int = 100
    high: int = 4000
    form: Literal["exact", "max"] = "exact"

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.high:
            raise ValueError(f"low, high: found {self.low}, {self.high}; expected 0 < low <= high")


@dataclass(frozen=True)
class Monitoring:
    """A monitoring set: `num_prompts` prompts of the data that are not trained on. Every `every_steps` steps each gets
    num_generations completions, scored and logged like those of training (`eval_...`). LASER-D and LASER-DE set their
    targets by it."""

    num_prompts: int
    every_steps: int = 20

    def __post_init__(self) -> None:
        above_zero(num_prompts=self.num_prompts, every_steps=self.every_steps)


@dataclass(frozen=True)
class DynamicSampling:
    """DAPO's refill (https://arxiv.org/abs/2503.14476, section 3.2): groups without signal are replaced by groups of other
    prompts. See train/dynamic_sampling.py.

    reward:     the one that must differ within a group; None: the sum that the advantages are made of
    max_rounds: generations beyond the first; groups that are still without signal then stay
    """

    reward: str | None = None
    max_rounds: int = 3

    def __post_init__(self) -> None:
        above_zero(max_rounds=self.max_rounds)


@dataclass(frozen=True)
class Gate:
    """The next level opens when the mean of `reward`, over the prompts of the newest level in the last `batches` generation
    batches that had some, is above `above` (mianzhang/RLIF: 0.5)."""

    reward: str
    above: float = 0.5
    batches: int = 4

    def __post_init__(self) -> None:
        above_zero(batches=self.batches)


@dataclass(frozen=True)
class Curriculum:
    """Prompts open level by level; one that is still closed is replaced by an open one of its source (train/curriculum.py).

    levels:  rising; the highest `difficulty` of each level. Prompts above all of them are of the last level
    sources: of which prompts open level by level, as the column `source` names them; None for all. Others are always open
    starts:  shares of the training steps at which the second level opens, the third and so on; None where `gate` opens them
    gate:    None where `starts` open them
    """

    levels: tuple[float, ...]
    sources: tuple[str, ...] | None = None
    starts: tuple[float, ...] | None = None
    gate: Gate | None = None

    def __post_init__(self) -> None:
        rising = list(self.levels) == sorted(set(self.levels)) and len(self.levels) > 1
        require(rising, "levels", list(self.levels), "at least two rising numbers")
        if (self.starts is None) is (self.gate is None):
            raise ValueError("starts, gate: found both or none; expected one of them")
        if self.starts is not None:
            for start in self.starts:
                _share("starts", start, below_one=True)
            fit = (
                list(self.starts) == sorted(self.starts)
                and len(self.starts) == len(self.levels) - 1
            )
            expected = f"{len(self.levels) - 1} rising shares, one for each level but the first"
            require(fit, "starts", list(self.starts), expected)


@dataclass(frozen=True)
class Alarms:
    """Limits of what train/alarms.py watches; None switches an alarm off. Shares are of a generation batch.

    truncated:          share of completions that were cut off
    compliant_without_answer: share of completions that meet every constraint and answer nothing
    shrinking_answers:  relative fall of the response's mean tokens since the start
    repeated_ngrams:    share of 4-grams of tokens that were there before
    keyword_spam:       share of a response's words that are its constraints' keywords
    restated_constraints: share of soft constraints that a sentence of the response restates
    drift:              fall of accuracy since the start while the reward rises
    all_zero_groups:    share of groups in which every reward but the length terms is 0
    """

    truncated: float | None = 0.2
    compliant_without_answer: float | None = 0.2
    shrinking_answers: float | None = 0.5
    repeated_ngrams: float | None = 0.5
    keyword_spam: float | None = 0.3
    restated_constraints: float | None = 0.3
    drift: float | None = 0.1
    all_zero_groups: float | None = 0.9

    def __post_init__(self) -> None:
        for key, limit in vars(self).items():
            if limit is not None:
                _share(key, limit)
