"""What can be settled in this process, exactly or numerically: the order of math_grading.md, section 6.5.

`settle` never raises and never evaluates text as code; what it leaves open goes to the algebra system.
"""

import re

from data.answers import (
    asked,
    base,
    equation,
    moment,
    number,
    quantity,
    region,
    structure,
    units,
    wording,
)
from data.answers.clean import key
from data.answers.equation import Assigned
from data.answers.expression import trees
from data.answers.guards import MAX_CHARS
from data.answers.rational import symbols
from data.answers.wording import OPEN, Settled

_THOUSANDS = re.compile(r"(?<![\d,(\[{.])\d{1,3}(?:,\d{3})+(?![\d,])")
MAX_NESTED = 4


def settle(gold: str, answer: str, depth: int = 0) -> Settled:
    """Compare two cleaned texts."""
    if gold == answer or key(gold) == key(answer):
        return Settled(True, "identical")
    if not answer or not gold:
        return Settled(False, "empty")
    digits = number.same_digits(gold, answer)
    if digits is not None:
        return Settled(digits, "number")
    gold_value, answer_value = number.read(gold), number.read(answer)
    if gold_value is not None and answer_value is not None:
        if number.same_value(gold, gold_value, answer, answer_value):
            return Settled(True, "number")
        if gold.count(",") + answer.count(",") == 0:
            return Settled(False, "number")
    if len(answer) > MAX_CHARS or len(gold) > MAX_CHARS:
        return OPEN
    found = _worded(gold, answer)
    if found.correct is None and depth <= MAX_NESTED:
        found = _joined(gold, answer, depth)
    # The algebra system drops words and primes: what they change, it does not see.
    if found.correct is None and wording.differ(gold, answer):
        return Settled(False, "words")
    if found.correct is None and wording.primes_differ(gold, answer):
        return Settled(False, "primes")
    return found


def _worded(gold: str, answer: str) -> Settled:
    """Answers that are no expressions: times, amounts in several units, letters, words, digits in a base."""
    for name, same in (("moment", moment.same), ("units", units.same_mixed), ("base", base.same)):
        found = same(gold, answer)
        if found is not None:
            return Settled(found, name)
    letters = wording.letter(gold, answer)
    return letters if letters.method != "open" else wording.text(gold, answer)


def _joined(gold: str, answer: str, depth: int) -> Settled:
    """`1,234` is 1234. `108,135` may be a list, if the answer prints one: with blanks and without brackets."""
    joined = _join(gold), _join(answer)
    if joined == (gold, answer):
        return _named(gold, answer, depth)
    settled = settle(*joined, depth + 1)
    listed = re.fullmatch(r"\d+(?:, \d+)+", answer) or re.fullmatch(r"\d+(?:, \d+)+", gold)
    return settled if settled.correct or not listed else _named(gold, answer, depth)


def _join(text: str) -> str:
    return _THOUSANDS.sub(lambda found: found.group().replace(",", ""), text)


def _named(gold: str, answer: str, depth: int) -> Settled:
    """Equations, and names set to a value."""
    left, right = equation.assigned(gold), equation.assigned(answer)
    same_name = key(left.name) == key(right.name)
    if gold.count("=") == answer.count("=") == 1 and not (same_name and left.name):
        found = equation.equal(gold, answer)
        if found is not None:
            return Settled(found, "equation")
    if left.name and right.name and not same_name:
        known = not _has_symbols(left.value) and not _has_symbols(right.value)
        return Settled(False, "names") if known else OPEN
    single = len(structure.split_top(gold)) == len(structure.split_top(answer)) == 1
    if single and "=" in answer and "=" not in gold and not right.name:
        return _chain(gold, answer, depth)
    if single and "=" in gold and "=" not in answer and not left.name:
        name, _, value = gold.partition("=")
        if asked.is_ratio(name.strip()) and not _has_symbols(value.strip()):
            return settle(value.strip(), answer, depth + 1)
        known = bool(trees(answer)) and equation.equal(gold, gold) is not None
        return Settled(False, "equation") if known else OPEN
    if left.name or right.name:
        return _values(left, right, depth)
    return _forms(gold, answer, depth)


def _values(gold: Assigned, answer: Assigned, depth: int) -> Settled:
    value = equation.renamed(answer, gold)
    return Settled(False, "names") if value is None else settle(gold.value, value, depth + 1)


def _chain(gold: str, answer: str, depth: int) -> Settled:
    """`2+2 = 4` is 4, if it is true, `m+n = 4` is 4 as what it names; `2x = 8` and `3 = 4` are no value."""
    name, _, rest = (part.strip() for part in answer.partition("="))
    if _known_symbols(name):
        value = units.split(rest.rpartition("=")[2].strip()).value
        if not asked.names_a_value(name) or _known_symbols(value):
            return Settled(False, "equation")
        answer = rest
    if "=" not in answer:
        return settle(gold, answer, depth + 1)
    last = equation.last_of_chain(answer)
    if last is None:
        return OPEN
    return settle(gold, last, depth + 1) if isinstance(last, str) else Settled(False, "equation")


def _known_symbols(text: str) -> bool:
    """Whether it can be read and has symbols."""
    nodes = trees(text)
    return bool(nodes) and bool(symbols(nodes[0]))


def _has_symbols(text: str) -> bool:
    """Whether it has symbols, or may have some."""
    nodes = trees(text)
    return not nodes or bool(symbols(nodes[0]))


def _forms(gold: str, answer: str, depth: int) -> Settled:
    """Regions of the real line, then values and answers with parts."""

    def same(one: str, other: str) -> bool | None:
        found = settle(one, other, depth + 1)
        # Among several answers a noun says which: `3 boys, 4 girls`.
        named = found.method == "expression" and "\\text" in one and "\\text" in other
        return False if named and wording.differ(one, other) else found.correct

    if region.is_marked(gold) or region.is_marked(answer):
        found = region.compare(gold, answer, same)
        if found is None and (trees(gold) or trees(answer)):
            found = False
        return Settled(found, "region") if found is not None else OPEN
    if "\\emptyset" in (gold, answer):
        return Settled(False, "set")
    ranged = structure.same_range(gold, answer, same)
    if ranged is not None:
        return Settled(ranged, "range")
    forms = structure.read(gold), structure.read(answer)
    kinds = tuple(form.kind for form in forms)
    if kinds == ("value", "value"):
        return quantity.settle(gold, answer)
    if kinds == ("value", "list"):
        return Settled(False, "several_values")
    if "ratio" in kinds:
        return Settled(structure.same_ratio(gold, answer, same), "ratio")
    if kinds[1] == "value" and kinds[0] != "set":
        return Settled(False, kinds[0]) if trees(answer) else OPEN
    if kinds == ("value", "matrix") and trees(gold):
        return Settled(False, "matrix")
    return Settled(structure.compare(*forms, same), kinds[0])
