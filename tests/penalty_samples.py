"""Completions and penalties for tests/test_penalties_*.py."""

from dataclasses import replace

from data.response import split
from data.tokenizer import Thinking
from recipes.typed import build
from train.penalties import PENALTIES
from train.samples import Reference, Sample, SampleReader

# Group W of shared/reference/length_rewards.md.
W = [400, 800, 1200, 1600]
RIGHT = [True, True, False, True]

CORRECT, WRONG = r"<think>a</think>\boxed{4}", r"<think>a</think>\boxed{5}"
NO_THINK, NO_THINK_WRONG = r"</think>\boxed{4}", r"</think>\boxed{5}"
CODE = "<think>so\n```python\n2 + 2\n```\n</think>\\boxed{4}"

# What has no default.
REQUIRED = {
    "arm": {"long_tokens": 1000},
    "budget": {"target_tokens": 1000},
    "l1_exact": {"target_tokens": 1000},
    "l1_max": {"target_tokens": 1000},
    "laser": {"target_tokens": 1000},
    "soft_overlong": {"max_tokens": 1536, "buffer_tokens": 512},
}
NAMES = list(PENALTIES)


def penalty_named(name, **settings):
    """As a recipe builds it, with what it requires and these settings."""
    return build(PENALTIES[name], REQUIRED.get(name, {}) | settings, name)


def sample(n, correct, text=None, **changes):
    """A completion of n reasoning tokens, all different, and 100 more."""
    made = Sample(
        completion=split((CORRECT if correct else WRONG) if text is None else text),
        gold="4",
        constraints=(),
        num_reasoning_tokens=n,
        num_tokens=n + 100,
        tokens=tuple(range(n + 100)),
        group="p",
        group_size=1,
        progress=0.0,
        reference=Reference(1000, 0.75),
    )
    return replace(made, **changes)


def grouped(samples, name="p"):
    """As all completions of one prompt."""
    return [replace(one, group=name, group_size=len(samples)) for one in samples]


def group(lengths, correct, name="p", **changes):
    samples = [sample(n, right, **changes) for n, right in zip(lengths, correct, strict=True)]
    return grouped(samples, name)


def reader(num_generations):
    """Of ids in which 9 is `</think>` and 2 the end of text."""
    return SampleReader(Thinking(False, 9), frozenset({2}), num_generations)


def totals(penalty, samples):
    """c + term: the published reward of terms that are r - c."""
    return [one.correct + term for one, term in zip(samples, penalty.score(samples), strict=True)]
