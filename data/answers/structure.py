r"""Answers with parts: tuples, sets, lists, matrices, ratios.

A text is read into a `Form`; `compare` settles two forms with the comparison of their parts that it is given. Sets and
lists are unordered, tuples ordered (math_grading.md, section 6.6). `1, 2, \ldots, 9` stands for what it leaves out.
"""

import itertools
import re
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, TypeVar

from data.answers import number
from data.answers.clean import bare
from data.answers.grammar import GREEK

Same = Callable[[str, str], bool | None]
Item = TypeVar("Item")
MAX_ITEMS = 60

Kind = Literal["value", "tuple", "set", "list", "matrix", "ratio"]


class Form(NamedTuple):
    """ends: the brackets of a tuple; the shape of a matrix."""

    kind: Kind
    items: tuple[str, ...]
    ends: str = ""


_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[()\[\]{},;|]|\s(?:and|or)\s|.", re.DOTALL)
_OPENING, _CLOSING = frozenset(("(", "[", "{", "\\{")), frozenset((")", "]", "}", "\\}"))
_SEPARATORS = frozenset((",", ";", " and ", " or "))
_JOIN = re.compile(r"\\text\s?\{\s?,?\s?(and|or)\s?\}|(?<=\s)(and|or)(?=\s)")
_MATRIX = re.compile(
    r"\\begin\{([pbvBV]?matrix|array)\}(?:\{[lcr|\s]*\})?(.*)\\end\{\1\}", re.DOTALL
)
NAME = (
    rf"(?:[A-Za-z]|\\(?:{'|'.join(sorted(GREEK))})(?![A-Za-z]))"
    r"(?:_(?:\w|\{\\?\w+\s?\}|\{\\text\s?\{[^{}]*\}\s?\}))?'?"
)
_VECTOR = re.compile(r"\\langle(?![A-Za-z])(.+)\\rangle", re.DOTALL)
_DOTS = re.compile(r"\\[lcd]?dots[bcmo]?|\.\.\.|…")
_INTEGER = re.compile(r"-?\d{1,9}")
_RATIO = re.compile(r"[^:,;]+(?::[^:,;]+)+")
_TO = re.compile(r"(-?[\d.]+) to (-?[\d.]+)")


def split_top(text: str) -> list[str]:
    """The parts between commas, semicolons, "and" and "or" that are inside of no bracket."""
    if not any(char in text for char in ",;") and "and" not in text and "or" not in text:
        return [text]
    text = _JOIN.sub(",", text)
    parts, depth, start = [], 0, 0
    for token in _TOKEN.finditer(text):
        mark = token.group()
        depth += (mark in _OPENING) - (mark in _CLOSING)
        if depth == 0 and mark in _SEPARATORS:
            parts.append(text[start : token.start()].strip())
            start = token.end()
    parts.append(text[start:].strip())
    return [part for part in parts if part]


def _inside(text: str) -> str | None:
    """What the brackets around the whole of `text` hold; None when they do not go around it."""
    depth = 0
    for token in _TOKEN.finditer(text):
        mark = token.group()
        depth += (mark in _OPENING) - (mark in _CLOSING)
        if depth == 0:
            if token.end() < len(text):
                return None
            width = 2 if mark == "\\}" else 1
            return text[width:-width].strip()
    return None


def read(text: str) -> Form:
    """The form of a cleaned answer; `value` for what has no parts."""
    matrix = _MATRIX.fullmatch(text)
    if matrix:
        rows = [row.split("&") for row in matrix.group(2).split("\\\\") if row.strip()]
        shape = ",".join(str(len(row)) for row in rows)
        return Form("matrix", tuple(cell.strip() for row in rows for cell in row), shape)
    vector = _VECTOR.fullmatch(text)
    if vector and len(items := tuple(split_top(vector.group(1)))) > 1:
        return Form("tuple", items, "()")
    inside = _inside(text) if text[:1] in ("(", "[") or text.startswith("\\{") else None
    if inside is not None:
        items = tuple(split_top(inside))
        if text.startswith("\\{"):
            return Form("set", _plus_minus(_filled(items)))
        if len(items) > 1:
            return Form("tuple", items, text[0] + text[-1])
    items = _plus_minus(_filled(tuple(split_top(text))))
    if len(items) > 1:
        return Form("list", items)
    return Form("ratio", _terms(text)) if _RATIO.fullmatch(text) else Form("value", (text,))


def _filled(items: tuple[str, ...]) -> tuple[str, ...]:
    r"""`1, 3, \ldots, 9` in full, where two integers or more before the dots give the step and one after them the end."""
    dots = [k for k, item in enumerate(items) if _DOTS.fullmatch(item)]
    if len(dots) != 1 or not 2 <= dots[0] == len(items) - 2:
        return items
    shown = [item for item in items if not _DOTS.fullmatch(item)]
    if not all(_INTEGER.fullmatch(item) for item in shown):
        return items
    *start, last = map(int, shown)
    step = start[1] - start[0]
    regular = all(b - a == step for a, b in itertools.pairwise(start))
    if not regular or not step or (last - start[-1]) % step:
        return items
    if not 0 < (last - start[-1]) // step <= MAX_ITEMS:
        return items
    return tuple(str(n) for n in (*start, *range(start[-1] + step, last, step), last))


def _terms(text: str) -> tuple[str, ...]:
    r"""3 and 2 of `3:2` and of `3\text{ to }2`."""
    ranged = _TO.fullmatch(bare(text))
    return ranged.groups() if ranged else tuple(part.strip() for part in text.split(":"))


def same_range(gold: str, answer: str, same: Same) -> bool | None:
    """Of `2 to 3` and `2 to 3`: their ends. None where one of the two is no such text."""
    ends = [_TO.fullmatch(bare(text)) for text in (gold, answer)]
    return _ordered(ends[0].groups(), ends[1].groups(), same) if ends[0] and ends[1] else None


def same_ratio(gold: str, answer: str, same: Same) -> bool | None:
    """Ratios are equal up to a factor; of two terms, also to their quotient."""
    one, other = _terms(gold), _terms(answer)
    if len(other) == 1 == len(one) - 1:
        return same(f"({one[0]})/({one[1]})", answer)
    if len(one) == 1 == len(other) - 1:
        return same(gold, f"({other[0]})/({other[1]})")
    if len(one) != len(other) or any(number.read(term) == 0 for term in (*one, *other)):
        return False  # `12:00` is to no factor `11:00`
    left, right = (tuple(f"({term})/({terms[0]})" for term in terms[1:]) for terms in (one, other))
    return _ordered(left, right, same)


def _plus_minus(items: tuple[str, ...]) -> tuple[str, ...]:
    r"""`3 \pm \sqrt2` is two values."""
    found: list[str] = []
    for item in items:
        signs = ("+", "-") if re.search(r"\\pm(?![A-Za-z])", item) else ("",)
        found += [
            re.sub(r"\\pm(?![A-Za-z])", sign, item).strip() if sign else item for sign in signs
        ]
    return tuple(item.removeprefix("+") for item in found)


def compare(gold: Form, answer: Form, same: Same) -> bool | None:
    """True or False where the forms settle it; None where their parts do not, or the algebra system should look."""
    if max(len(gold.items), len(answer.items)) > MAX_ITEMS:
        return None
    kinds = (gold.kind, answer.kind)
    if kinds == ("matrix", "matrix"):
        return gold.ends == answer.ends and _ordered(gold.items, answer.items, same)
    if kinds in (("matrix", "tuple"), ("tuple", "matrix")):
        return _vectors(gold, answer, same)
    if "matrix" in kinds or "ratio" in kinds:
        return None
    if kinds == ("tuple", "tuple"):
        return gold.ends == answer.ends and _ordered(gold.items, answer.items, same)
    if "tuple" in kinds and "list" in kinds:
        return _ordered(gold.items, answer.items, same)
    if "tuple" in kinds:
        return False
    items = gold.items, answer.items
    # A set's repetitions say nothing; those of a list do: `2, 2, 3` is not {2, 3}.
    if gold.kind == "set":
        items = _distinct(gold.items, same), _distinct(answer.items, same)
    return unordered(*items, same)


def _vectors(gold: Form, answer: Form, same: Same) -> bool | None:
    """A column or a row is the tuple of its cells."""
    matrix, pair = (gold, answer) if gold.kind == "matrix" else (answer, gold)
    line = set(matrix.ends.split(",")) == {"1"} or "," not in matrix.ends
    return _ordered(gold.items, answer.items, same) if line and pair.ends == "()" else False


def _ordered(golds: tuple[str, ...], answers: tuple[str, ...], same: Same) -> bool | None:
    if len(golds) != len(answers):
        return False
    found = [same(gold, answer) for gold, answer in zip(golds, answers, strict=True)]
    return False if False in found else None if None in found else True


def unordered(
    golds: Sequence[Item], answers: Sequence[Item], same: Callable[[Item, Item], bool | None]
) -> bool | None:
    """Whether each gold has an answer of its own; None where the comparison of some does not tell."""
    if len(golds) != len(answers):
        return False
    left, unsure = list(answers), False
    for gold in golds:
        found = [same(gold, answer) for answer in left]
        if True in found:
            left.pop(found.index(True))
        elif None in found:
            unsure = True
        else:
            return False
    return None if unsure else True


def _distinct(items: tuple[str, ...], same: Same) -> tuple[str, ...]:
    found: list[str] = []
    for item in items:
        if not any(same(other, item) for other in found):
            found.append(item)
    return tuple(found)
