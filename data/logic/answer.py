"""What a response states as JSON, and how much of it is right: LogicIF's Output, State and Both (arXiv:2508.09125).

A response is only parsed, never executed. Callers pass what `data.response.split` calls the response: reasoning is gone, and
unterminated thinking leaves "".

Differs from upstream (mianzhang/LogicIF, mianzhang/RLIF), by `rule`:
    strict    of our rows: booleans and integers are two types, on both sides; numbers agree within 1e-9, also inside of
              lists and mappings; NaN agrees with nothing
    upstream  of published rows, some of whose trackers are booleans: Python's ==, so that 1 passes for true
By both, gold null is matched by a stated null only; upstream also takes a response without any JSON for it.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

Rule = Literal["strict", "upstream"]
TOLERANCE = 1e-9

MAX_FALSE_STARTS = 1_000

_START = re.compile(r'\{(?=[ \t\n\r]*["}])')  # what no JSON object can do without
_decode = json.JSONDecoder().raw_decode


class _TooManyFalseStarts(Exception):
    pass


@dataclass(frozen=True)
class Stated:
    """The content of `{"output": ..., "stats": {...}}`, of gold or of a response."""

    output: Any
    stats: Any

    def dumps(self) -> str:
        return json.dumps({"output": self.output, "stats": self.stats})

    @classmethod
    def loads(cls, gold: str) -> "Stated":
        """Of a gold text. Raises ValueError for one that is not of this form."""
        found = json.loads(gold)
        if not isinstance(found, dict) or found.keys() != {"output", "stats"}:
            raise ValueError(f"gold: found {gold[:200]!r}; expected keys output and stats")
        if not isinstance(found["stats"], dict):
            raise ValueError(f"gold: stats: found {found['stats']!r}; expected a mapping")
        return cls(found["output"], found["stats"])


@dataclass(frozen=True)
class Score:
    """output, state: whether the main result, and the trackers with exactly their keys, are right; matching: the share of
    right fields, in [0, 1], among the output, the gold's trackers and any key that is stated in excess."""

    output: bool
    state: bool
    matching: float

    @property
    def both(self) -> bool:
        return self.output and self.state


NOTHING = Score(False, False, 0.0)


def stated(response: str) -> Stated | None:
    """Of the last JSON object in the response, not inside of another, that has both keys; None without one.

    A text states nothing that nests deeper than the decoder can read, or starts MAX_FALSE_STARTS objects that it does not
    finish, whatever follows: trying again at each brace takes quadratic time.
    """
    last = None
    try:
        for found in _objects(response):
            if "output" in found and "stats" in found:
                last = Stated(found["output"], found["stats"])
    except (RecursionError, _TooManyFalseStarts):
        return None
    return last


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """JSON objects from left to right; what one spans is not looked into again."""
    num_false = 0
    start = _START.search(text)
    while start:
        try:
            found, end = _decode(text, start.start())
        except ValueError:  # no JSON, or a number of more digits than Python reads
            num_false, end = num_false + 1, start.start() + 1
            if num_false == MAX_FALSE_STARTS:
                raise _TooManyFalseStarts from None
        else:
            yield found
        start = _START.search(text, end)


def score(response: str, gold: Stated, rule: Rule = "strict") -> Score:
    """response: without reasoning."""
    found = stated(response)
    return NOTHING if found is None else compare(found, gold, rule)


def compare(found: Stated, gold: Stated, rule: Rule = "strict") -> Score:
    output = equal(found.output, gold.output, rule)
    if not isinstance(found.stats, dict):
        return Score(output, False, output / (1 + len(gold.stats)))
    right = [
        key in found.stats and equal(found.stats[key], value, rule)
        for key, value in gold.stats.items()
    ]
    excess = len(found.stats.keys() - gold.stats.keys())
    num_fields = 1 + len(right) + excess
    return Score(output, all(right) and not excess, (output + sum(right)) / num_fields)


def equal(found: Any, gold: Any, rule: Rule = "strict") -> bool:
    return bool(found == gold) if rule == "upstream" else _same(found, gold)


def _same(found: Any, gold: Any) -> bool:
    if isinstance(found, bool) or isinstance(gold, bool):
        return found is gold
    if isinstance(found, int | float) and isinstance(gold, int | float):
        try:
            return found == gold or abs(found - gold) < TOLERANCE
        except OverflowError:  # an integer beyond all floats
            return False
    if isinstance(found, list) and isinstance(gold, list):
        return len(found) == len(gold) and all(map(_same, found, gold))
    if isinstance(found, dict) and isinstance(gold, dict):
        return found.keys() == gold.keys() and all(_same(found[key], gold[key]) for key in gold)
    return type(found) is type(gold) and bool(found == gold)
