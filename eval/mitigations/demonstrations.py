"""Demonstrations for in-context learning: requests, reasoning that names each constraint and checks it, and replies.

Written by us, not collected from a model; of kinds that may be trained on (data/constraints/split.py), so that what is held
out stays so. Each is checked by our verifiers when it is used (eval/mitigations/few_shot.py).
"""

from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml

from data.answers import grade_all
from data.constraints.base import Constraint, check_all, from_spec
from data.constraints.split import TRAIN
from data.example import completion
from data.prompt import plain
from data.response import split
from data.sources.tiny import Tiny

Source = Literal["simple", "complex", "tiny"]
SEED = 0
WRITTEN = Path(__file__).with_suffix(".yaml")


class Demonstration(NamedTuple):
    """reply: reasoning and response, as a model writes them; answer: None where there is none to be right"""

    prompt: str
    reply: str
    constraints: tuple[Constraint, ...]
    answer: str | None = None


@cache
def demonstrations(source: Source, count: int) -> tuple[Demonstration, ...]:
    """The first `count`. Raises ValueError where there are fewer, or one of them is not what it says."""
    if source == "tiny":
        rows = Tiny(count, steps=(1, 2, 3), num_constraints=(1, 2)).load(SEED)
        found = [Demonstration(e.prompt, e.completion or "", e.constraints, e.answer) for e in rows]
    else:
        written = yaml.safe_load(WRITTEN.read_text(encoding="utf-8"))[source]
        if count > len(written):
            raise ValueError(
                f"num_demonstrations: found {count}; {source} has {len(written)}, expected at most that many"
            )
        found = [_built(one) for one in islice(written, count)]
    for number, one in enumerate(found):
        require_right(one, f"demonstration {number} of {source}")
    return tuple(found)


def require_right(one: Demonstration, where: str) -> None:
    """Raises ValueError for a kind that is held out, and for a reply that breaks a constraint or has another answer."""
    held_out = [c.name for c in one.constraints if c.name not in TRAIN]
    if held_out:
        raise ValueError(
            f"{where}: found {held_out[0]}; expected kinds of TRAIN (data/constraints/split.py)"
        )
    read = split(one.reply)
    for constraint, met in zip(
        one.constraints, check_all(one.constraints, read.response), strict=True
    ):
        if not met:
            raise ValueError(
                f"{where}: its reply breaks {constraint.name}; expected one that meets it"
            )
    if not read.reasoning:
        raise ValueError(f"{where}: found no reasoning; expected some")
    if one.answer is not None:
        (verdict,) = grade_all([(one.answer, read.response)])
        if not verdict.correct:
            raise ValueError(f"{where}: found answer {verdict.extracted}; expected {one.answer}")


def _built(one: dict[str, Any]) -> Demonstration:
    constraints = tuple(
        from_spec(spec["name"], spec["kwargs"], str(WRITTEN)) for spec in one["constraints"]
    )
    reply = completion(one["reasoning"].strip(), one["response"].strip())
    return Demonstration(plain(one["request"], constraints), reply, constraints)
