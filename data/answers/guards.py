"""What is never given to a computer-algebra system: section 4 of math_grading.md lists what such texts cost.

A text over a limit is compared as a string only. All checks are linear.
"""

import re

MAX_CHARS = 1000
MAX_DEPTH = 30  # brackets
MAX_FRACTIONS = 10  # nested; math-verify needs 3 s for 10, 16 s for 14
MAX_DIGITS = 400  # of a literal
MAX_EXPONENT = 5000
MAX_FACTORIAL = 500  # also binomials
MAX_CELLS = 100  # of a matrix

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[{}()\[\]]|\^")
_EXPONENT = re.compile(r"\^(?:\{|\()?[+-]?(\d+)")
_NUMERIC_TOWER = re.compile(r"\^[{(]?\d+\s?\^")
_DOUBLE_STAR = re.compile(r"\*\*|\^\^")
_LITERAL = re.compile(r"\d[\d.]*")
_FACTORIAL = re.compile(r"(\d*)[)}]?!(!?)")
_FACTORIAL_OF_POWER = re.compile(r"\^\{?\d+[)}]{1,3}!")
_BINOMIAL = re.compile(r"\\[dt]?binom\{?(\d*)(?:\}?\{?(\d*))|\bC\((\d*)")
_BINOMIAL_OF_POWER = re.compile(r"\\[dt]?binom\s?\{?[^{}]{0,40}\^")
_FORBIDDEN = re.compile(r"__|\\(?:input|write|include|def|let|csname|loop)(?![A-Za-z])")


def over_limit(text: str) -> str | None:
    """The name of the limit that `text` is over, None when it may be parsed."""
    if len(text) > MAX_CHARS:
        return "length"
    if any(len(literal) > MAX_DIGITS for literal in _LITERAL.findall(text)):
        return "digits"
    if _DOUBLE_STAR.search(text) or any(_big(e, MAX_EXPONENT) for e in _EXPONENT.findall(text)):
        return "exponent"
    if _NUMERIC_TOWER.search(text):
        return "tower"
    if _FACTORIAL_OF_POWER.search(text):
        return "factorial"
    if any(_big(n, MAX_FACTORIAL) or twice for n, twice in _FACTORIAL.findall(text)):
        return "factorial"
    if _BINOMIAL_OF_POWER.search(text):
        return "binomial"
    if any(_big(n, MAX_FACTORIAL) for found in _BINOMIAL.findall(text) for n in found):
        return "binomial"
    if text.count("&") + text.count("\\\\") > MAX_CELLS:
        return "matrix"
    if _FORBIDDEN.search(text):
        return "forbidden"
    return _nesting(text)


def _big(digits: str, limit: int) -> bool:
    return len(digits) > 6 or (digits != "" and int(digits) > limit)


def _nesting(text: str) -> str | None:
    """Depth of brackets, of fractions inside fractions, and of exponents inside exponents (towers: two at most)."""
    stack: list[str] = []
    kind, arguments = "", 0
    previous = ""
    for token in _TOKEN.findall(text):
        if token in ("\\frac", "\\dfrac", "\\tfrac", "\\cfrac"):
            kind, arguments = "frac", 2
        elif token == "^":
            if kind == "^" and previous == "^":
                return "tower"
            kind, arguments = "^", 1
            if stack.count("^") >= 2:
                return "tower"
        elif token in ("{", "(", "[", "\\{"):
            stack.append(kind if arguments else "")
            arguments = max(arguments - 1, 0)
            kind = "" if kind == "^" else kind
            if len(stack) > MAX_DEPTH:
                return "depth"
            if stack.count("frac") > MAX_FRACTIONS:
                return "fractions"
        elif token in ("}", ")", "]", "\\}"):
            if not stack:
                return "brackets"
            closed = stack.pop()
            kind, arguments = (closed, 1) if closed == "frac" else ("", 0)
        previous = token
    return "brackets" if text.count("{") != text.count("}") else None
