"""What can be settled in this process, exactly or numerically: the order of math_grading.md, section 6.5.

`settle` never raises and never evaluates text as code; what it leaves open goes to the algebra system.
"""

import re
from fractions import Fraction

from data.answers import number, structure, units, value, wording
from data.answers.clean import key
from data.answers.expression import trees
from data.answers.grammar import Node
from data.answers.guards import MAX_CHARS
from data.answers.rational import symbols
from data.answers.wording import OPEN, Settled

_THOUSANDS = re.compile(r"(?<![\d,(\[{.])\d{1,3}(?:,\d{3})+(?![\d,])")
_TEXT = re.compile(r"\\text\s?\{([^{}]*)\}")
_LETTER_UNIT = re.compile(r"(-?[\d.,]+|\\frac\{\d+\}\{\d+\}) [msghLNJWVKA]")
_DIGITS_ONLY = re.compile(r"[+-]?[\d.,]+")
_INFINITE = ("\\infty", "-\\infty")
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
    for method in (wording.letter, wording.text, wording.base):
        found = method(gold, answer)
        if found.method != "open":
            return found
    return _parts(gold, answer, depth)


def _parts(gold: str, answer: str, depth: int) -> Settled:
    if depth > MAX_NESTED:
        return OPEN
    joined = _joined(gold), _joined(answer)
    if joined != (gold, answer):
        settled = settle(*joined, depth + 1)
        # With commas on both sides, `108,135` may be a list.
        if settled.correct or not ("," in gold and "," in answer):
            return settled
    left, right = structure.assigned(gold), structure.assigned(answer)
    if gold.count("=") == answer.count("=") == 1 and (key(left[0]) != key(right[0]) or not left[0]):
        found = _equations(gold, answer)
        if found is not None:
            return Settled(found, "equation")
    if left[0] and right[0] and key(left[0]) != key(right[0]):
        return OPEN if _has_symbols(left[1]) or _has_symbols(right[1]) else Settled(False, "names")
    single = len(structure.split_top(gold)) == len(structure.split_top(answer)) == 1
    if single and "=" in answer and "=" not in gold and not right[0]:
        return _chain(gold, answer, depth)
    if single and "=" in gold and "=" not in answer and not left[0]:
        return Settled(False, "equation") if trees(answer) and _equations(gold, gold) else OPEN
    if left[0] or right[0]:
        return settle(left[1], right[1], depth + 1)

    def same(one: str, other: str) -> bool | None:
        return settle(one, other, depth + 1).correct

    spans = [
        structure.interval(text) if structure.is_relation(text) else None for text in (gold, answer)
    ]
    if any(spans):
        forms = [
            span or structure.interval(text)
            for span, text in zip(spans, (gold, answer), strict=True)
        ]
        if None in forms:
            return OPEN
        return Settled(structure.compare(forms[0], forms[1], same), "interval")  # type: ignore[arg-type]
    forms = [structure.read(gold), structure.read(answer)]
    kinds = [form.kind for form in forms if form is not None]
    if kinds == ["value", "value"]:
        return _value(gold, answer)
    if kinds == ["value", "list"]:
        return Settled(False, "several_values")
    if "ratio" in kinds:
        return _value(*(re.sub(r"^(.*):(.*)$", r"(\1)/(\2)", text) for text in (gold, answer)))
    if kinds[1] == "value" and kinds[0] != "set":
        return Settled(False, kinds[0]) if trees(answer) else OPEN
    if kinds == ["value", "matrix"] and trees(gold):
        return Settled(False, "matrix")
    return Settled(structure.compare(forms[0], forms[1], same), kinds[0])  # type: ignore[arg-type]


def _joined(text: str) -> str:
    return _THOUSANDS.sub(lambda found: found.group().replace(",", ""), text)


def _equations(gold: str, answer: str) -> bool | None:
    """Whether left - right is the same up to a constant factor."""
    sides = [trees(side) for text in (gold, answer) for side in text.split("=")]
    if not all(sides):
        return None
    left, right = (Node("+", (a[0], Node("neg", (b[0],)))) for a, b in (sides[:2], sides[2:]))
    return value.proportional(left, right)


def _chain(gold: str, answer: str, depth: int) -> Settled:
    """`2+2 = 4` is 4, if it is true; `2x = 8` and `3 = 4` are no value."""
    *others, last = (side.strip() for side in answer.split("="))
    nodes = [trees(side) for side in (*others, last)]
    if not all(nodes):
        return OPEN
    same = [value.equal(node[0], nodes[-1][0]) for node in nodes[:-1]]
    if None in same:
        return OPEN
    return settle(gold, last, depth + 1) if all(same) else Settled(False, "equation")


def _has_symbols(text: str) -> bool:
    nodes = trees(text)
    return not nodes or bool(symbols(nodes[0]))


def _value(gold: str, answer: str) -> Settled:
    """Single values: percent and units apart, then the numbers or expressions."""
    gold, gold_percent = _percent(gold)
    answer, answer_percent = _percent(answer)
    (gold, gold_unit), (bare, answer_unit) = units.split(gold), units.split(answer)
    scale = units.ratio(gold_unit, answer_unit)
    if scale is None:
        return Settled(False, "units")
    golds, answers = trees(gold), trees(bare)
    if (gold in _INFINITE and (answers or bare in _INFINITE)) or (bare in _INFINITE and golds):
        return Settled(gold == bare, "infinity")
    if golds and answer_unit and not gold_unit and symbols(golds[0]):
        answers = trees(_TEXT.sub(r"\1", answer)) or answers  # a gold such as `\frac{37}{4} m`
    if golds and not symbols(golds[0]) and _LETTER_UNIT.fullmatch(bare):
        bare = bare[: bare.rindex(" ")]
        answers = trees(bare)
    if not golds or not answers:
        return (
            Settled(False, "not_a_value")
            if _DIGITS_ONLY.fullmatch(gold) and _broken(bare)
            else OPEN
        )
    found = _any_equal(gold, golds, bare, answers, scale)
    if gold_percent is not answer_percent and not found:
        factor = Fraction(1, 100) if answer_percent else Fraction(100)
        found = _any_equal(gold, golds, bare, answers, factor * scale) or found
    method = (
        "percent"
        if gold_percent or answer_percent
        else "units"
        if gold_unit and answer_unit
        else "expression"
    )
    return Settled(found, method) if found is not None else OPEN


def _broken(text: str) -> bool:
    """Digits with broken punctuation (`1 2`, `--4`): nothing that an algebra system need see."""
    return re.search(r"[\\^*+()/%A-Za-z=]", text) is None


def _percent(text: str) -> tuple[str, bool]:
    shorter = re.sub(r"\s?(?:%|\\text\s?\{\s?(?:%|percent)\s?\}|(?<=[\d}]) ?percent)$", "", text)
    return shorter, shorter != text


def _any_equal(
    gold: str, golds: tuple[Node, ...], answer: str, answers: tuple[Node, ...], scale: Fraction
) -> bool | None:
    found = [_equal(gold, one, answer, other, scale) for one in golds for other in answers]
    return True if True in found else None if None in found else False


def _equal(gold: str, one: Node, answer: str, other: Node, scale: Fraction) -> bool | None:
    if scale != 1:
        other = Node("*", (other, Node("num", value=scale)))
    left, right = number.literal(gold), number.literal(answer)
    if left is not None and right is not None:
        return number.same_value(gold, left, answer, right * scale)
    found = value.equal(one, other)
    if found or symbols(one) or symbols(other):
        return found
    shown = number.places(answer) if left is None else number.places(gold)
    if (
        shown is not None
        and (left is None) is not (right is None)
        and value.rounds_to(one, other, shown)
    ):
        return True
    return found
