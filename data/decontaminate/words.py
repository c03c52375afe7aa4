r"""A question as words, so that two copies of it are equal however they are spelled.

NFKC and case; LaTeX spacing, fonts, `\left`, `\dfrac` and `$` go, `\pi` and π are one word, `\frac12`, `\frac{1}{2}` and
1/2 are one fraction; 1,000 is 1000 and .5 is 0.5; punctuation, Asymptote code and pictures go. Signs that change a problem
(+ - * / ^ = < >) are words of their own. Instructions that benchmarks and papers append to a question are taken out.

Languages that put no blanks between words have few words here: they match by equality only.
"""

import re
import unicodedata

from data.prompt import INSTRUCTION

# Appended to a question, by MathIF (both of the first two), by Qwen and DeepSeek, and by many others.
INSTRUCTIONS = (
    INSTRUCTION,
    'Let\'s think step by step and output the final answer after "####".',
    r"Please reason step by step, and put your final answer within \boxed{}.",
    r"Put your final answer within \boxed{}.",
    "Let's think step by step.",
)

_SYMBOLS = {
    **{
        letter: unicodedata.name(letter).split()[-1].lower().replace("lamda", "lambda")
        for letter in map(chr, range(ord("α"), ord("ω") + 1))
    },
    **{"×": "*", "·": "*", "⋅": "*", "−": "-", "\u2010": "-", "⁄": "/", "≦": "≤", "≧": "≥"},
    **{"√": "sqrt", "∞": "infty", "°": "degrees"},
}
_SYMBOL = re.compile(f"[{''.join(_SYMBOLS)}]")
_RAISED = re.compile("[⁰¹²³⁴-⁹ⁿ]+")  # NFKC would make 23 of 2³

_COMMANDS = {
    **dict.fromkeys(("cdot", "times", "ast"), "*"),
    **dict.fromkeys(("le", "leq", "leqslant"), "≤"),
    **dict.fromkeys(("ge", "geq", "geqslant"), "≥"),
    **dict.fromkeys(("ne", "neq"), "≠"),
    **{"lt": "<", "gt": ">", "pm": "±", "div": "/", "degree": "degrees"},
    **dict.fromkeys(
        (
            *("left", "right", "big", "bigl", "bigr", "bigg", "biggl", "biggr", "displaystyle", "textstyle", "limits"),
            *("text", "textbf", "textit", "textrm", "mathrm", "mathbf", "mathit", "mathsf", "mathbb", "mathcal"),
            *("operatorname", "mbox", "hbox", "boldsymbol", "emph", "underline", "frac", "dfrac", "tfrac", "cfrac"),
            *("quad", "qquad", "ldots", "cdots", "dots", "hspace", "vspace", "item", "label", "hline"),
        ),
        "",
    ),
}  # fmt: skip
_PICTURES = re.compile(r"\[asy\](?:(?!\[asy\]).)*?\[/asy\]|!\[[^\[\]]*\]\([^()]*\)", re.DOTALL)
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\s*\{[^{}]*\}(?:\s*\{[|\sclr]*\})?")
_RAISED_COMMAND = re.compile(r"\^\s*\{?\s*\\(circ|prime)\b")
_SHORT_FRACTION = re.compile(r"\\[dtc]?frac\s*([a-z0-9])\s*([a-z0-9])")
_COMMAND = re.compile(r"\\(?:var)?([a-z]+)\*?")
_BETWEEN_BRACES = re.compile(r"\}\s*\{")

# Patterns that begin with a plain character are twenty times as fast as those that begin with a look-behind.
_APOSTROPHE = re.compile(r"'(?=[a-z])(?<=[a-z]')")
_THOUSANDS = re.compile(r",(?=\d{3}(?!\d))(?<=\d,)")
_BARE_DECIMAL = re.compile(r"\.(?=\d)(?<!\d\.)")
# `A B C D` and `ABCD` are one parallelogram.
_SPACED_LETTERS = re.compile(r" (?=[a-z](?![^\W_]))(?<=[a-z] )(?<![^\W_][a-z] )")
# A hyphen, an asterisk or a slash is a sign before a number or a lone letter, and punctuation before a word. The first
# pattern is the second for plain letters, a third faster.
_WORD = re.compile(
    r"[a-z]++(?![^\W\d_])|[^\W\d_]+|\d+(?:\.\d+)?|[+=<>≤≥≠±^]|[-*/](?=[\s({$]*(?:\d|[a-z](?![a-z])))"
)


def words(text: str) -> list[str]:
    """The words, numbers and signs of `text` in order; instructions are left out."""
    found = _words(text)
    if "step" in text or "boxed" in text:
        spaced = f" {' '.join(found)} "
        for instruction in _INSTRUCTIONS:
            spaced = spaced.replace(instruction, " ")
        return spaced.split()
    return found


def joined(found: list[str]) -> str:
    """The words in one: questions that differ in how they are spelled only, blanks included, have the same, and the same
    `numbers` (1, 23 is not 12, 3)."""
    return "".join(found)


def numbers(found: list[str]) -> list[str]:
    return [word for word in found if "0" <= word < ":"]  # begins with a digit


def _words(text: str) -> list[str]:
    if not text.isascii():
        text = _RAISED.sub(lambda found: f"^{found[0]}", text)
        text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
        text = _SYMBOL.sub(lambda found: f" {_SYMBOLS[found[0]]} ", text)
    text = text.casefold()
    if "\\" in text or "[asy]" in text or "![" in text:
        text = _without_latex(text)
    text = _APOSTROPHE.sub("", text.replace("{,}", ","))
    text = _BARE_DECIMAL.sub("0.", _THOUSANDS.sub("", text))
    return _WORD.findall(_SPACED_LETTERS.sub("", text))


def _without_latex(text: str) -> str:
    text = _PICTURES.sub(" ", text)
    text = _ENVIRONMENT.sub(" ", text)
    text = _RAISED_COMMAND.sub(lambda found: " degrees " if found[1] == "circ" else "'", text)
    text = _SHORT_FRACTION.sub(r" \1 / \2 ", text)
    text = _COMMAND.sub(lambda found: f" {_COMMANDS.get(found[1], found[1])} ", text)
    return _BETWEEN_BRACES.sub(" / ", text)


_INSTRUCTIONS = tuple(f" {' '.join(_words(instruction))} " for instruction in INSTRUCTIONS)
