r"""Sets of real numbers: intervals, inequalities, set-builder notation, unions, complements, `|x - a| < r`.

`2 \le x < 7`, `[2,7)`, `[2,7[`, `\{x \mid 2 \le x < 7\}` and `x \ge 2 \text{ and } x < 7` are one region. With numeric ends
a region is put in order, its overlapping parts are merged; symbolic ends are compared as they stand. Open and closed
ends differ (math_grading.md, section 6.6).
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from data.answers.spans import REALS, Span, Spans, difference, intersection, number, ordered, union
from data.answers.structure import NAME, Same, split_top, unordered

MAX_SPANS = 20
MAX_DEPTH = 4
Join = Callable[[Spans, Spans], Spans | None]


class Region(NamedTuple):
    """name: of the variable, empty where none is printed."""

    spans: Spans
    name: str = ""


_RELATION = re.compile(r"(<|>|\\le(?![A-Za-z])|\\ge(?![A-Za-z])|\\ne(?![A-Za-z]))")
_MARK = re.compile(
    rf"{_RELATION.pattern}|\\cup(?![A-Za-z])|\\setminus|\\backslash|\\mathbb\{{R\}}|^\]|\[$"
)
_OR = re.compile(r"\\text\s?\{\s?,?\s?or\s?\}|\\lor(?![A-Za-z])|\\vee(?![A-Za-z])|(?<=\s)or(?=\s)")
_AND = re.compile(
    r"\\text\s?\{\s?,?\s?and\s?\}|\\land(?![A-Za-z])|\\wedge(?![A-Za-z])|(?<=\s)and(?=\s)|\\cap(?![A-Za-z])"
)
_CUP = re.compile(r"\\cup(?![A-Za-z])")
_WITHOUT = re.compile(
    r"\\setminus(?![A-Za-z])|\\backslash(?![A-Za-z])|(?<=\\mathbb\{R\})\s?-(?=\s?\\\{)"
)
_BUILDER = re.compile(
    rf"\\\{{\s?({NAME})(?:\s?\\in\s?\\mathbb\{{R\}})?\s?(?:\\mid(?![A-Za-z])|\||:)\s?((?:(?!\\\}}).)+)\\\}}",
    re.DOTALL,
)
_INTERVAL = re.compile(r"([\[\](])(.+)([\])\[])", re.DOTALL)
_DISTANCE = re.compile(rf"\|\s?({NAME})\s?(?:([+-])\s?([^|]+))?\|")
_MEMBER = re.compile(rf"({NAME})\s?\\in(?![A-Za-z])\s?(.+)", re.DOTALL)
# The loosest first.
_JOINS: tuple[tuple[re.Pattern[str], Join], ...] = (
    (_OR, union),
    (_AND, intersection),
    (_WITHOUT, difference),
    (_CUP, union),
)
_FLIPPED = {"<": ">", ">": "<", "\\le": "\\ge", "\\ge": "\\le"}


def is_marked(text: str) -> bool:
    """Whether the notation itself says that this is a region; `(2,7)` and `[2,7)` may be points as well."""
    return _MARK.search(text) is not None


def compare(gold: str, answer: str, same: Same) -> bool | None:
    """None where one of the two cannot be read."""
    one, other = read(gold), read(answer)
    if one is None or other is None:
        return None
    if one.name and other.name and one.name != other.name:
        return False
    left, right = ordered(one.spans), ordered(other.spans)
    if left == () or right == ():  # nothing: a gold is not, an answer is wrong
        return None if left == () else False
    if left is None or right is None:
        left, right = one.spans, other.spans

    def same_span(left: Span, right: Span) -> bool | None:
        if left.ends != right.ends:
            return False
        found = [same(left.low, right.low), same(left.high, right.high)]
        return False if False in found else None if None in found else True

    return unordered(left, right, same_span)


def read(text: str) -> Region | None:
    """None for texts that are none, and for too many parts."""
    region = _read(text.strip(), 0)
    return region if region and len(region.spans) <= MAX_SPANS else None


def _read(text: str, depth: int) -> Region | None:
    if depth > MAX_DEPTH:
        return None
    builder = _BUILDER.fullmatch(text)
    if builder:
        region = _read(builder.group(2).strip(), depth + 1)
        return region if region and region.name in ("", builder.group(1)) else None
    for pattern, join in _JOINS:
        parts = pattern.split(text)
        if len(parts) > 1:
            return _joined(parts, join, depth) if len(parts) <= MAX_SPANS else None
    parts = split_top(text)
    if len(parts) > 1:
        return _listed(parts, depth)
    member = _MEMBER.fullmatch(text)
    if member:
        region = _read(member.group(2).strip(), depth + 1)
        return region._replace(name=member.group(1)) if region and not region.name else None
    if text == r"\mathbb{R}":
        return Region(REALS)
    relation = _RELATION.split(text)
    if len(relation) > 1:
        return _relation([part.strip() for part in relation])
    return _points(text) if text.startswith("\\{") else _interval(text)


def _joined(parts: list[str], join: Join, depth: int) -> Region | None:
    regions = [_read(part.strip(), depth + 1) for part in parts]
    found: Region | None = regions[0]
    for region in regions[1:]:
        if (
            found is None
            or region is None
            or (found.name and region.name and found.name != region.name)
        ):
            return None
        spans = join(found.spans, region.spans)
        found = None if spans is None else Region(spans, found.name or region.name)
    return found


def _listed(parts: list[str], depth: int) -> Region | None:
    """Commas between relations mean "and" where that leaves something, else "or"; between intervals "or"."""
    if not is_marked(parts[0]):
        return _joined(parts, union, depth)
    both = _joined(parts, intersection, depth)
    return both if both is None or both.spans else _joined(parts, union, depth)


def _interval(text: str) -> Region | None:
    """`[2,7)`, and `[2,7[` as it is written in France: an outward bracket is an open end."""
    found = _INTERVAL.fullmatch(text)
    ends = split_top(found.group(2)) if found else []
    if found is None or len(ends) != 2:
        return None
    opening = "[" if found.group(1) == "[" else "("
    closing = "]" if found.group(3) == "]" else ")"
    return Region((Span(ends[0], ends[1], opening + closing),))


def _points(text: str) -> Region | None:
    r"""`\{1, 2\}`: closed intervals of no length."""
    if not text.endswith("\\}"):
        return None
    return Region(tuple(Span(point, point, "[]") for point in split_top(text[2:-2])))


def _relation(parts: list[str]) -> Region | None:
    r"""`x > 3`, `2 \le x < 7`, `|x - 3| \le 2`, `x \ne 2`."""
    if len(parts) == 5:
        low, first, name, second, high = parts
        if {first, second} <= {">", "\\ge"}:
            low, first, second, high = high, _FLIPPED[second], _FLIPPED[first], low
        if not {first, second} <= {"<", "\\le"} or not re.fullmatch(NAME, name):
            return None
        ends = ("[" if first == "\\le" else "(") + ("]" if second == "\\le" else ")")
        return Region((Span(low, high, ends),), name)
    if len(parts) != 3:
        return None
    left, sign, right = parts
    if not _is_left(left):
        left, sign, right = right, _FLIPPED.get(sign, sign), left
    if _DISTANCE.fullmatch(left):
        return _ball(left, sign, right)
    return _half_line(left, sign, right) if re.fullmatch(NAME, left) else None


def _is_left(text: str) -> bool:
    return re.fullmatch(NAME, text) is not None or _DISTANCE.fullmatch(text) is not None


def _half_line(name: str, sign: str, bound: str) -> Region:
    if sign == "\\ne":
        points = sorted(split_top(bound), key=lambda point: number(point) or 0.0)
        lows, highs = (r"-\infty", *points), (*points, r"\infty")
        return Region(
            tuple(Span(low, high, "()") for low, high in zip(lows, highs, strict=True)), name
        )
    if sign in ("<", "\\le"):
        return Region((Span(r"-\infty", bound, "()" if sign == "<" else "(]"),), name)
    return Region((Span(bound, r"\infty", "()" if sign == ">" else "[)"),), name)


def _ball(left: str, sign: str, radius: str) -> Region | None:
    """`|x - c| < r` is c - r < x < c + r; the other way round what is outside of it. r must be a positive number."""
    found = _DISTANCE.fullmatch(left)
    if found is None or sign not in _FLIPPED or (number(radius) or 0.0) <= 0:
        return None
    name, shift, centre = found.groups()
    low, high = f"-({radius})", radius
    if centre:
        middle = f"({centre})" if shift == "-" else f"-({centre})"
        low, high = f"{middle}-({radius})", f"{middle}+({radius})"
    if sign in ("<", "\\le"):
        return Region((Span(low, high, "()" if sign == "<" else "[]"),), name)
    left_end, right_end = (")", "(") if sign == ">" else ("]", "[")
    return Region(
        (Span(r"-\infty", low, f"({left_end}"), Span(high, r"\infty", f"{right_end})")), name
    )
