"""Alarms: what goes wrong silently in RL with several rewards. Each watched value is logged as `alarms/<name>` at every
generation batch; above its limit (recipes/rl.py, `alarms:`) it warns, once a run.

Values are means of the last WINDOW batches over all processes, so that one odd batch does not ring; "since the start" is
against the mean of the first WINDOW batches of the run, which a resumed run still knows.
"""

import logging
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import torch.distributed as dist

from data.constraints.base import Constraint
from recipes.rl import Alarms
from train.penalties.repetition import repeated_share
from train.samples import Sample
from train.soft_scorers.probe import without_restating

WINDOW = 8  # generation batches
NGRAM = 4
MAX_WATCHED = 64  # completions of a process whose n-grams are counted
MAX_TOKENS = 1024  # of each

logger = logging.getLogger(__name__)

Means = dict[str, float]

# ---------------------------------------------------------------- measured on the completions of one process


def truncated(samples: list[Sample]) -> Iterable[float]:
    return (sample.truncated for sample in samples)


def accuracy(samples: list[Sample]) -> Iterable[float]:
    return (sample.correct for sample in samples if sample.correct is not None)


def response_tokens(samples: list[Sample]) -> Iterable[float]:
    return (sample.num_tokens - sample.num_reasoning_tokens for sample in samples)


def compliant_without_answer(samples: list[Sample]) -> Iterable[float]:
    return (
        sample.satisfied and sample.verdict.extracted is None
        for sample in samples
        if sample.constraints and sample.verdict is not None
    )


def repeated_ngrams(samples: list[Sample]) -> Iterable[float]:
    return (repeated_share(sample.tokens[:MAX_TOKENS], NGRAM) for sample in samples[:MAX_WATCHED])


def keyword_spam(samples: list[Sample]) -> Iterable[float]:
    for sample in samples:
        keywords = _keywords(sample.constraints)
        if keywords:
            words = [
                word.strip(".,;:!?\"'()*_")
                for word in sample.completion.response.casefold().split()
            ]
            yield sum(word in keywords for word in words) / max(1, len(words))


def restated_constraints(samples: list[Sample]) -> Iterable[float]:
    for sample in samples[:MAX_WATCHED]:
        response = sample.completion.response
        for constraint in sample.soft:
            yield without_restating(constraint, response) != response


@lru_cache(maxsize=4096)
def _keywords(constraints: tuple[Constraint, ...]) -> frozenset[str]:
    """Single words that the constraints ask for: their arguments `keyword`, `keyword1`, `keywords`."""
    found: set[str] = set()
    for constraint in constraints:
        for key, value in constraint.kwargs().items():
            if key.startswith("keyword") and value:
                found.update((value,) if isinstance(value, str) else value)
    return frozenset(word.casefold() for word in found)


MEASURES: tuple[Callable[[list[Sample]], Iterable[float]], ...] = (
    truncated, accuracy, response_tokens, compliant_without_answer, repeated_ngrams, keyword_spam,
    restated_constraints,
)  # fmt: skip


def measure(samples: list[Sample]) -> list[tuple[float, int]]:
    """(sum, count) of each of MEASURES over this process's completions; to be added up over processes."""
    found = [list(values(samples)) for values in MEASURES]
    return [(float(sum(values)), len(values)) for values in found]


# ---------------------------------------------------------------- watched over the run


def _as_is(name: str) -> Callable[[Means, Means], float | None]:
    return lambda start, now: now.get(name)


def _shrinking(start: Means, now: Means) -> float | None:
    before = start.get("response_tokens")
    return 1 - now["response_tokens"] / before if before else None


def _drift(start: Means, now: Means) -> float | None:
    if "accuracy" not in start or "accuracy" not in now:
        return None
    return start["accuracy"] - now["accuracy"] if now["reward"] > start["reward"] else 0.0


# Each alarm: its value from the means at the start and now, and what its warning says.
ALARMS: dict[str, tuple[Callable[[Means, Means], float | None], str]] = {
    "truncated": (
        _as_is("truncated"),
        "completions are cut off at max_completion_length: raise it, or pay for shorter reasoning",
    ),
    "compliant_without_answer": (
        _as_is("compliant_without_answer"),
        "responses meet every constraint and hold no answer: the constraints reward is earned alone; gate it "
        "(condition: correct)",
    ),
    "shrinking_answers": (
        _shrinking,
        "the response shrinks: it may be escaping constraints or a length term that counts it",
    ),
    "repeated_ngrams": (_as_is("repeated_ngrams"), "completions repeat themselves"),
    "keyword_spam": (
        _as_is("keyword_spam"),
        "responses consist of the keywords that their constraints ask for",
    ),
    "restated_constraints": (
        _as_is("restated_constraints"),
        "responses restate the soft constraints that they are to follow: words may be what the reward model pays for",
    ),
    "drift": (_drift, "accuracy falls while the reward rises: something else is being paid for"),
    "all_zero_groups": (
        _as_is("all_zero_groups"),
        "nearly all groups earn nothing: the problems are too hard, or a reward never pays",
    ),
}


class Watch:
    """The alarms of one run."""

    def __init__(self, limits: Alarms) -> None:
        self.limits = limits
        self.first: list[Means] = []
        self.last: list[Means] = []
        self.rung: list[str] = []

    def look(self, means: Means) -> dict[str, float]:
        """means: of one generation batch, over all processes. Returns the watched values; warns of those over a limit."""
        if len(self.first) < WINDOW:
            self.first.append(means)
        self.last = [*self.last, means][-WINDOW:]
        start, now = _mean(self.first), _mean(self.last)
        values = {name: value(start, now) for name, (value, _) in ALARMS.items()}
        found = {name: value for name, value in values.items() if value is not None}
        for name, value in found.items():
            limit = getattr(self.limits, name)
            if limit is not None and value > limit and name not in self.rung:
                self.rung.append(name)
                if not dist.is_initialized() or dist.get_rank() == 0:  # the means are everybody's
                    logger.warning(
                        "alarm %s: %.3g (limit %.3g): %s", name, value, limit, ALARMS[name][1]
                    )
        return found

    def state(self) -> dict[str, Any]:
        return {"first": self.first, "last": self.last, "rung": self.rung}

    def restore(self, state: dict[str, Any]) -> None:
        self.first, self.last, self.rung = state["first"], state["last"], state["rung"]


def _mean(batches: list[Means]) -> Means:
    names = {name for means in batches for name in means}
    found = {name: [means[name] for means in batches if name in means] for name in names}
    return {name: sum(values) / len(values) for name, values in found.items()}
