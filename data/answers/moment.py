r"""Clock times and dates: `3:45 \text{ p.m.}` equals `3:45 PM` and `15:45`, `\text{June } 15` equals `15 June`.

A time is compared as minutes of the day, so the half of the day counts where both sides print it. `3:45` may be a ratio:
what no clock shows is left to the comparison of ratios, unless the gold prints a half of the day.
"""

import re
from typing import NamedTuple

from data.answers.clean import bare

_CLOCK = re.compile(
    r"(?:at )?(\d{1,2})(?: ?: ?([0-5]\d)(?: ?: ?([0-5]\d))?)?(?: ?([ap])\.? ?m\.?)?", re.IGNORECASE
)
_MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
           "december"]  # fmt: skip
_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS) + "|sept"
_DAY = r"(\d{1,2})(?:st|nd|rd|th)?"
_WEEKDAY = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,? )?"
_DATE = re.compile(
    rf"{_WEEKDAY}(?:({_MONTH})\.? {_DAY}|{_DAY} (?:of )?({_MONTH})\.?)(?: ?,? ?(\d{{4}}))?",
    re.IGNORECASE,
)


class Clock(NamedTuple):
    """half: a, p, or empty where none is printed."""

    hour: int
    minute: int
    second: int
    half: str


def clock(text: str) -> Clock | None:
    """None for a text that is no time: without minutes and without a half of the day it is a number."""
    if ":" not in text and "m" not in text.lower():
        return None
    found = _CLOCK.fullmatch(bare(text))
    if not found or (found.group(2) is None and found.group(4) is None):
        return None
    hour, minute, second = (int(part or 0) for part in found.groups()[:3])
    half = (found.group(4) or "").lower()
    if hour > (12 if half else 24):
        return None
    return Clock(hour, minute, second, half)


def _same_clock(gold: Clock, answer: Clock) -> bool:
    if gold[1:3] != answer[1:3]:
        return False
    if gold.half and answer.half:
        return gold.half == answer.half and gold.hour == answer.hour
    half = gold.half or answer.half
    named, other = (gold, answer) if gold.half else (answer, gold)
    return gold.hour == answer.hour or (
        half != "" and other.hour == named.hour % 12 + 12 * (half == "p")
    )


def date(text: str) -> tuple[int, int, int | None] | None:
    """Month, day, year (None when it is not printed)."""
    found = _DATE.fullmatch(bare(text))
    if not found:
        return None
    month, day = found.group(1) or found.group(4), found.group(2) or found.group(3)
    number = next(k for k, name in enumerate(_MONTHS) if name[:3] == month[:3].lower())
    return number + 1, int(day), int(found.group(5)) if found.group(5) else None


def same(gold: str, answer: str) -> bool | None:
    """None where the gold is neither time nor date."""
    wanted = clock(gold)
    if wanted:
        found = clock(answer)
        if found:
            return _same_clock(wanted, found)
        return None if not wanted.half and (":" in answer or " to " in bare(answer)) else False
    day = date(gold) if gold[:1].isalnum() or gold.startswith("\\text") else None
    if day:
        other = date(answer)
        return other is not None and day[:2] == other[:2] and day[2] in (None, other[2])
    return None
