"""Where in a response something stands: the texts that the checkers look at, blanked in place so that offsets stay those of
the response. What `Constraint.places` is made of.
"""

import re
from collections.abc import Iterable

from data.constraints.text import COMMAND, ENVIRONMENT, TEXT, math_spans

Span = tuple[int, int]  # half-open, in characters of the response

_TOKEN = re.compile(r"\S+")
_URL_OR_DIGITS = re.compile(r"https?://\S+|\d+")
_FENCE = "```"


def merged(spans: Iterable[Span]) -> list[Span]:
    """In order; what overlaps or touches is one span, empty ones are none."""
    found: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def matches(pattern: re.Pattern[str], text: str) -> list[Span]:
    return [match.span() for match in pattern.finditer(text)]


def _blank(pattern: re.Pattern[str], text: str) -> str:
    return pattern.sub(lambda match: " " * len(match.group()), text)


def _keep_text_commands(text: str) -> str:
    r"""Only what stands in the braces of `\text{}` and the like."""
    kept = [" "] * len(text)
    for match in TEXT.finditer(text):
        kept[match.start(1) : match.end(1)] = match.group(1)
    return "".join(kept)


def _fill_math(text: str, keep_text: bool, char: str = " ") -> str:
    pieces, last = [], 0
    for start, end in math_spans(text):
        inside = _keep_text_commands(text[start:end]) if keep_text else char * (end - start)
        pieces += [text[last:start], inside]
        last = end
    return "".join(pieces) + text[last:]


def prose_in_place(text: str) -> str:
    """`data.constraints.text.prose`: no code, mathematics, control sequences, addresses or digits."""
    parts = text.split(_FENCE)
    parts[1::2] = [" " * len(code) for code in parts[1::2]]
    words = _fill_math((" " * len(_FENCE)).join(parts), keep_text=False)
    return _blank(_URL_OR_DIGITS, _blank(COMMAND, _blank(ENVIRONMENT, words)))


def words_in_place(text: str) -> str:
    r"""Text outside mathematics, with what `\text{}` says inside it, without control sequences."""
    return _blank(COMMAND, _fill_math(text, keep_text=True))


def keyword_places(text: str, word: str) -> list[Span]:
    r"""Whole-word occurrences of `word` as `count_word(text, word, in_math=True)` counts them."""

    def inside_only(match: re.Match[str]) -> str:
        before, after = match.start(1) - match.start(), match.end() - match.end(1)
        return " " * before + match.group(1) + " " * after

    shown = _blank(COMMAND, _blank(ENVIRONMENT, TEXT.sub(inside_only, text)))
    word = rf"(?<![^\W_]){re.escape(word.strip())}(?![^\W_])"
    return matches(re.compile(word, re.IGNORECASE), shown)


def counted_words(text: str) -> list[Span]:
    """What `count_words` counts: blank-separated tokens with a letter or digit, a formula being one word."""
    shown = _fill_math(text, keep_text=False, char="x")
    return [match.span() for match in _TOKEN.finditer(shown) if re.search(r"[^\W_]", match.group())]


def tokens(text: str) -> list[Span]:
    """Blank-separated."""
    return matches(_TOKEN, text)


def occurrences(part: str, text: str) -> list[Span]:
    return matches(re.compile(re.escape(part)), text)


def parts_of(text: str, parts: Iterable[str]) -> list[Span]:
    """Where `parts` stand, which follow each other in `text`; those that are not there as they are written are left out."""
    found, position = [], 0
    for part in parts:
        start = text.find(part, position)
        if start >= 0:
            position = start + len(part)
            found.append((start, position))
    return found


def lines(text: str) -> list[Span]:
    """Without their line ends."""
    return matches(re.compile(r"^.*$", re.MULTILINE), text)


def words_at_end(text: str, num_chars: int) -> list[Span]:
    """The last words of `text`, at least `num_chars` characters of them if there are as many."""
    end = len(text.rstrip())
    start = max(0, end - num_chars)
    while start and not text[start - 1].isspace():
        start -= 1
    return [(start, end)]
