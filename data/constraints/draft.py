r"""A response under construction: what the constructive satisfier edits, and what it writes at the
end.

`witness(constraints, material, rng)` returns a response that meets every constraint and holds
`\boxed{answer}`, checked by the checkers themselves. It makes the SFT targets of the tiny world and
proves that a sampled set can be met at all.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from data.constraints.base import Constraint, Unsatisfiable, check_all
from data.constraints.nlp import has_sentences
from data.constraints.phrases import PHRASES
from data.constraints.text import count_word, count_words

# Sentences that fit any problem. Many use MathIF keywords, so that forbidding or counting those
# words has bite.
FILLERS = (
    "We note each value with care.",
    "Each step will follow the same idea.",
    "We check the result and it holds.",
    "It uses only the values given above.",
    "We find it one step at a time.",
    "Now every part is clear.",
    "This must be right since each step is valid.",
    "We choose the shortest way.",
    "First we look, then we count.",
    "No other value is possible here.",
    "The steps are short, but each one counts.",
    "Some facts do not matter.",
    "It is enough to follow the story.",
    "Therefore the count is right.",
    "That is the point where it ends.",
    "We draw on the facts because we need them.",
    "Going back gives the same number.",
    "The rest does not change the total.",
    "All values fit together, so we stop.",
    "When we add it up, the problem is clear.",
)
ANSWERS = (
    "The answer is {a}.",
    "So the answer is {a}.",
    "Therefore, the answer is {a}.",
    "The total is {a}.",
    "The number we want is {a}.",
    "We find {a} in the end.",
    "Now we have {a} as the result.",
    "Hence, the solution is {a}.",
    "This gives {a}, the answer.",
    "Then the value is {a}, since each step is valid.",
    "The result must be {a}.",
    "We get {a}.",
)
WORD_SENTENCES = (
    "Here we write {w}.",
    "We also say {w}.",
    "The text has {w} as well.",
)


MAX_LINES = (
    400  # no limit of a benchmark asks for more: who gets here asks for what lines cannot give
)


@dataclass(frozen=True)
class Material:
    """What a response is written from. `facts` are sentences about this very problem; they may be
    empty."""

    question: str
    answer: str
    facts: tuple[str, ...] = ()


@dataclass
class Draft:
    material: Material
    rng: random.Random
    limits: dict[str, int] = field(default_factory=dict)  # word -> most occurrences allowed
    letter_limits: dict[str, int] = field(default_factory=dict)
    max_words: int | None = None
    max_sentences: int | None = None
    language: str | None = None  # of PHRASES; None for English
    no_comma: bool = False
    terse: bool = False  # a bare answer, when fuller drafts have failed
    wrapped: bool = False  # see Constraint.wraps
    lines: list[str] = field(default_factory=list)
    joiner: str = " "

    def allows(self, sentence: str) -> bool:
        """Whether `sentence` can be added without breaking a limit."""
        if self.no_comma and "," in sentence:
            return False
        text = " ".join([*self.lines, sentence])
        if self.max_words is not None and count_words(text) > self.max_words:
            return False
        if self.max_sentences is not None and has_sentences(text, self.max_sentences + 1):
            return False
        lower = text.lower()
        if any(lower.count(letter) > most for letter, most in self.letter_limits.items()):
            return False
        return all(count_word(text, word) <= most for word, most in self.limits.items())

    def answers(self) -> tuple[str, ...]:
        return (PHRASES[self.language][0],) if self.language else ANSWERS

    def fillers(self) -> tuple[str, ...]:
        return PHRASES[self.language][1:] if self.language else FILLERS

    def say(self, english: str, neutral: str) -> str:
        """`english`, or in another language something that has none."""
        return neutral if self.language else english

    def add(self, choices: tuple[str, ...], **values: str) -> bool:
        """Append a random allowed sentence (not yet used, if possible); False when none is
        allowed."""
        sentences = [choice.format(**values) if values else choice for choice in choices]
        self.rng.shuffle(sentences)
        if self.max_words is not None:
            sentences.sort(key=count_words)  # who is held to few words is brief
        if self.max_sentences is not None:
            sentences = [sentence.rstrip(".") + ";" for sentence in sentences]
        sentences.sort(key=lambda sentence: sentence in self.lines)
        for sentence in sentences:
            if self.allows(sentence):
                self.lines.append(sentence)
                return True
        return False

    def fill(self, enough: Callable[["Draft"], bool]) -> None:
        """Add facts and fillers until `enough(self)`; stops early when nothing is allowed any
        more."""
        known = () if self.language else self.material.facts
        facts = [fact for fact in known if fact not in self.lines]
        fillers = self.fillers()
        while not enough(self) and len(self.lines) < MAX_LINES:
            choices = tuple(facts) if facts and self.rng.random() < 0.6 else fillers
            before = len(self.lines)
            if not self.add(choices) and not self.add(fillers):
                return
            facts = [fact for fact in facts if fact != self.lines[before]]

    def surplus(self, most: int) -> int:
        """How far above an "at least" to go, 0 to `most`: who must not fall short writes a little more."""
        return 0 if self.max_words is not None else self.rng.randint(0, most)

    def text(self) -> str:
        return self.joiner.join(self.lines)

    def replace(self, text: str) -> None:
        self.lines, self.joiner = [text], " "

    def layout_lines(self, num: int) -> None:
        """At least `num` lines, one sentence each, and one more if the first line cannot carry a
        marker."""
        needed = num + (1 if self.wrapped else 0)
        self.fill(lambda draft: len(draft.lines) >= needed)
        self.joiner = "\n"

    def group_lines(self, num: int, divider: str) -> None:
        """The lines in `num` groups, with a line `divider` between them."""
        self.layout_lines(num)
        if len(self.lines) < num:
            return  # the limits allow no more lines: this draft fails its check
        cuts = sorted(self.rng.sample(range(1, len(self.lines)), num - 1), reverse=True)
        for cut in cuts:
            self.lines.insert(cut, divider)


def _begin(draft: Draft) -> None:
    """The answer, and at times a sentence about the work before or after it, as an ordinary
    response has them."""
    boxed = rf"\boxed{{{draft.material.answer}}}"
    if draft.terse or not draft.add(draft.answers(), a=boxed):
        draft.lines.append(boxed)
        return
    extra = 0 if draft.max_words is not None else draft.rng.choice((0, 0, 0, 1))
    draft.fill(lambda d: len(d.lines) > extra)
    if draft.rng.random() < 0.6:
        draft.lines = [*draft.lines[1:], draft.lines[0]]


def _attempt(constraints: tuple[Constraint, ...], draft: Draft) -> str:
    ordered = sorted(constraints, key=lambda constraint: constraint.phase())
    limits = [constraint for constraint in ordered if constraint.phase() == 0]
    for constraint in limits:
        constraint.satisfy(draft)
    _begin(draft)
    for constraint in ordered[len(limits) :]:
        constraint.satisfy(draft)
    return draft.text()


def witness(
    constraints: tuple[Constraint, ...], material: Material, rng: random.Random, tries: int = 24
) -> str:
    """A response that meets all `constraints` and gives the answer; raises Unsatisfiable after
    `tries` drafts."""
    for attempt in range(tries):
        draft = Draft(
            material, rng, terse=attempt > 2 * tries // 3, wrapped=any(c.wraps for c in constraints)
        )
        text = _attempt(constraints, draft)
        if rf"\boxed{{{material.answer}}}" in text and all(check_all(constraints, text)):
            return text
    described = "; ".join(f"{c.name} {c.kwargs()}" for c in constraints)
    raise Unsatisfiable(f"none of {tries} drafts meets: {described}")
