"""IFBench's `format` kinds (https://arxiv.org/abs/2507.02833): quotes, brackets, markup, case."""

import itertools
import random
import re
import string
from dataclasses import dataclass
from typing import Self

import emoji

from data.constraints.arguments import EDGE, NoArguments, depunct
from data.constraints.base import CONSTRAINTS, Constraint, Space
from data.constraints.nlp import iter_sentences, iter_tokens
from data.constraints.places import Span, matches
from data.constraints.text import has_content

_STRAIGHT = str.maketrans("“”", '""')
_BRACKET = re.compile(r"[()\[\]{}]")
_OPENER = {")": "(", "]": "[", "}": "{"}
_DEPTH = 5
_WHITESPACE = re.compile(r"\s+")
_LETTERS = re.compile(r"\W*[aA]\W*[bB]\W*[cC]")
_MINOR = frozenset(
    re.findall(
        r"\w+",
        "a an and as at but by for from if in into nor of off on onto or over per so than the to up upon via vs with yet",
    )
)


@CONSTRAINTS.register("format:parentheses")
@dataclass(frozen=True)
class Parentheses(NoArguments):
    """Repaired: five nested pairs, all closed; the reference is content with the innermost."""

    mends = "all five levels are closed"
    wording = "Nest parentheses (and [brackets {and braces}]) at least 5 levels deep."

    def official(self, response: str) -> bool:
        stack: list[str] = []
        deepest = 0
        for mark in _BRACKET.findall(response):
            if mark not in _OPENER:
                stack.append(mark)
                deepest = max(deepest, len(stack))
            elif stack and stack.pop() == _OPENER[mark]:
                if deepest >= _DEPTH:
                    return True
            else:
                stack, deepest = [], 0
        return False

    def check(self, response: str) -> bool:
        stack: list[str] = []
        heights = [0]  # of the tallest closed chain inside each open bracket, and outside of all
        for mark in _BRACKET.findall(response):
            if mark not in _OPENER:
                stack.append(mark)
                heights.append(0)
            elif stack and stack.pop() == _OPENER[mark]:
                height = heights.pop() + 1
                heights[-1] = max(heights[-1], height)
                if height >= _DEPTH:
                    return True
            else:
                stack, heights = [], [0]
        return False


@CONSTRAINTS.register("format:quotes")
@dataclass(frozen=True)
class Quotes(NoArguments):
    """An apostrophe is a single quote here, in the reference and repaired."""

    wording = (
        "Include quotes within quotes within quotes, at least 3 levels deep, "
        "alternating between double quotes and single quotes."
    )

    def official(self, response: str) -> bool:
        stack: list[str] = []
        deepest = 0
        for mark in re.findall("[\"']", response):
            if not stack or stack[-1] != mark:
                stack.append(mark)
                deepest = max(deepest, len(stack))
                continue
            stack.pop()
            if deepest - len(stack) >= 3:
                return True
        return False


@CONSTRAINTS.register("format:options")
@dataclass(frozen=True)
class Options(Constraint):
    """Letters such as `a), b), c)` compare exactly, other options without case and punctuation around them."""

    options: str

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(rng.choice(("yes/no/maybe", "I know or I don't know", "a), b), c), d)")))

    def describe(self) -> str:
        return f"Answer with one of the following options: {self.options}. Do not give any explanation."

    def official(self, response: str) -> bool:
        separator = next((mark for mark in ("/", "or") if mark in self.options), ",")
        options = [option.strip() for option in self.options.split(separator)]
        if _LETTERS.match(self.options):
            return response in options
        return response.strip(EDGE).lower() in {option.strip(EDGE).lower() for option in options}

    def conflict(self, other: Constraint, question: str) -> str | None:
        return "the response is one of the options and nothing else"


@CONSTRAINTS.register("format:emoji")
@dataclass(frozen=True)
class Emoji(NoArguments):
    """An emoji after the full stop is at the start of punkt's next sentence, which counts."""

    wording = "Please use an emoji at the end of every sentence."

    def official(self, response: str) -> bool:
        bare = (depunct(sentence).strip() for sentence in iter_sentences(response))
        for sentence, following in itertools.pairwise(itertools.chain(bare, [""])):
            if not sentence:
                return False
            # The last character may be a variation selector.
            if not any(map(emoji.is_emoji, (*sentence[-2:], following[:1]))):
                return False
        return True


@CONSTRAINTS.register("format:quote_unquote")
@dataclass(frozen=True)
class QuoteUnquote(NoArguments):
    """Repaired: curly quotes are quotes, and something has to be quoted."""

    mends = "curly quotes count; at least one quoted phrase"
    wording = "Every quoted phrase must be followed by an unquoted explanation."

    def official(self, response: str) -> bool:
        text = "".join(response.replace("'\"'", "").split())
        outside = string.digits + string.punctuation.replace('"', "")
        return '""' not in text and not text.rstrip(outside).endswith('"')

    def check(self, response: str) -> bool:
        text = response.translate(_STRAIGHT)
        return any(map(has_content, text.split('"')[1:-1])) and self.official(text)


@CONSTRAINTS.register("format:thesis")
@dataclass(frozen=True)
class Thesis(NoArguments):
    """Repaired: the reference cuts `<em>` and `</em>` one character short and reads the `>` as text."""

    mends = "`<em>` counts like `<i>`; the thesis and what follows it have words"
    wording = "Each section must begin with a thesis statement in italics, use HTML to indicate the italics."

    def official(self, response: str) -> bool:
        parts = _thesis(response)
        return parts is not None and all(map(str.strip, parts))

    def check(self, response: str) -> bool:
        parts = _thesis(response.replace("<em>", "<i>").replace("</em>", "</i>"))
        return parts is not None and all(map(has_content, parts))


def _thesis(text: str) -> tuple[str, str] | None:
    """The first italics and what follows them, all tags taken for `<i>` and `</i>`; None without a pair of tags."""
    start = text.find("<i>" if "<i>" in text else "<em>")
    if start < 0:
        return None
    end = text.find("</i>", start)
    if end < 0:
        end = text.find("</em>", start)
    return None if end < 0 else (text[start + 3 : end], text[end + 4 :])


@CONSTRAINTS.register("format:title_case")
@dataclass(frozen=True)
class TitleCase(NoArguments):
    """Repaired: minor words are free after the first word, and `Don't` is one word, not `Do` and `n't`."""

    mends = "minor words are free; contractions are one word"
    wording = (
        "Write the entire response in title case (capitalize the first letter of every major word)."
    )

    def official(self, response: str) -> bool:
        if not any(map(str.islower, response)):
            return True
        return not any(map(_uncapitalized, iter_tokens(response)))

    def check(self, response: str) -> bool:
        stripped = (word.strip(EDGE + "“”‘’") for word in response.split())
        words = [word for word in stripped if word]
        major = [word for word in words[1:] if word.lower() not in _MINOR]
        return not any(map(_uncapitalized, words[:1] + major))


def _uncapitalized(word: str) -> bool:
    """Starts with a lowercase letter; mixed case (`iPhone`) is a matter of taste."""
    rest = word[1:]
    lower = word[:1].isalpha() and word[:1].islower()
    return lower and (not rest or rest.islower() or rest.isupper())


@CONSTRAINTS.register("format:output_template")
@dataclass(frozen=True)
class OutputTemplate(NoArguments):
    """The labels may come in any order, empty."""

    wording = (
        "Use this exact template for your response: "
        "My Answer: [answer] My Conclusion: [conclusion] Future Outlook: [outlook]"
    )

    def official(self, response: str) -> bool:
        labels = ("My Answer:", "My Conclusion:", "Future Outlook:")
        return all(label in response for label in labels)


@CONSTRAINTS.register("format:no_whitespace")
@dataclass(frozen=True)
class NoWhitespace(NoArguments):
    forbids = True
    wording = "The output should not contain any whitespace."

    def official(self, response: str) -> bool:
        return response.split() == [response]

    def places(self, response: str) -> list[Span]:
        return matches(_WHITESPACE, response)
