"""What a function returns for its inputs, and which of these cases are fit to be asked (LogicIF's stages 7 and 8,
arXiv:2508.09125): computed twice, by two sandboxes that order sets of texts differently, so that a case has one answer."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from data.logic.from_functions.source import Function
from data.sandbox import Outcome, Pool

MOST_TRACKED = 50  # a tracker is below
MOST_DECIMALS = 6
MOST_INPUT = 10**7
FEWEST_CASES = 3


@dataclass(frozen=True)
class Case:
    """test_case_id: its place among the function's inputs; stats: tracker -> whole number"""

    test_case_id: int
    input: list[Any]
    output: Any
    stats: dict[str, int]


@dataclass
class Gold:
    """dropped: reason -> cases; said: of the first case that went wrong"""

    cases: list[Case] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    said: str = ""

    @property
    def enough(self) -> bool:
        return len(self.cases) >= FEWEST_CASES


class Judge:
    """Runs functions in two sandboxes at once."""

    def __init__(self, timeout_s: float = 5.0) -> None:
        self._timeout_s = timeout_s
        self._pools = (Pool(1), Pool(1))

    def __enter__(self) -> "Judge":
        return self

    def __exit__(self, *_: object) -> None:
        for pool in self._pools:
            pool.close()

    def gold(self, function: Function, inputs: Sequence[list[Any]]) -> Gold:
        def outcomes(pool: Pool) -> list[Outcome]:
            return pool.run_cases(function.source, function.name, inputs, self._timeout_s)

        with ThreadPoolExecutor(2) as threads:
            first, second = threads.map(outcomes, self._pools)
        found = Gold()
        for number, (one, other) in enumerate(zip(first, second, strict=False)):
            self._add(found, number, inputs[number], one, other)
        if missing := len(inputs) - min(len(first), len(second)):
            found.dropped["after a timeout"] = missing
        return found

    @staticmethod
    def _add(found: Gold, number: int, arguments: list[Any], one: Outcome, other: Outcome) -> None:
        error = one.error or other.error
        if error is not None:
            found.dropped[error] += 1
            found.said = found.said or one.message or other.message
            return
        if _text(one.value) != _text(other.value):
            found.dropped["not the same twice"] += 1
            return
        keys = list(found.cases[0].stats) if found.cases else None
        if reason := fault(arguments, one.value, keys):
            found.dropped[reason] += 1
            return
        output, stats = one.value
        found.cases.append(Case(number, arguments, output, stats))


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def fault(arguments: list[Any], value: Any, keys: list[str] | None) -> str | None:
    """Why a case is not fit; None when it is. keys: of the trackers of the function's other cases, None for the first."""
    if not _is_pair(value) or (keys is not None and set(value[1]) != set(keys)):
        return "malformed trackers"
    if any(found >= MOST_TRACKED for found in value[1].values()):
        return f"tracker of {MOST_TRACKED} or more"
    if any(_decimals(found) > MOST_DECIMALS for found in numbers(value[0])):
        return f"more than {MOST_DECIMALS} decimals"
    if any(abs(found) > MOST_INPUT for found in numbers(arguments)):
        return f"input beyond {MOST_INPUT:,}"
    return None


def _is_pair(value: Any) -> bool:
    """[output, {tracker: whole number, ...}] with one tracker at least; a truth value is no number."""
    if not (isinstance(value, list) and len(value) == 2 and isinstance(value[1], dict)):
        return False
    return bool(value[1]) and all(type(found) is int for found in value[1].values())


def numbers(value: Any) -> Iterator[int | float]:
    """All of them, at any depth; truth values and keys are none."""
    if isinstance(value, list):
        for one in value:
            yield from numbers(one)
    elif isinstance(value, dict):
        yield from numbers(list(value.values()))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


def _decimals(value: int | float) -> int:
    exponent = Decimal(repr(value)).as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


# ---------------------------------------------------------------------- the type of the outputs


def output_format(outputs: Sequence[Any]) -> str:
    """Of all outputs of a function together, so that it does not tell one from another: `int`, `null or list of int`."""
    return " or ".join(sorted({_type(one) for one in outputs}))


def _type(value: Any) -> str:
    if isinstance(value, list):
        return f"list of {output_format(value)}" if value else "list"
    if value is None:
        return "null"
    return type(value).__name__
