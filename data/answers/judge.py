"""The only place where an answer is judged: does a response's final answer equal the gold?

Numbers, texts, units, intervals, sets and most expressions are settled here at once (`data.answers.settle`); the rest is
asked of math-verify in worker processes that are killed at their deadline (`data.answers.pool`). The specification is
shared/reference/math_grading.md. Where it leaves a choice: a percent sign that only one side prints is a ratio or a unit
(75% equals 0.75 and 75), a set is no tuple, a list without brackets has no order, a ratio 3:2 equals 3/2, digits without
a base equal the same digits with one, and a degree sign is a unit, but pi/180 beside a multiple of pi (`quantity`).
"""

import threading
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from data.answers import number
from data.answers.clean import clean
from data.answers.extract import Extract, extract, gold_text
from data.answers.guards import MAX_CHARS, over_limit
from data.answers.pool import Outcome, shared
from data.answers.settle import settle
from data.answers.wording import Settled

CACHED = 1 << 16


class Verdict(NamedTuple):
    """correct is None when it is undecided: timed out, or a gold that cannot be read.

    extracted: the answer as it was found, None without one.
    method:    what settled it (`number`, `expression`, `math_verify`, `timeout`, ...) or why there was no answer
               (`no_box`, `hedged`, ...); an answer from outside of a box names where it came from: `hash/number`.
    """

    correct: bool | None
    extracted: str | None
    method: str


class _Open(NamedTuple):
    """A pair for the algebra system, and the verdict's other fields."""

    gold: str
    answer: str
    extracted: str
    prefix: str


def grade(response: str, gold: str, *, fallbacks: bool = False) -> Verdict:
    r"""Judge a response (think-stripped) against the gold answer.

    fallbacks: without a box, take `#### 5`, the last "answer is ..." or a bare last line. Rewards must not: what is
        easy to say in passing would pay.
    Blocks for the pool's deadline at most (1 s from dispatch). Never raises for what a model or a data set wrote.
    """
    return grade_all([(gold, response)], fallbacks=fallbacks)[0]


def grade_all(pairs: Iterable[tuple[str, str]], *, fallbacks: bool = False) -> list[Verdict]:
    """Verdicts of (gold, response) pairs, in order; all that need the algebra system are dispatched at once."""
    found = [_first(gold, response, fallbacks) for gold, response in pairs]
    wanted = list(
        dict.fromkeys((item.gold, item.answer) for item in found if isinstance(item, _Open))
    )
    outcomes = _symbolic(wanted) if wanted else {}
    return [_last(item, outcomes) if isinstance(item, _Open) else item for item in found]


def _first(gold: str, response: str, fallbacks: bool) -> Verdict | _Open:
    where = extract(response, fallbacks)
    if not where.answer:
        return Verdict(False, where.answer, "empty" if where.answer == "" else where.source)
    prefix = "" if where.source == "boxed" else f"{where.source}/"
    settled, gold, answer = _settled(gold, where)
    if settled.method == "open":
        return _Open(gold, answer, where.answer, prefix)
    return Verdict(settled.correct, where.answer, prefix + settled.method)


def _last(item: _Open, outcomes: dict[tuple[str, str], Outcome]) -> Verdict:
    outcome = outcomes[item.gold, item.answer]
    return Verdict(outcome.correct, item.extracted, item.prefix + outcome.why)


def _settled(gold: str, where: Extract) -> tuple[Settled, str, str]:
    """What can be said here, and the cleaned texts. A long answer is compared as a text, or as digits."""
    assert where.answer is not None
    gold = _gold(gold)
    if len(where.answer) > MAX_CHARS or len(gold) > MAX_CHARS:
        answer = where.answer.strip()
        same = answer == gold or bool(number.same_digits(gold, answer))
        return Settled(same, "over_limit:length"), gold, answer
    answer = clean(where.answer)
    if not gold:
        return Settled(None, "gold_unreadable"), gold, answer
    settled = settle(gold, answer)
    if settled.correct is not None:
        return settled, gold, answer
    if limit := over_limit(gold):
        return Settled(None, f"gold_over_limit:{limit}"), gold, answer
    limit = over_limit(answer)
    return Settled(False, f"over_limit:{limit}") if limit else Settled(None, "open"), gold, answer


@lru_cache(maxsize=4096)
def _gold(gold: str) -> str:
    gold = gold_text(gold)
    return clean(gold) if len(gold) <= MAX_CHARS else gold


# Decided ones only: what timed out once may be decided when the machine is less busy.
_verdicts: dict[tuple[str, str], Outcome] = {}
_lock = threading.Lock()


def _symbolic(pairs: list[tuple[str, str]]) -> dict[tuple[str, str], Outcome]:
    with _lock:
        known = {pair: _verdicts[pair] for pair in pairs if pair in _verdicts}
    asked = [pair for pair in pairs if pair not in known]
    fresh = dict(zip(asked, shared().ask_all(asked), strict=True)) if asked else {}
    with _lock:
        _verdicts.update(
            (pair, outcome) for pair, outcome in fresh.items() if outcome.correct is not None
        )
        while len(_verdicts) > CACHED:
            del _verdicts[next(iter(_verdicts))]
    return known | fresh
