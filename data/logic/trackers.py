"""Trackers: counters and records put into a program that has none.

Each block inside the program is tried at once; then those are kept whose values vary over the cases and differ from one
another.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from data.logic import program as ir
from data.logic.interpreter import Discarded

MAX_TRACKER = 49
LETTERS = tuple("bcdeghjkmnpqrtuvwxyz")  # "a" is a word, "f" the function, others look like digits
WORDS = (
    "amber", "birch", "cedar", "coral", "ember", "fjord", "flint", "grove", "hazel", "ivory", "jade", "lilac", "maple",
    "ocean", "onyx", "opal", "pearl", "pine", "quartz", "raven", "reed", "ruby", "sage", "slate", "tulip", "umber",
)  # fmt: skip


class Place(NamedTuple):
    """A tracker in a block: how far into it, in [0, 1)."""

    at: float
    stmt: ir.Count | ir.TrackMax


def candidates(
    program: ir.Program, rng: random.Random, num_records: int
) -> tuple[dict[int, Place], dict[int, Place]]:
    """A counter for each block; and up to three records of blocks inside of a loop over a list. By the block's number."""
    counters: dict[int, Place] = {}
    records: dict[int, Place] = {}
    for number, item in enumerate(_items(program.body, None)):
        counters[number] = Place(rng.random(), ir.Count(f"count {number}"))
        if item is not None and num_records and len(records) < 3 and rng.random() < 0.6:
            records[number] = Place(rng.random(), ir.TrackMax(f"record {number}", ir.Var(item)))
    return counters, records


def _items(block: ir.Block, item: str | None) -> Iterator[str | None]:
    """For each block inside: the item of the innermost loop over a list around it."""
    for stmt in block:
        own = stmt.item if isinstance(stmt, ir.ForEach) else item
        for inner in ir.blocks(stmt):
            yield own
            yield from _items(inner, own)


def insert(program: ir.Program, places: Sequence[Mapping[int, Place]]) -> ir.Program:
    """The program with those trackers, at most one of each mapping in a block."""
    numbers = iter(range(10**6))
    names = tuple(place.stmt.name for group in places for place in group.values())
    body = _inside(program.body, places, numbers)
    return replace(program, body=body, trackers=names)


def _inside(
    block: ir.Block, places: Sequence[Mapping[int, Place]], numbers: Iterator[int]
) -> ir.Block:
    found: list[ir.Stmt] = []
    for stmt in block:
        if isinstance(stmt, ir.If):
            then = _filled(stmt.then, places, numbers)
            stmt = ir.If(stmt.cond, then, _filled(stmt.other, places, numbers))
        elif isinstance(stmt, ir.ForEach):
            stmt = ir.ForEach(stmt.item, stmt.lst, _filled(stmt.body, places, numbers))
        elif isinstance(stmt, ir.Repeat):
            stmt = ir.Repeat(stmt.times, _filled(stmt.body, places, numbers))
        elif isinstance(stmt, ir.While):
            stmt = ir.While(stmt.cond, _filled(stmt.body, places, numbers), stmt.cap)
        found.append(stmt)
    return tuple(found)


def _filled(
    block: ir.Block, places: Sequence[Mapping[int, Place]], numbers: Iterator[int]
) -> ir.Block:
    number = next(numbers)
    found = list(_inside(block, places, numbers))
    ends = bool(found) and isinstance(found[-1], ir.Break | ir.Continue)
    for group in places:
        if place := group.get(number):
            found.insert(int(place.at * (len(found) + 1 - ends)), place.stmt)
    return tuple(found)


def without(program: ir.Program) -> ir.Program:
    """The program with no tracker: what decides its split."""
    return replace(program, body=_stripped(program.body), trackers=())


def _stripped(block: ir.Block) -> ir.Block:
    found: list[ir.Stmt] = []
    for stmt in block:
        if isinstance(stmt, ir.Count | ir.TrackMax):
            continue
        if isinstance(stmt, ir.If):
            stmt = ir.If(stmt.cond, _stripped(stmt.then), _stripped(stmt.other))
        elif isinstance(stmt, ir.LOOPS):
            stmt = replace(stmt, body=_stripped(stmt.body))
        found.append(stmt)
    return tuple(found)


def chosen(
    values: Mapping[str, Sequence[int]],
    wanted: Sequence[str],
    num: int,
    taken: Sequence[Sequence[int]],
) -> list[str]:
    """`num` names of `wanted`, in its order, whose values over the cases stay within the limit, vary, and differ from one
    another and from what is `taken`. Raises Discarded where there are not as many."""
    found: list[str] = []
    seen = {tuple(vector) for vector in taken}
    for name in wanted:
        vector = tuple(values[name])
        fit = max(vector) <= MAX_TRACKER and len(set(vector)) > 1 and vector not in seen
        if fit and len(found) < num:
            seen.add(vector)
            found.append(name)
    if len(found) < num:
        raise Discarded("trackers that do not vary")
    return found


def named(places: Mapping[int, Place], kept: Mapping[str, str]) -> dict[int, Place]:
    """Those of `kept`, under their new names."""
    return {
        number: Place(place.at, replace(place.stmt, name=kept[place.stmt.name]))
        for number, place in places.items()
        if place.stmt.name in kept
    }
