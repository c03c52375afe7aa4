"""The rules that every instance keeps (reference page section 8), as checks that name what is broken."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from data.logic import program as ir
from data.logic.answer import Stated, score
from data.logic.instance import Case, Instance
from data.logic.interpreter import MAX_VALUE
from data.logic.trackers import MAX_TRACKER

MIN_CASES = 3
NUM_CASES = 8

_TRACKING = (ir.Count, ir.TrackMax)
_PUNCTUATION = str.maketrans(dict.fromkeys(".,:;()?", " "))
# A reference, the number of a step, or else a constant, which is the group.
_STEPS_AND_CONSTANTS = re.compile(
    r"[Ss]teps? [a-z]?[\d.]*\d(?: to [a-z]?[\d.]*\d)?|^[a-z]?\d[\d.]*\. |(\d+)", re.MULTILINE
)

# What a response may guess without following the procedure, from a list.
_GUESSES: tuple[Callable[[tuple[int, ...]], int], ...] = (
    lambda numbers: numbers[0], lambda numbers: numbers[-1], sum, max, min, len,
)  # fmt: skip


def broken(instance: Instance, visits: Sequence[int]) -> str | None:
    """The first rule that the instance breaks; None where it keeps all. visits: of the interpreter, over all cases."""
    if not all(visits):
        return "a branch that no case takes"
    return (
        broken_cases(instance.cases)
        or broken_trackers(instance.program.trackers, instance.cases)
        or broken_text(instance)
        or broken_scoring(instance.cases)
    )


def broken_cases(cases: Sequence[Case]) -> str | None:
    if len(cases) < MIN_CASES or len({case.arguments for case in cases}) < len(cases):
        return "too few cases, or equal ones"
    outputs = [case.gold.output for case in cases]
    if not all(type(output) is int and 0 <= output <= MAX_VALUE for output in outputs):
        return "an output that is no integer within the limits"
    for guess in guesses(cases):
        if 2 * sum(a == b for a, b in zip(guess, outputs, strict=True)) > len(cases):
            return "an output that a guess meets in most cases"
    return None


def guesses(cases: Sequence[Case]) -> Iterator[list[int]]:
    """The outputs of each trivial baseline: of lists first, last, sum, max, min, length; each argument; a constant."""
    for values in zip(*(case.arguments for case in cases), strict=True):
        if isinstance(values[0], int):
            yield list(values)
        else:
            for guess in _GUESSES:
                yield [guess(numbers) for numbers in values]
    [(most, _)] = Counter(case.gold.output for case in cases).most_common(1)
    yield [most] * len(cases)


def broken_trackers(names: Sequence[str], cases: Sequence[Case]) -> str | None:
    vectors = [tuple(case.gold.stats[name] for case in cases) for name in names]
    if not vectors or len(set(vectors)) < len(vectors):
        return "no tracker, or equal ones"
    for vector in vectors:
        if not all(type(value) is int and 0 <= value <= MAX_TRACKER for value in vector):
            return "a tracker that is no integer within the limits"
        if len(set(vector)) == 1:
            return "a tracker that does not vary"
    return None


def broken_text(instance: Instance) -> str | None:
    """The text says each constant, and names each tracker, exactly as often as the program does."""
    program, text = instance.program, instance.description
    said = [int(number) for number in _STEPS_AND_CONSTANTS.findall(text) if number]
    if sorted(said) != sorted(constants(program)):
        return "a constant said too often or not at all"
    uses = Counter(s.name for s in ir.walk(program.body) if isinstance(s, _TRACKING))
    words = Counter(text.translate(_PUNCTUATION).split())
    for name in program.trackers:
        # Once where they are introduced, and once where they are reported.
        if not uses[name] or words[name] != uses[name] + 2:
            return "a tracker named too often or not at all"
    return None


def constants(program: ir.Program) -> list[int]:
    """Each as often as the program has it."""
    found: list[int] = []
    parts: list[ir.Expr | ir.Cond] = [program.output]
    for procedure in program.procedures:
        parts.append(procedure.result)
        if isinstance(procedure, ir.Recursion):
            found.append(procedure.bound)
            parts += [procedure.base, procedure.smaller]
    for stmt in ir.statements(program):
        parts += ir.parts(stmt)
        if isinstance(stmt, ir.Repeat):
            found.append(stmt.times)
        elif isinstance(stmt, ir.While):
            found.append(stmt.cap)
    leaves = (leaf for part in parts for leaf in ir.leaves(part))
    return found + [leaf.value for leaf in leaves if isinstance(leaf, ir.Const)]


def broken_scoring(cases: Sequence[Case]) -> str | None:
    """The gold as a response is all right; with one tracker higher by one it is not."""
    for number, case in enumerate(cases):
        gold = case.gold
        names = list(gold.stats)
        name = names[number % len(names)]
        off = Stated(gold.output, gold.stats | {name: gold.stats[name] + 1})
        if not score(gold.dumps(), gold).both or score(off.dumps(), gold).state:
            return "a gold that scoring does not tell from another"
    return None
