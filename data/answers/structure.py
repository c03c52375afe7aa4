r"""Answers with parts: intervals and inequalities, tuples, sets, lists, matrices, assignments, bases.

A text is read into a `Form`; `compare` settles two forms with the comparison of their parts that it is given. Sets and
lists are unordered, tuples ordered, open and closed ends differ (math_grading.md, section 6.6).
"""

import re
from collections.abc import Callable
from typing import Literal, NamedTuple

Same = Callable[[str, str], bool | None]
MAX_ITEMS = 60

Kind = Literal["value", "tuple", "interval", "set", "list", "union", "matrix", "ratio"]


class Form(NamedTuple):
    """ends: the brackets of a tuple or interval; the shape of a matrix."""

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
_NAME = r"(?:[A-Za-z]|\\[A-Za-z]+)(?:_(?:\w|\{\w+\}))?'?"
_LEFT = (
    rf"{_NAME}|[A-Za-z]{{3,}}(?: [A-Za-z]+)*|[A-Z]{{2,3}}|\|[A-Z]{{2}}\||m?\\angle\s?[A-Z]{{1,3}}"
    r"|\\frac\{d\w\}\{d\w\}|\\text\s?\{[^{}]*\}"
)
_ASSIGNED = re.compile(
    rf"({_LEFT})(?:\(([\w ,+-]{{1,12}})\))?\s?(?:=|\\approx|\\in(?![a-z]))\s?(.+)", re.DOTALL
)
_RELATION = re.compile(r"(<|>|\\le(?![A-Za-z])|\\ge(?![A-Za-z])|\\ne(?![A-Za-z]))")
_BASE = re.compile(
    r"([0-9A-Fa-f]+)_\s?\{?\s?(?:\\text\s?\{\s?)?(?:base\s?)?(\d+|[a-z]+)\s?\}?\s?\}?"
)
_NUMERALS = (
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
    "fifteen", "sixteen",
)  # fmt: skip
_BASES = {name: str(number) for number, name in enumerate(_NUMERALS, start=2)}
_RATIO = re.compile(r"([^:,;]+):([^:,;]+)")


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
    if "\\cup" in text:
        return Form("union", tuple(part.strip() for part in re.split(r"\\cup(?![A-Za-z])", text)))
    inside = _inside(text) if text[:1] in ("(", "[") or text.startswith("\\{") else None
    if inside is not None:
        items = tuple(split_top(inside))
        if text.startswith("\\{"):
            return Form("set", _plus_minus(items))
        if len(items) > 1:
            return Form("tuple", items, text[0] + text[-1])
    items = _plus_minus(tuple(split_top(text)))
    if len(items) > 1:
        return Form("list", items)
    ratio = _RATIO.fullmatch(text)
    return Form("ratio", ratio.groups()) if ratio else Form("value", (text,))  # type: ignore[arg-type]


def _plus_minus(items: tuple[str, ...]) -> tuple[str, ...]:
    r"""`3 \pm \sqrt2` is two values."""
    found: list[str] = []
    for item in items:
        signs = ("+", "-") if re.search(r"\\pm(?![A-Za-z])", item) else ("",)
        found += [
            re.sub(r"\\pm(?![A-Za-z])", sign, item).strip() if sign else item for sign in signs
        ]
    return tuple(item.removeprefix("+") for item in found)


def interval(text: str) -> Form | None:
    r"""The interval of `2 \le x < 7` or `x > 3`, the union of `x \ne 2`, or what an interval is written as; else None."""
    relation = _RELATION.split(text)
    if len(relation) == 3:
        return _half_line(*(part.strip() for part in relation))
    if len(relation) == 5:
        low, first, name, second, high = (part.strip() for part in relation)
        if {first, second} <= {">", "\\ge"}:
            low, first, second, high = high, second, first, low
            first, second = first.replace(">", "<"), second.replace(">", "<")
            first, second = first.replace("\\ge", "\\le"), second.replace("\\ge", "\\le")
        if {first, second} <= {"<", "\\le"} and re.fullmatch(_NAME, name):
            return Form(
                "interval",
                (low, high),
                ("[" if first == "\\le" else "(") + ("]" if second == "\\le" else ")"),
            )
    form = read(text)
    if form.kind == "tuple" and len(form.items) == 2:
        return form._replace(kind="interval")
    return form if form.kind == "union" else None


def _half_line(left: str, relation: str, right: str) -> Form | None:
    if re.fullmatch(_NAME, right) and not re.fullmatch(_NAME, left):
        left, right = right, left
        relation = {"<": ">", ">": "<", "\\le": "\\ge", "\\ge": "\\le"}.get(relation, relation)
    if not re.fullmatch(_NAME, left):
        return None
    if relation == "\\ne":
        return Form("union", (rf"(-\infty,{right})", rf"({right},\infty)"))
    if relation in ("<", "\\le"):
        return Form("interval", (r"-\infty", right), "(" + (")" if relation == "<" else "]"))
    return Form("interval", (right, r"\infty"), ("(" if relation == ">" else "[") + ")")


def is_relation(text: str) -> bool:
    return _RELATION.search(text) is not None


def assigned(text: str) -> tuple[str, str]:
    """A name and what it is set to, the last of a chain; the name is empty where there is none."""
    found = _ASSIGNED.fullmatch(text)
    if not found or is_relation(text) or found.group(1) in ("\\frac", "\\sqrt"):
        return "", text
    name, _, rest = found.groups()
    if any("=" in part for part in split_top(rest)[1:]):  # `x = 1, y = 2`
        return "", text
    return name, rest.rpartition("=")[2].strip()


def base(text: str) -> tuple[str, str] | None:
    """Digits and base of `1011_2`; None for other texts."""
    found = _BASE.fullmatch(text)
    if not found:
        return None
    name = _BASES.get(found.group(2), found.group(2))
    return (found.group(1).lstrip("0").upper() or "0", name) if name.isdigit() else None


def compare(gold: Form, answer: Form, same: Same) -> bool | None:
    """True or False where the forms settle it; None where their parts do not, or the algebra system should look."""
    if max(len(gold.items), len(answer.items)) > MAX_ITEMS:
        return None
    kinds = (gold.kind, answer.kind)
    if kinds == ("matrix", "matrix"):
        return gold.ends == answer.ends and _ordered(gold.items, answer.items, same)
    if "matrix" in kinds or "ratio" in kinds:
        return None
    if "union" in kinds:
        return _unordered(gold.items, answer.items, same) if kinds == ("union", "union") else False
    if gold.kind in ("tuple", "interval") and answer.kind in ("tuple", "interval"):
        return gold.ends == answer.ends and _ordered(gold.items, answer.items, same)
    if "tuple" in kinds and "list" in kinds:
        return _ordered(gold.items, answer.items, same)
    if "tuple" in kinds or "interval" in kinds:
        return False
    items = gold.items, answer.items
    if "set" in kinds:
        items = _distinct(gold.items, same), _distinct(answer.items, same)
    return _unordered(*items, same)


def _ordered(golds: tuple[str, ...], answers: tuple[str, ...], same: Same) -> bool | None:
    if len(golds) != len(answers):
        return False
    found = [same(gold, answer) for gold, answer in zip(golds, answers, strict=True)]
    return False if False in found else None if None in found else True


def _unordered(golds: tuple[str, ...], answers: tuple[str, ...], same: Same) -> bool | None:
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
