r"""The rules that give one spelling to LaTeX that prints alike: section 6.3 of math_grading.md, as tables for `clean`.

Order matters. Every pattern is linear. A rule that would join what prints apart (`5\text{ 2}` is not 52) is wrong here.
"""

import re

_DIGIT_SIGNS = {chr(0xFF10 + digit): str(digit) for digit in range(10)}
_VULGAR = [
    (chr(code), *parts.split("/"))
    for code, parts in zip(
        (0xBC, 0xBD, 0xBE, *range(0x2153, 0x215F)),
        (
            "1/4",
            "1/2",
            "3/4",
            "1/3",
            "2/3",
            "1/5",
            "2/5",
            "3/5",
            "4/5",
            "1/6",
            "5/6",
            "1/8",
            "3/8",
            "5/8",
            "7/8",
        ),
        strict=True,
    )
]
CHARS = str.maketrans(
    {
        **dict.fromkeys("−–—‒﹣－", "-"), **dict.fromkeys("×✕", r"\times "), **dict.fromkeys("·⋅∙•", r"\cdot "),
        **dict.fromkeys("÷⁄∕", "/"), "π": r"\pi ", "∞": r"\infty ", "≤": r"\le ", "≥": r"\ge ", "≠": r"\ne ", "∪": r"\cup ",
        "∩": r"\cap ", "∅": r"\emptyset ", "∈": r"\in ", "√": r"\sqrt ", "°": r"^\circ ", "±": r"\pm ", "ℝ": r"\mathbb{R}",
        **dict.fromkeys("≈≃", r"\approx "), "∼": r"\sim ", "∴": r"\therefore ", "⇒": r"\implies ",
        "⌊": r"\lfloor ", "⌋": r"\rfloor ", "⌈": r"\lceil ", "⌉": r"\rceil ",
        **{char: rf"\frac{{{above}}}{{{below}}}" for char, above, below in _VULGAR},
        "θ": r"\theta ", "ω": r"\omega ", **dict.fromkeys("Ω\u2126", r"\Omega "), **dict.fromkeys("\u00b5\u03bc", r"\mu "),
        "’": "'", "′": "'", "″": "''",
        "％": "%", "，": ",", "：": ":", "．": ".", "（": "(", "）": ")", "。": ".", "“": '"', "”": '"',
        "¢": r"\text{ cents}", "\u00a0": " ",
        "\u202f": r"\,", **_DIGIT_SIGNS,
    }
)  # fmt: skip
_RAISED, _LOWERED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "₀₁₂₃₄₅₆₇₈₉"
_PLAIN = {
    **{char: "0123456789-"[k] for k, char in enumerate(_RAISED)},
    **{char: str(k) for k, char in enumerate(_LOWERED)},
}
RAISED = re.compile(f"[{_RAISED}]+|[{_LOWERED}]+")
ROOT_SIGN = re.compile(r"√\s?(\d+(?:\.\d+)?)")


def raised(found: re.Match[str]) -> str:
    """`10²³` is `10^{23}`, `x₁₂` is `x_{12}`: signs in a row are one index."""
    signs = found.group()
    mark = "^" if signs[0] in _RAISED else "_"
    return f"{mark}{{{''.join(_PLAIN[sign] for sign in signs)}}}"


_POWERS = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_NAMED = "sin|cos|tan|cot|sec|csc|arcsin|arccos|arctan|ln|log|exp|cis"
_WORD = r"\\text\s?\{[^{}]*\}(?:\^\s?\{?-?\d\}?)?"  # a unit, with its exponent


def _in_text(words: str) -> str:
    r"""`words` in `\text{}`, in any case, or as the whole answer."""
    return rf"(?i:\\text\s?\{{\s*(?:{words})\s*\}}|^(?:{words})$)"


# In this order; each (pattern, replacement).
_LAYOUT = (
    (r"\\(?:left|right)\s?\.|\\(?:left|right|[bB]igg?[lrm]?|displaystyle|textstyle|limits|nolimits)(?![A-Za-z])", ""),
    (r"\\[hv]space\*?\s?\{[^{}]*\}|\\checkmark(?![A-Za-z])|\\text\s?\{[\s.,;]*\}$", " "),
    (r"\\(?:tiny|small|normalsize|[lL]arge|[hH]uge|ensuremath)(?![A-Za-z])", ""),
    (r"\\(?:text)?color\s?\{[^{}]*\}|\\[hv]?phantom\s?\{[^{}]*\}", ""),
    (r"\\\\\s?\[\s?-?[\d.]+\s?(?:pt|em|ex|mm|cm|in)\s?\]", r"\\\\"),
    (r"\\(?:mathrm|operatorname|rm)\s?\{\s?([ei])\s?\}", r"\1"),  # constants, printed upright
    (r"\\(?:text(?:bf|it|rm|sf|tt|normal)|emph|[mh]box|mathrm|operatorname\*?|mathsf)\s?(?=\{)", r"\\text"),
    (r"\\(?:mathbb\s?(?:\{\s?R\s?\}|R)|R|Reals?)(?![A-Za-z])", r"\\mathbb{R}"),
    (
        r"\\(?:mathbf|mathit|mathtt|boldsymbol|bm|pmb|mathbb(?!\{R)|mathcal|mathfrak|bold|bf|rm|it|underline)(?![A-Za-z])",
        "",
    ),
    (rf"\\text\s?\{{\s*({_NAMED}|gcd|lcm|(?:max|min)(?=\s?\}}\s?[_({{]))\s*\}}", r"\\\1 "),
    (r"\\[dtc]frac(?![A-Za-z])", r"\\frac"),
    (r"\\[dt]binom(?![A-Za-z])", r"\\binom"),
    # `1{,}234` and `1,\!234` are how LaTeX writes thousands: never a list
    (r"(?<=\d)(?:\{,\}|,(?:\\[!,;: ])+)\s?(?=\d{3}(?!\d))", ""),
    (r"\{([.,:])\}", r"\1"),
    (r"(?<=\d)(?:\\[,;: ]|~|\{ \})(?=\d{3}(?!\d))", ""),
    (r"(?<!\\)\\!", ""),
    (
        r"\s?\^\s?(?:\\prime(?![A-Za-z])|\{\s?((?:\\prime(?![A-Za-z])\s?|'\s?){1,4})\})",
        lambda m: "'" * max(1, len(re.findall("prime|'", m.group(1) or ""))),
    ),
    # An environment around one line; with `\\` inside it is several.
    (
        r"\\begin\s?\{((?:aligned|align|gathered|gather|split|equation)\*?)\}((?:(?!\\\\|\\begin|\\end).)*)"
        r"(?:\\\\\s*)?\\end\s?\{\1\}",
        lambda m: m.group(2).replace("&", ""),
    ),
    (r"(?<!\\)\\[,;:> ]|\\(?:quad|qquad|thinspace|enspace|space)(?![A-Za-z])|~|\\$", " "),
    (r"(?<!\\)\\[()\[\]]", " "),
    (r"(?<!\\)\$", ""),
    (r"\\%", "%"),
)  # fmt: skip
_SYMBOLS = (
    (r"\\(?:text|math)dollar(?![A-Za-z])", r"\\$"),
    (r"\\(?:pounds|textsterling)(?![A-Za-z])", "£"),
    (r"\\(?:AA|aa)(?![A-Za-z])|[Å\u212b]", r"\\text{angstrom}"),
    (r"\\(?:text)?euro(?![A-Za-z])", "€"),
    (r"\\(?:text)?yen(?![A-Za-z])", "¥"),
    (r"\\text\s?\{\s*(\\\$|[£€¥]|%|(?:\\\$|[£€¥])\s?[\d.,]*\d)\s*\}", r"\1"),
    (r"\\(?:varnothing|O)(?![A-Za-z])|\\emptyset|\\\{\s*\\\}|\\text\{\s*\\emptyset\s*\}", r"\\emptyset "),
    (_in_text("(?:the )?(?:empty|null) set"), r"\\emptyset "),
    (_in_text("infinity"), r"\\infty "),
    (_in_text("(?:negative|minus) infinity"), r"-\\infty "),
    (_in_text("(?:the set of )?(?:all )?real numbers|all reals"), r"\\mathbb{R}"),
    (r"[_^]\s?\{\s*\}|(?<![\\A-Za-z}])\{\s*\}(?=\s?[^_^])", ""),
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
)  # fmt: skip
_NUMBERS = (
    *2 * ((r"(\\text\s?\{[^{}]*)\^\s?\{\s?(-?\d)\s?\}", r"\1^\2"),),  # `\text{kg m^{2} s^{-2}}`
    # A typeface changes no numeral; an exponent keeps its braces.
    (r"([_^])\s?\\text\s?\{\s*([+-]?\d+)\s*\}", r"\1{\2}"),
    (r"\\text\s?\{(\s*[+-]?(?:\d[\d,]*(?:\.\d*)?|\.\d+)\s*)\}", r"\1"),
    (r"(?<=\d)\s?\\text\s?\{\s?[eE]\s?\}\s?\{?\s?([+-]?\d+)\s?\}?", r"e\1"),
    (rf"\\frac\s?\{{\s?({_WORD})\s?\}}\s?\{{\s?({_WORD})\s?\}}", r"\1/\2"),  # `\frac{\text{km}}{\text{h}}`
    (r"\^\s?\{?\s?\\(?:circ|degree)(?![A-Za-z])\s?\}?|\\degree(?![A-Za-z])", r"^\\circ "),
    (r"\\text\{\s*degrees?\s*\}|(?<=\d) degrees?(?![A-Za-z ])", r"^\\circ "),
    (r"\^\\circ\s+([CF])$", r"^\\circ\\text{\1}"),
    (r"(?<![A-Za-z])np\.|(?<![A-Za-z])math\.", ""),
    (r"(?<![A-Za-z\\])sqrt\s?(\d+(?:\.\d+)?)", r"\\sqrt{\1}"),
    (rf"(?<![A-Za-z\\{{])({_NAMED}|pi|sqrt)(?![A-Za-z])", r"\\\1 "),
    (r"(?<![A-Za-z\\\d.])(\d+(?:\.\d*)?|\.\d+)[eE]\s?\+?(-?\s?\d+)(?![\w.])", r"\1\\times 10^{\2}"),
    (
        r"(?<=\d)\s?(?:\\text\s?\{\s?)?(thousand|million|billion|trillion)(?![A-Za-z ])\s?\}?",
        lambda m: rf"\times 10^{{{_POWERS[m.group(1)]}}}",
    ),
    (r"\*\*(?=\s?[\d({-])", "^"),
    (r"(?<=10)\^\s?\(?\+?(-?\d+)\)?(?!\d)", r"^{\1}"),
    (r"(?<=\d)\s?[xX]\s?(?=10\^)", r"\\times "),
    (r"(?<![\d./])(\d+) (\d+)\s?/\s?(\d+)(?![\d./])", r"\1\\frac{\2}{\3}"),
)  # fmt: skip
_BINOMIALS = (
    (r"\{([^{}\\]+)\\choose(?![A-Za-z])([^{}\\]+)\}", r"\\binom{\1}{\2}"),
    (r"^([^{}\\]+)\\choose(?![A-Za-z])([^{}\\]+)$", r"\\binom{\1}{\2}"),
    (
        r"(?:^|\{\s?\}\s?)[_^]\s?\{?\s?([A-Za-z\d]{1,4})\s?\}?\s?(?:\\text\s?\{\s?C\s?\}|C)"
        r"\s?_\s?\{?\s?([A-Za-z\d]{1,4})\s?\}?",
        r"\\binom{\1}{\2}",
    ),
    (r"(?:^|\{\s?\}\s?)_\s?\{?\s?(\d{1,3})\s?\}?\s?P\s?_\s?\{?\s?(\d{1,3})\s?\}?", r"\\frac{\1!}{(\1-\2)!}"),
    (r"\\(frac|binom)\s*(\d)\s*(\d)", r"\\\1{\2}{\3}"),
    (r"\\(frac|binom)\s*([A-Za-z\d])\s*([A-Za-z\d])", r"\\\1{\2}{\3}"),
    (r"\\sqrt\s*(\d|[A-Za-z](?![A-Za-z]))", r"\\sqrt{\1}"),
    (r"(\d)\s*(?:\\cdot\s*|\*\s*|\s)i(?![A-Za-z_])", r"\1i"),
    # An identity's quantifier restricts nothing; `\text{ for } x > 0` does, and stays.
    (
        r",?\s?(?:\\text\s?\{[\s,]*for (?:all|every|any|each)(?: real| numbers?| values of)*\s*\}|\\forall(?![A-Za-z]))"
        r"\s?[A-Za-z]?\s?(?:\\in\s?\\mathbb\{R\})?$",
        "",
    ),
    (r"\s+", " "),
)  # fmt: skip
_ABOUT = r"about|approximately|around|roughly"
# What opens an answer and says nothing of its value. `\sim p` is a negation: only before a number.
_OPENINGS = (
    (
        r"^\s*(?:\\(?:therefore|implies|Rightarrow|Longrightarrow)(?![A-Za-z])"
        r"|\\text\s?\{\s*(?i:so|thus|hence|therefore)[,:]?\s*\})\s*",
        "",
    ),
    (
        r"(^|=)\s*(?:\\(?:approx|simeq|sim|cong)(?![A-Za-z])"
        rf"|(?i:\\text\s?\{{\s*(?:{_ABOUT}|approx\.?)\s*\}}|(?:{_ABOUT})(?= )))\s*"
        r"(?=[+-]?\s?(?:[\d.£€]|\\\$|\\(?:frac|sqrt|pi)(?![A-Za-z])))",
        r"\1",
    ),
)  # fmt: skip
RULES = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (*_LAYOUT, *_SYMBOLS, *_NUMBERS, *_BINOMIALS, *_OPENINGS)
]
