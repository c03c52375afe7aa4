"""A rule is a function of a launch that says what is wrong with it, or None. Adding one is adding a function.

A refusal cannot work, or would silently be something else than was asked for. A caution runs, and confounds a study or
wastes what it costs. Each names the source that it was read in; installed are TRL 1.16.0, transformers 5.17.0, accelerate
1.15.0, peft 0.21.2 and deepspeed 0.19.8.
"""

from collections.abc import Callable

from train.launch import Launch

Rule = Callable[[Launch], str | None]
REFUSALS: list[Rule] = []
CAUTIONS: list[Rule] = []


def refusal(rule: Rule) -> Rule:
    REFUSALS.append(rule)
    return rule


def caution(rule: Rule) -> Rule:
    CAUTIONS.append(rule)
    return rule


def says(key: str, found: object, expected: str) -> str:
    """One line. key: with its section (`trainer: bf16`); expected: the remedy, and why."""
    return f"{key}: found {found}; expected {expected}"
