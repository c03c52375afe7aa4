r"""What a response consists of for a checker: mathematics, prose, words.

Every pattern below is linear: the alternatives start with different characters and nothing nests.
"""

import functools
import re
from collections.abc import Callable

ENVIRONMENT = re.compile(r"\\(?:begin|end)\s*\{[^{}\n]*\}")
TEXT = re.compile(r"\\(?:text|textbf|textit|mathrm)\s*\{([^{}]*)\}")
_MATH_OPEN = re.compile(
    r"\\[(\[]|\$\$?|\\(?:boxed|BOXED|fbox)\s*\{|"
    r"\\begin\{(?:equation|align|alignat|flalign|gather|multline|eqnarray|displaymath|math)\*?\}"
)
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
COMMAND = re.compile(r"\\[A-Za-z]+")


def _closing_brace(text: str, start: int) -> int:
    """Index after the brace that closes the one before `start`; the end of the text when it is
    never closed."""
    depth = 1
    for found in re.compile(r"[{}]").finditer(text, start):
        depth += 1 if found.group() == "{" else -1
        if depth == 0:
            return found.end()
    return len(text)


def math_spans(text: str) -> list[tuple[int, int]]:
    r"""Half-open spans of `$..$`, `$$..$$`, `\(..\)`, `\[..\]`, `\begin{align}..\end{align}` and the like, and
    `\boxed{..}` (balanced braces), in order."""
    spans: list[tuple[int, int]] = []
    closers = {"$": "$", "$$": "$$", r"\(": r"\)", r"\[": r"\]"}
    missing: set[str] = (
        set()
    )  # closers known not to occur any more: each is searched for in vain only once
    position = 0
    while match := _MATH_OPEN.search(text, position):
        opener = match.group()
        if opener.endswith("{"):
            end = _closing_brace(text, match.end())
        else:
            closer = closers.get(opener) or opener.replace("begin", "end")
            found = -1 if closer in missing else text.find(closer, match.end())
            if found < 0:
                missing.add(closer)
                position = match.end()
                continue
            end = found + len(closer)
        spans.append((match.start(), end))
        position = end
    return spans


def map_math(text: str, math: Callable[[str], str], words: Callable[[str], str] = str) -> str:
    """`text` with `math` applied to its math spans and `words` to what lies between them."""
    pieces: list[str] = []
    last = 0
    for start, end in math_spans(text):
        pieces += [words(text[last:start]), math(text[start:end])]
        last = end
    return "".join(pieces) + words(text[last:])


def without_math(text: str) -> str:
    """`text` with every math span blanked; what `\\text{}` says inside mathematics is kept."""
    return map_math(text, lambda span: f" {' '.join(TEXT.findall(span))} ")


def prose(text: str) -> str:
    """The words a reader would call language: no mathematics, code, control sequences, environments or digits."""
    unfenced = " ".join(text.split("```")[::2])
    words = map_math(unfenced, lambda _: " ")
    text = COMMAND.sub(" ", ENVIRONMENT.sub(" ", words))
    return re.sub(r"https?://\S+|\d+", " ", text)


def count_words(text: str) -> int:
    r"""Blank-separated tokens with a letter or digit; a math span or `\boxed{}` is one word.

    The reference counts `\w+`, so `\frac{1}{2}` is three words there and formulas pay for "at
    least".
    """
    tokens = map_math(text, lambda _: "formula").split()
    return sum(1 for token in tokens if _LETTER_OR_DIGIT.search(token))


@functools.lru_cache(64)
def _words_for_keywords(text: str, in_math: bool) -> str:
    r"""`text` without LaTeX commands, so that `\bar` is not the word "bar"; `\text{}` contents stay."""
    text = text if in_math else without_math(text)
    return COMMAND.sub(" ", ENVIRONMENT.sub(" ", TEXT.sub(r" \1 ", text)))


def count_word(text: str, word: str, in_math: bool = False) -> int:
    r"""Whole-word, case-insensitive occurrences; `_` is a boundary, unlike in `\b`. `$now$` is a product of three
    variables: what stands in mathematics counts in `\text{}` only, unless `in_math` (for words that are forbidden)."""
    pattern = rf"(?<![^\W_]){re.escape(word.strip())}(?![^\W_])"
    return len(re.findall(pattern, _words_for_keywords(text, in_math), re.IGNORECASE))


def has_content(text: str) -> bool:
    """Whether there is a letter or a digit at all: punctuation answers nothing."""
    return _LETTER_OR_DIGIT.search(text) is not None
