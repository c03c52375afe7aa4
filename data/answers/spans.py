"""The algebra of intervals with numeric ends: order, union, intersection, complement.

An end keeps its text, so that two regions are compared as exactly as their ends are; numbers only put them in order.
"""

import math
from typing import NamedTuple

from data.answers import value
from data.answers.expression import trees
from data.answers.rational import symbols

CLOSE = 1e-12  # relative; ends that are nearer are one end


class Span(NamedTuple):
    """ends: `[` or `(`, then `]` or `)`."""

    low: str
    high: str
    ends: str


Spans = tuple[Span, ...]
REALS: Spans = (Span(r"-\infty", r"\infty", "()"),)


class _End(NamedTuple):
    """at: its number; closed: whether it belongs to the interval."""

    at: float
    closed: bool
    text: str


class _Piece(NamedTuple):
    low: _End
    high: _End

    def is_empty(self) -> bool:
        same = _same(self.low.at, self.high.at)
        return (
            self.low.at > self.high.at if not same else not (self.low.closed and self.high.closed)
        )

    def span(self) -> Span:
        ends = ("[" if self.low.closed else "(") + ("]" if self.high.closed else ")")
        return Span(self.low.text, self.high.text, ends)


def number(text: str) -> float | None:
    """The real number that a text is, an infinity included; None for others."""
    if text in (r"\infty", r"-\infty"):
        return -math.inf if text[0] == "-" else math.inf
    nodes = trees(text)
    if len(nodes) != 1 or symbols(nodes[0]):
        return None
    try:
        found = complex(value.numeric(nodes[0], {}))
    except (ArithmeticError, ValueError):
        return None
    return found.real if abs(found.imag) <= CLOSE * abs(found) else None


def _same(a: float, b: float) -> bool:
    return a == b or (math.isfinite(a - b) and abs(a - b) <= CLOSE * max(abs(a), abs(b)))


def _pieces(spans: Spans) -> list[_Piece] | None:
    """In order, disjoint, none empty; None where an end is no number."""
    found = []
    for low, high, ends in spans:
        at = number(low), number(high)
        if at[0] is None or at[1] is None:
            return None
        piece = _Piece(
            _End(at[0], ends[0] == "[", low),
            _End(at[1], ends[1] == "]", high),
        )
        if not piece.is_empty():
            found.append(piece)
    merged: list[_Piece] = []
    for piece in sorted(found, key=lambda piece: (piece.low.at, not piece.low.closed)):
        if merged and _touch(merged[-1].high, piece.low):
            merged[-1] = _Piece(merged[-1].low, max(merged[-1].high, piece.high))
        else:
            merged.append(piece)
    return merged


def _touch(high: _End, low: _End) -> bool:
    return (high.closed or low.closed) if _same(high.at, low.at) else low.at < high.at


def _spans(pieces: list[_Piece]) -> Spans:
    return tuple(piece.span() for piece in pieces)


def ordered(spans: Spans) -> Spans | None:
    """In order and merged; empty for an empty set; None where an end is no number."""
    pieces = _pieces(spans)
    return None if pieces is None else _spans(pieces)


def union(one: Spans, other: Spans) -> Spans:
    return one + other


def intersection(one: Spans, other: Spans) -> Spans | None:
    left, right = _pieces(one), _pieces(other)
    if left is None or right is None:
        return None
    found = [_Piece(_later(a.low, b.low), _earlier(a.high, b.high)) for a in left for b in right]
    return _spans([piece for piece in found if not piece.is_empty()])


def _later(a: _End, b: _End) -> _End:
    """Of two low ends; at the same place the open one."""
    return max(a, b, key=lambda end: (end.at, not end.closed))


def _earlier(a: _End, b: _End) -> _End:
    return min(a, b, key=lambda end: (end.at, end.closed))


def difference(one: Spans, other: Spans) -> Spans | None:
    rest = _complement(other)
    return None if rest is None else intersection(one, rest)


def _complement(spans: Spans) -> Spans | None:
    pieces = _pieces(spans)
    if pieces is None:
        return None
    lows = [
        _End(-math.inf, False, r"-\infty"),
        *(p.high._replace(closed=not p.high.closed) for p in pieces),
    ]
    highs = [
        *(p.low._replace(closed=not p.low.closed) for p in pieces),
        _End(math.inf, False, r"\infty"),
    ]
    found = [_Piece(low, high) for low, high in zip(lows, highs, strict=True)]
    return _spans(
        [
            p
            for p in found
            if not p.is_empty() and not (math.isinf(p.low.at) and p.low.at == p.high.at)
        ]
    )
