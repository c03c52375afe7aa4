"""What a constraint is: one frozen dataclass that samples, describes, checks and satisfies itself.

Its fields are the benchmark's arguments under the benchmark's names, so a row of MathIF builds one
directly. The verdicts are the `repaired` semantics of our specification: the reference checkers of
MathIF (https://arxiv.org/abs/2505.14810) with their defects mended, each mend stated in the class
that holds it.
"""

import json
import random
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from recipes.errors import UserError
from recipes.registry import Registry
from recipes.typed import build

if TYPE_CHECKING:
    from data.constraints.draft import Draft

CONSTRAINTS = Registry("constraint", "data.constraints")

Relation = Literal["at least", "less than"]


def compare(count: int, relation: Relation, bound: int) -> bool:
    """`at least` is >=, `less than` is <, as in IFEval."""
    return count >= bound if relation == "at least" else count < bound


@dataclass(frozen=True)
class Space:
    """Argument ranges that `sample` draws from; the defaults are MathIF's generator (inclusive
    ranges)."""

    keywords: tuple[str, ...] = ()
    at_least_words: tuple[int, int] = (128, 1024)
    less_than_words: tuple[int, int] = (128, 1024)
    frequency: tuple[int, int] = (1, 3)
    bullets: tuple[int, int] = (1, 5)
    highlights: tuple[int, int] = (1, 4)
    sections: tuple[int, int] = (1, 5)
    capital_words: tuple[int, int] = (1, 20)


@dataclass(frozen=True)
class Constraint(ABC):
    """One verifiable instruction. `check` sees the response only: what is met inside `<think>` is
    not met."""

    name: ClassVar[str]
    wraps: ClassVar[bool] = (
        False  # puts something before the first line, which then cannot be a bullet or a marker
    )

    def phase(self) -> int:
        """When `satisfy` runs: limits 0, words 1, length 2, bullets 3, sections 4, marks 5, ends 6,
        case 7, wrapping 8."""
        return 1

    @classmethod
    @abstractmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        """Arguments drawn from `space`; `question` is the problem text, for constraints that quote
        it."""

    @abstractmethod
    def describe(self) -> str:
        """The sentence of the prompt, in MathIF's wording, trailing blanks included."""

    @abstractmethod
    def check(self, response: str) -> bool:
        """Whether `response` (think-stripped, stripped once, not blank) follows the instruction.
        Total and pure."""

    @abstractmethod
    def satisfy(self, draft: "Draft") -> None:
        """Edit `draft` so that the finished text meets this constraint."""

    def conflict(self, other: "Constraint", question: str) -> str | None:
        """Why no response can meet both, or None. Asked both ways round, so one side has to
        know."""
        return None

    def kwargs(self) -> dict[str, Any]:
        return asdict(self)


def from_spec(name: str, kwargs: dict[str, Any] | None, where: str) -> Constraint:
    """The constraint of one benchmark row. Raises UserError naming `where` for an unknown id or a
    bad argument."""
    try:
        cls = CONSTRAINTS[name]
    except ValueError as error:
        raise UserError(f"{where}: {error}") from None
    constraint: Constraint = build(cls, kwargs or {}, f"{where}: {name}")
    return constraint


def dumps(constraints: tuple[Constraint, ...]) -> str:
    """As a JSON string: Arrow would pad dict arguments with None for the keys of every other
    row."""
    return json.dumps(
        [{"name": c.name, "kwargs": c.kwargs()} for c in constraints], ensure_ascii=False
    )


def loads(text: str, where: str = "constraints") -> tuple[Constraint, ...]:
    return tuple(from_spec(spec["name"], spec["kwargs"], where) for spec in json.loads(text))


def check_all(constraints: tuple[Constraint, ...], response: str) -> list[bool]:
    """One verdict per constraint, by position (rows repeat ids). A blank response meets nothing."""
    if not response.strip():
        return [False] * len(constraints)
    return [constraint.check(response) for constraint in constraints]


# ------------------------------------------------------------------------------------------- text
# shared by families Every pattern below is linear: the alternatives start with different characters
# and nothing nests.
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\s*\{[^{}\n]*\}")
_TEXT = re.compile(r"\\(?:text|textbf|textit|mathrm)\s*\{([^{}]*)\}")
_MATH_OPEN = re.compile(r"\\[(\[]|\$\$?|\\(?:boxed|BOXED|fbox)\s*\{")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_COMMAND = re.compile(r"\\[A-Za-z]+")


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
    r"""Half-open spans of `$..$`, `$$..$$`, `\(..\)`, `\[..\]` and `\boxed{..}` (balanced braces),
    in order."""
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
            closer = closers[opener]
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
    return map_math(text, lambda span: f" {' '.join(_TEXT.findall(span))} ")


def prose(text: str) -> str:
    """The words a reader would call language: no mathematics, control sequences, environments or
    digits."""
    text = _COMMAND.sub(" ", _ENVIRONMENT.sub(" ", without_math(text)))
    return re.sub(r"https?://\S+|\d+", " ", text)


def count_words(text: str) -> int:
    r"""Blank-separated tokens with a letter or digit; a math span or `\boxed{}` is one word.

    The reference counts `\w+`, so `\frac{1}{2}` is three words there and formulas pay for "at
    least".
    """
    tokens = map_math(text, lambda _: "formula").split()
    return sum(1 for token in tokens if _LETTER_OR_DIGIT.search(token))


def words_for_keywords(text: str) -> str:
    r"""`text` without LaTeX commands, so that `\bar` is not the word "bar"; `\text{}` contents
    stay."""
    return _COMMAND.sub(" ", _ENVIRONMENT.sub(" ", _TEXT.sub(r" \1 ", text)))


def count_word(text: str, word: str) -> int:
    """Whole-word, case-insensitive occurrences; `_` is a boundary, unlike in `\\b`."""
    pattern = rf"(?<![^\W_]){re.escape(word.strip())}(?![^\W_])"
    return len(re.findall(pattern, words_for_keywords(text), re.IGNORECASE))
