r"""One spelling for answers that LaTeX prints alike: section 6.3 of math_grading.md.

`clean` is idempotent enough for comparisons, never raises, and every pattern in it is linear.
"""

import re

_CHARS = str.maketrans(
    {
        **dict.fromkeys("−–—‒﹣－", "-"), **dict.fromkeys("×✕", r"\times "), **dict.fromkeys("·⋅∙•", r"\cdot "),
        "÷": "/", "π": r"\pi ", "∞": r"\infty ", "≤": r"\le ", "≥": r"\ge ", "≠": r"\ne ", "∪": r"\cup ", "∩": r"\cap ",
        "∅": r"\emptyset ", "∈": r"\in ", "√": r"\sqrt ", "°": r"^\circ ", "±": r"\pm ", "½": r"\frac{1}{2}",
        "¼": r"\frac{1}{4}", "¾": r"\frac{3}{4}", "⅓": r"\frac{1}{3}", "⅔": r"\frac{2}{3}", "θ": r"\theta ",
        **{char: f"^{{{digit}}}" for digit, char in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}, "’": "'", "′": "'", "％": "%", "，": ",",
        "：": ":", "．": ".", "（": "(", "）": ")", "。": ".", "“": '"', "”": '"', "\u00a0": " ", "\u202f": r"\,",
        **{chr(0xFF10 + digit): str(digit) for digit in range(10)},
    }
)  # fmt: skip

# In this order; each (pattern, replacement).
_POWERS = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_RULES = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\\(?:left|right)\s?\.|\\(?:left|right|[bB]igg?[lrm]?|displaystyle|textstyle|limits|nolimits)(?![A-Za-z])", ""),
        (r"\\(?:text)?color\s?\{[^{}]*\}", ""),
        (r"\\(?:text(?:bf|it|rm|sf|tt|normal)|emph|[mh]box|mathrm|operatorname\*?|mathsf)\s?(?=\{)", r"\\text"),
        (r"\\(?:mathbf|mathit|boldsymbol|bm|pmb|mathbb|mathcal|mathfrak|bold|bf|rm|it|underline)(?![A-Za-z])", ""),
        (r"\\text\s?\{\s*(sin|cos|tan|cot|sec|csc|arcsin|arccos|arctan|ln|log|exp|gcd|lcm|max|min)\s*\}", r"\\\1 "),
        (r"\\[dtc]frac(?![A-Za-z])", r"\\frac"),
        (r"\\[dt]binom(?![A-Za-z])", r"\\binom"),
        (r"\{([.,])\}", r"\1"),
        (r"(?<=\d),(?:\\[!,;: ])+\s?(?=\d{3}(?!\d))", ","),
        (r"(?<=\d)(?:\\[,;: ]|~|\{ \})(?=\d{3}(?!\d))", ""),
        (r"(?<!\\)\\!", ""),
        (r"\^\s?(?:\\prime(?![A-Za-z])|\{\s?\\prime\s?\})", "'"),
        (r"(?<!\\)\\[,;:> ]|\\(?:quad|qquad|thinspace|enspace|space)(?![A-Za-z])|~|\\$", " "),
        (r"(?<!\\)\\[()\[\]]", " "),
        (r"(?<!\\)\$", ""),
        (r"\\%", "%"),
        (r"\\(?:varnothing|O)(?![A-Za-z])|\\emptyset|\\\{\s*\\\}|\\text\{\s*\\emptyset\s*\}", r"\\emptyset "),
        (r"\\(?:l|r)brace(?![A-Za-z])", lambda m: r"\{" if m.group()[1] == "l" else r"\}"),
        (r"\\[lr]?vert(?![A-Za-z])", "|"),
        (r"\\lbrack(?![A-Za-z])", "["),
        (r"\\rbrack(?![A-Za-z])", "]"),
        (r"\\(?:leq|leqslant)(?![A-Za-z])|<=|&le;", r"\\le "),
        (r"\\(?:geq|geqslant)(?![A-Za-z])|>=|&ge;", r"\\ge "),
        (r"\\lt(?![A-Za-z])|&lt;", "<"),
        (r"\\gt(?![A-Za-z])|&gt;", ">"),
        (r"\\neq(?![A-Za-z])|!=", r"\\ne "),
        (r"\+\s?\\infty|\\infin(?![A-Za-z])|\+?\\infty", r"\\infty"),
        (r"\\colon(?![A-Za-z])", ":"),
        (r"\\ast(?![A-Za-z])", "*"),
        (r"\\div(?![A-Za-z])", "/"),
        (r"\\(?:bar|dot)(?=\s?\{\d)", r"\\overline"),
        (r"\^\s?\{?\s?\\(?:circ|degree)(?![A-Za-z])\s?\}?|\\degree(?![A-Za-z])", r"^\\circ "),
        (r"\\text\{\s*degrees?\s*\}|(?<=\d) degrees?(?![A-Za-z])", r"^\\circ "),
        (r"(?<![A-Za-z])np\.|(?<![A-Za-z])math\.", ""),
        (r"(?<![A-Za-z\\{])(arc(?:sin|cos|tan)|sin|cos|tan|cot|sec|csc|ln|log|exp|pi|sqrt)(?![A-Za-z])", r"\\\1 "),
        (r"(?<![A-Za-z\\\d.])(\d+(?:\.\d*)?|\.\d+)[eE]\s?\+?(-?\s?\d+)(?![\w.])", r"\1\\times 10^{\2}"),
        (
            r"(?<=\d)\s?(?:\\text\s?\{\s?)?(thousand|million|billion|trillion)(?![A-Za-z ])\s?\}?",
            lambda m: rf"\times 10^{{{_POWERS[m.group(1)]}}}",
        ),
        (r"\*\*(?=\s?[\d({-])", "^"),
        (r"(?<=10)\^\s?\(?\+?(-?\d+)\)?(?!\d)", r"^{\1}"),
        (r"(?<=\d)\s?[xX]\s?(?=10\^)", r"\\times "),
        (r"(?<![\d./])(\d+) (\d+)\s?/\s?(\d+)(?![\d./])", r"\1\\frac{\2}{\3}"),
        (r"\\(frac|binom)\s*(\d)\s*(\d)", r"\\\1{\2}{\3}"),
        (r"\\(frac|binom)\s*([A-Za-z\d])\s*([A-Za-z\d])", r"\\\1{\2}{\3}"),
        (r"\\sqrt\s*(\d|[A-Za-z](?![A-Za-z]))", r"\\sqrt{\1}"),
        (r"(\d)\s*(?:\\cdot\s*|\*\s*|\s)i(?![A-Za-z_])", r"\1i"),
        (r"\s+", " "),
    )
]  # fmt: skip

_PLAIN = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")
_CAPITAL_COMMAND = re.compile(r"\\[A-Z]{2,}")
_PREFIX = re.compile(
    r"\\text\s?\{[^{}]*\b(?:is|are|be|equals?|answer)\s?:?\s?\}\s?|(?:the |my |final )*answer(?: is|s are)?\s?:?\s?",
    re.IGNORECASE,
)
_REPEATING = re.compile(r"(?<![\d.])(\d{0,30})\.(\d{0,30})\\overline\s?\{(\d{1,30})\}")
_ANGLE = re.compile(
    r"(\\(?:sin|cos|tan|cot|sec|csc)\s?(?:\^\s?\{?\d+\}?)?\s?[({]?\s?)(\d+(?:\.\d+)?)\s?\^\\circ\s?"
)
MAX_WRAPPERS = 8
_ENDS = " \t\n\r\"'`*"
_PUNCTUATION = ".,;:"


def clean(text: str) -> str:
    """`text` in our spelling, for numbers, sets, units and the algebra system alike."""
    text = text.strip()
    if _PLAIN.fullmatch(text):
        return text
    text = _strip_ends(text.translate(_CHARS) if not text.isascii() else text)
    if text.isdigit():
        return text
    text = _CAPITAL_COMMAND.sub(lambda m: m.group().lower(), text)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    prefix = _PREFIX.match(text.lstrip())
    if prefix and prefix.end() < len(text.strip()):
        text = text.lstrip()[prefix.end() :]
    text = _REPEATING.sub(_as_fraction, text)
    text = _ANGLE.sub(r"\1{\\frac{\2\\pi}{180}}", text)
    return _strip_ends(text)


def key(text: str) -> str:
    """`text`, cleaned, without the blanks that print nothing: `4 2` is not `42`."""
    return re.sub(r"(?<![\dA-Za-z])\s|\s(?![\dA-Za-z])", "", text)


def words(text: str) -> str:
    r"""What `\text{}` prints, in lower case and with single blanks: to compare answers that are words."""
    bare = re.sub(r"\\text\s?", "", text)
    return re.sub(r"[\s{}]+", " ", bare).strip(_ENDS + _PUNCTUATION + "()").casefold()


def _as_fraction(found: re.Match[str]) -> str:
    r"""`0.1\overline{6}` = (16 - 1)/90."""
    whole, fixed, period = found.groups()
    value = int(whole + fixed + period) - int(whole + fixed or "0")
    return rf"\frac{{{value}}}{{{'9' * len(period) + '0' * len(fixed)}}}"


def _strip_ends(text: str) -> str:
    """Without quotes, emphasis, the sentence's punctuation, and braces around the whole (a few: linear time)."""
    for _ in range(MAX_WRAPPERS):
        shorter = text.strip(_ENDS).rstrip(_ENDS + _PUNCTUATION)
        if shorter.startswith("{") and _braces_whole(shorter):
            shorter = shorter[1:-1]
        if shorter.endswith("\\"):  # of a `\\ ` at the end, or of an `\\,` that lost its comma
            shorter = shorter[:-1]
        if shorter == text:
            break
        text = shorter
    return text


def _braces_whole(text: str) -> bool:
    depth = 0
    for token in re.finditer(r"\\.|[{}]", text, re.DOTALL):
        depth += {"{": 1, "}": -1}.get(token.group(), 0)
        if depth == 0 and token.group() == "}":
            return token.end() == len(text)
    return False
