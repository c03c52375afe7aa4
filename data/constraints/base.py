"""What a constraint is: one frozen dataclass that samples, describes, checks and satisfies itself.

Its fields are the benchmark's arguments under the benchmark's names, so a row of MathIF, IFEval, IFBench or IF-RLVR's
training data builds one directly. It gives two verdicts:

- `official`: that of the reference implementation on every input, quirks included, for numbers that compare with
  published ones (MathIF https://arxiv.org/abs/2505.14810, IFEval https://arxiv.org/abs/2311.07911, IFBench and its
  IFTrain constraints https://arxiv.org/abs/2507.02833). Where the reference raises or hangs, False.
- `check`, the `repaired` one: the defects mended, each mend stated in `mends`. Rewards and the tiny world use it.
"""

import json
import random
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from data.constraints.places import Span, merged
from data.constraints.text import has_content
from recipes.errors import UserError
from recipes.registry import Registry
from recipes.typed import build

if TYPE_CHECKING:
    from data.constraints.draft import Draft

CONSTRAINTS = Registry("constraint", "data.constraints")

Relation = Literal["at least", "less than"]
Scorer = Literal["official", "repaired"]
Inherited = Literal["wholes", "parts"] | None
MAX_CHARS = 200_000  # longer responses meet nothing: no answer to a prompt is a book


class Unsatisfiable(ValueError):
    """No response was found that meets the set; the message names the constraints."""


def inherited_by(relation: Relation) -> Inherited:
    """Of a count that no line lowers."""
    return "wholes" if relation == "at least" else "parts"


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
    # What `check` mends in the reference; "" where the two verdicts are one.
    mends: ClassVar[str] = ""
    may_be_zero: ClassVar[frozenset[str]] = frozenset()  # arguments for which 0 is a value
    # A negative constraint: the instruction says what must not be there.
    forbids: ClassVar[bool] = False
    # Puts something before the first line, which then cannot be a bullet or a marker.
    wraps: ClassVar[bool] = False

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
        """The sentence of the prompt, in the benchmark's wording, trailing blanks included; MathIF's for the kinds that
        it shares with IFEval."""

    def inherited(self) -> Inherited:
        """Whether meeting the official check is passed on to every text that holds this one's lines (`wholes`: "at
        least"), to every run of its lines (`parts`: "less than", "do not"), or neither. Spares the loose scorer most
        of its eight texts."""
        return None

    def describe_ifeval(self) -> str:
        """The same in IFEval's wording."""
        return self.describe()

    @abstractmethod
    def official(self, response: str) -> bool:
        """The reference's verdict on `response`, as it stands; not blank, at most MAX_CHARS long. Total and pure."""

    def check(self, response: str) -> bool:
        """Whether `response` (think-stripped, stripped once, not blank) follows the instruction, the reference's
        defects mended. Total and pure."""
        return self.official(response)

    def offending(self, response: str) -> list[Span]:
        """Spans of the text that breaks the repaired check, in order and apart. Empty where the check is met, and where no
        single place breaks it: a word that is missing, another language."""
        if not gradable(response, "repaired") or self.check(response):
            return []
        return merged(self.places(response))

    def places(self, response: str) -> list[Span]:
        """What `offending` shows of a response that breaks the check, in any order. For readers, not for verdicts."""
        return []

    def satisfy(self, draft: "Draft") -> None:
        """Edit `draft` so that the finished text meets this constraint. Kinds without a satisfier cannot be composed:
        they raise Unsatisfiable."""
        raise Unsatisfiable(f"{self.name} has no satisfier")

    def conflict(self, other: "Constraint", question: str) -> str | None:
        """Why no response can meet both, or None. Asked both ways round, so one side has to
        know."""
        return None

    def kwargs(self) -> dict[str, Any]:
        return asdict(self)


def from_spec(name: str, kwargs: dict[str, Any] | None, where: str) -> Constraint:
    """The constraint of one benchmark row; null arguments are dropped (data sets pad with them).

    Raises UserError naming `where` for an unknown id or a bad argument. An empty or zero one is bad: MathIF's reference
    drops it and draws a random one instead.
    """
    try:
        cls = CONSTRAINTS[name]
    except ValueError as error:
        raise UserError(f"{where}: {error}") from None
    if kwargs is not None and not isinstance(kwargs, dict):
        raise UserError(f"{where}: {name}: found {kwargs!r}; expected a mapping of arguments")
    given = {key: value for key, value in (kwargs or {}).items() if value is not None}
    for key, value in given.items():
        if value in (0, "", []) and key not in cls.may_be_zero:  # type: ignore[attr-defined]
            raise UserError(
                f"{where}: {name}: {key}: found {value!r}; expected a value (the reference drops an empty "
                "one and draws another at random)"
            )
    constraint: Constraint = build(cls, given, f"{where}: {name}")
    return constraint


def dumps(constraints: tuple[Constraint, ...]) -> str:
    """As a JSON string: Arrow would pad dict arguments with None for the keys of every other
    row."""
    return json.dumps(
        [{"name": c.name, "kwargs": c.kwargs()} for c in constraints], ensure_ascii=False
    )


def loads(text: str, where: str = "constraints") -> tuple[Constraint, ...]:
    return tuple(from_spec(spec["name"], spec["kwargs"], where) for spec in json.loads(text))


def verdict(constraint: Constraint, text: str, scorer: Scorer) -> bool:
    """One verdict on a text that is neither blank nor too long."""
    return constraint.official(text) if scorer == "official" else constraint.check(text)


def gradable(response: str, scorer: Scorer) -> bool:
    """A blank response, or one over MAX_CHARS, meets nothing; nor does, repaired, one without a letter or digit."""
    if len(response) > MAX_CHARS or not response or response.isspace():
        return False
    return scorer == "official" or has_content(response)


def check_all(
    constraints: tuple[Constraint, ...], response: str, scorer: Scorer = "repaired"
) -> list[bool]:
    """One verdict per constraint, by position (rows repeat ids)."""
    if not gradable(response, scorer):
        return [False] * len(constraints)
    return [verdict(constraint, response, scorer) for constraint in constraints]
