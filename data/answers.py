r"""The only place where an answer is judged: is the final answer of a response equal to the gold
answer?

Numbers and identical texts are settled exactly and at once. Everything else goes to `math-verify`,
called the right way round (gold first, boxed) in a worker process that is killed at its deadline,
so that no model output can hang a run or is ever parsed in the training process. Only the response
is looked at: a box inside `<think>` never counts.
"""

import atexit
import logging
import re
from concurrent.futures import TimeoutError as FutureTimeout
from fractions import Fraction
from functools import lru_cache
from multiprocessing import get_context
from typing import NamedTuple

from pebble import ProcessExpired, ProcessPool

DEADLINE_S = 2.0
MAX_DIGITS = (
    4000  # CPython refuses to convert longer integers; equal texts are settled before that matters
)
MAX_SYMBOLIC_CHARS = 1000


class Verdict(NamedTuple):
    """correct is None when it is undecided: timed out, or a gold that cannot be read."""

    correct: bool | None
    extracted: str | None
    method: str


_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{", re.IGNORECASE)
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)


def final_answer(response: str) -> str | None:
    r"""The content of the last `\boxed{}` (balanced braces, `\{` is no brace); None without one or
    when it never closes."""
    boxes = list(_BOX.finditer(response))
    if not boxes:
        return None
    last = boxes[-1]
    depth = 1
    for token in _BRACE.finditer(response, last.end()):
        depth += {"{": 1, "}": -1}.get(token.group(), 0)
        if depth == 0:
            return response[last.end() : token.start()].strip()
    return None


_FRAC = re.compile(r"\\[dtc]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)")


def normalize(text: str) -> str:
    """Without blanks, spacing commands, surrounding dollars, a closing dot, and
    `\\left`/`\\right`."""
    text = re.sub(r"\\[,;:! ]|\\(?:left|right)(?![A-Za-z])|\s+|~", "", text.replace("{,}", ","))
    return text.replace("\\$", "").strip("$").removesuffix(".")


def number(text: str) -> Fraction | None:
    """The exact value of an integer, decimal or fraction, `1,234` included; None for anything
    else."""
    text = normalize(text)
    sign = -1 if text.startswith("-") and _FRAC.fullmatch(text[1:]) else 1
    if match := _FRAC.fullmatch(text.removeprefix("-") if sign < 0 else text):
        parts: tuple[str, ...] = match.groups()
    else:
        parts = tuple(text.split("/")) if text.count("/") == 1 else (text,)
    if len(text) > MAX_DIGITS:
        return None
    values = []
    for part in parts:
        if _THOUSANDS.fullmatch(part):
            part = part.replace(",", "")
        if not _NUMBER.fullmatch(part):
            return None
        values.append(Fraction(part))
    if len(values) == 1:
        return sign * values[0]
    return sign * values[0] / values[1] if values[1] else None


def grade(response: str, gold: str) -> Verdict:
    """Judge a response (think-stripped) against the gold answer."""
    answer = final_answer(response)
    if answer is None or not answer:
        return Verdict(False, answer, "no_box")
    if normalize(answer) == normalize(gold):
        return Verdict(True, answer, "identical")
    gold_value, value = number(gold), number(answer)
    if gold_value is not None and value is not None:
        return Verdict(gold_value == value, answer, "number")
    if len(answer) > MAX_SYMBOLIC_CHARS:
        return Verdict(False, answer, "too_long")
    if gold_value is not None and not _could_be_a_value(answer):
        return Verdict(False, answer, "not_a_value")
    return Verdict(_symbolic(gold, answer), answer, "math_verify")


def _could_be_a_value(text: str) -> bool:
    """False for digits with broken punctuation (`1 2`, `3.`, `--4`), which no algebra system needs
    to see."""
    return re.search(r"[\\^*+()/%A-Za-z=]", normalize(text)) is not None


# ---------------------------------------------------------------------------------- symbolic
# comparison in a worker
_pool: ProcessPool | None = None


def _load_worker() -> None:
    """Import math-verify (sympy: seconds) before the first deadline starts, without its warning
    that it has no alarm."""
    import math_verify

    logging.getLogger(math_verify.__name__).setLevel(logging.ERROR)


def _math_verify(gold: str, answer: str) -> bool | None:
    """Runs in a worker. No alarms: the deadline is the pool's, which kills."""
    from math_verify import LatexExtractionConfig, parse, verify

    config = [LatexExtractionConfig()]
    golds = parse(f"\\boxed{{{gold}}}", extraction_config=config, parsing_timeout=None)
    if not golds:
        return None
    answers = parse(f"\\boxed{{{answer}}}", extraction_config=config, parsing_timeout=None)
    return bool(verify(golds, answers, timeout_seconds=None))


@lru_cache(maxsize=65536)
def _symbolic(gold: str, answer: str) -> bool | None:
    """math-verify's verdict; None when it timed out, died, or could not read the gold."""
    global _pool
    if _pool is None:
        _pool = ProcessPool(max_workers=1, initializer=_load_worker, context=get_context("spawn"))
        atexit.register(_close_pool)
    try:
        result: bool | None = _pool.schedule(
            _math_verify, args=(gold, answer), timeout=DEADLINE_S
        ).result()
    except (FutureTimeout, ProcessExpired):
        return None
    return result


def _close_pool() -> None:
    if _pool is not None:
        _pool.stop()
        _pool.join()
