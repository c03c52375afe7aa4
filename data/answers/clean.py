r"""One spelling for answers that LaTeX prints alike: section 6.3 of math_grading.md.

`clean` is idempotent enough for comparisons, never raises, and is linear; its rules are in `data.answers.spelling`.
"""

import re

from data.answers.extract import DENIAL
from data.answers.spelling import CHARS, RAISED, ROOT_SIGN, RULES, raised
from data.answers.unit_table import UNITS

# Numbers that are clean as they are: most answers.
_PLAIN = re.compile(r"-?(?:0|[1-9]\d*)(?:,\d{3})*(?:\.\d+)?(?:/[1-9]\d*)?")
_CAPITAL_COMMAND = re.compile(r"\\[A-Z]{2,}")
# What only announces the value. Words that change it ("minus", "at least", "the opposite") are not among them.
_PREFIX = re.compile(
    r"\\text\s?\{[^{}]*\b(?:is|are|be|equals?|answer)\s?[:=]?\s?\}\s?[:=]?\s?"
    r"|\\text\s?\{\s*(?:in )?(?:the )?(?:year|number|value|result|total|sum)\s*\}(?=\s?[\d\\])"
    r"|\\text\s?\{\s*(?:the )?(?:points?|origin|(?:ordered )?(?:pair|triple)|vector)\s*\}\s?(?=\()"
    r"|=\s?|(?:the |my |final )*answer(?: is|s are)?\s?:?\s?",
    re.IGNORECASE,
)
_REPEATING = re.compile(r"(?<![\d.])(\d{0,30})\.(\d{0,30})\\overline\s?\{(\d{1,30})\}")
_ANGLE = re.compile(
    r"(\\(?:sin|cos|tan|cot|sec|csc|cis)\s?(?:\^\s?\{?\d+\}?)?\s?[({]?\s?)(\d+(?:\.\d+)?)\s?\^\\circ\s?"
)
_COUNTED = re.compile(r"([+-]?)\\text\s?\{\s*([+-]?\d[\d,]*(?:\.\d+)?)\s+([A-Za-z][^{}\d]*)\}")
_ANNOUNCED = re.compile(
    r"\\text\s?\{\s*(?:in )?(?:the )?(?:year|number|value|result|total|sum|answer)(?: is)?:?\s([+-]?[\d.,]*\d)\s*\}",
    re.IGNORECASE,
)
_TO = re.compile(r"\\text\s?\{\s*([\d.]*\d) to ([\d.]*\d)\s*\}")
_SPELLED = re.compile(r"(?:\\text\s?\{)?\s*([a-z]+(?:-[a-z]+)?)(?: ([a-z]+))?\s*\}?", re.IGNORECASE)
_ONES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
         "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]  # fmt: skip
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_NUMERALS = {
    **{name: number for number, name in enumerate(_ONES)},
    **{name: 10 * number for number, name in enumerate(_TENS, start=2)},
    **{
        f"{tens}-{ones}": 10 * number + one
        for number, tens in enumerate(_TENS, start=2)
        for one, ones in enumerate(_ONES[1:10], start=1)
    },
}
MAX_WRAPPERS = 8
_ENDS = " \t\n\r*"
_PUNCTUATION = ".,;:"
_QUOTES = ("'", '"', "`")


def clean(text: str) -> str:
    """`text` in our spelling, for numbers, sets, units and the algebra system alike."""
    text = text.strip()
    if _PLAIN.fullmatch(text):
        return text
    if not text.isascii():
        text = RAISED.sub(raised, ROOT_SIGN.sub(r"\\sqrt{\1}", text)).translate(CHARS)
    text = _strip_ends(text)
    if text.isdigit():
        return text
    text = _CAPITAL_COMMAND.sub(lambda m: m.group().lower(), text)
    for pattern, replacement in RULES:
        text = pattern.sub(replacement, text)
    text = text.lstrip()
    prefix = _PREFIX.match(text)
    if prefix and prefix.end() < len(text.rstrip()) and not DENIAL.search(prefix.group()):
        text = text[prefix.end() :]
    text = _REPEATING.sub(_as_fraction, text)
    text = _ANGLE.sub(r"\1{\\frac{\2\\pi}{180}}", text)
    return _numeral_first(_strip_ends(text))


def key(text: str) -> str:
    """`text`, cleaned, without the blanks that print nothing: `4 2` is not `42`."""
    return re.sub(r"(?<![\dA-Za-z])\s|\s(?![\dA-Za-z])", "", text)


def words(text: str) -> str:
    r"""What `\text{}` prints, in lower case and with single blanks: to compare answers that are words."""
    return _strip_ends(bare(text).strip(_ENDS + _PUNCTUATION + "()")).casefold()


def bare(text: str) -> str:
    r"""Without `\text` and braces, with single blanks."""
    return re.sub(r"[\s{}]+", " ", re.sub(r"\\text\s?", "", text)).strip()


def _numeral_first(text: str) -> str:
    r"""`\text{42 apples}` is `42\text{ apples}`, `\text{three hours}` is `3\text{ hours}`, `\text{three}` is 3.

    A spelled numeral is read only alone or before a unit: "three halves" and "three hundred" are other numbers.
    """
    counted = _COUNTED.fullmatch(text)
    if counted:
        sign, number, noun = counted.groups()
        return rf"{sign}{number}\text{{ {noun}}}"
    if announced := _ANNOUNCED.fullmatch(text):
        return announced.group(1)
    if ranged := _TO.fullmatch(text):
        return rf"{ranged.group(1)}\text{{ to }}{ranged.group(2)}"
    spelled = _SPELLED.fullmatch(text) if text[:1].isalpha() or text.startswith("\\text") else None
    number = _NUMERALS.get(spelled.group(1).lower()) if spelled else None
    if spelled is None or number is None or (spelled.group(2) and spelled.group(2) not in UNITS):
        return text
    return rf"{number}\text{{ {spelled.group(2)}}}" if spelled.group(2) else str(number)


def _as_fraction(found: re.Match[str]) -> str:
    r"""`0.1\overline{6}` = (16 - 1)/90."""
    whole, fixed, period = found.groups()
    value = int(whole + fixed + period) - int(whole + fixed or "0")
    return rf"\frac{{{value}}}{{{'9' * len(period) + '0' * len(fixed)}}}"


def _strip_ends(text: str) -> str:
    """Without quotes, emphasis, the sentence's punctuation, and braces around the whole (a few: linear time)."""
    for _ in range(MAX_WRAPPERS):
        shorter = _unquoted(text.strip(_ENDS).rstrip(_ENDS + _PUNCTUATION))
        if shorter.startswith("{") and _braces_whole(shorter):
            shorter = shorter[1:-1]
        if shorter.endswith("\\"):  # of a `\\ ` at the end, or of an `\\,` that lost its comma
            shorter = shorter[:-1]
        if shorter == text:
            break
        text = shorter
    return text


def _unquoted(text: str) -> str:
    """Without the quotation marks around the whole. A mark that nothing opens is a prime, feet or inches, and stays."""
    if text.startswith(_QUOTES):
        return text[1:-1] if len(text) > 1 and text.endswith(_QUOTES) else text[1:]
    stray = text.endswith(_QUOTES) and text[-2:-1] in _PUNCTUATION
    return text[:-1] if stray or text.endswith("`") else text


def _braces_whole(text: str) -> bool:
    depth = 0
    for token in re.finditer(r"\\.|[{}]", text, re.DOTALL):
        depth += {"{": 1, "}": -1}.get(token.group(), 0)
        if depth == 0 and token.group() == "}":
            return token.end() == len(text)
    return False
