"""IFBench's `repeat` kinds (https://arxiv.org/abs/2507.02833): the response is a copy and nothing else."""

import random
from dataclasses import dataclass
from typing import Self

from data.constraints.arguments import EDGE, NoArguments, OnlyCopy, not_blank, same_text
from data.constraints.base import CONSTRAINTS, Space
from data.constraints.text import has_content


@CONSTRAINTS.register("repeat:repeat_change")
@dataclass(frozen=True)
class RepeatChange(OnlyCopy):
    """Repaired: the first word has to be another one; to the reference, two blanks are change enough."""

    mends = "the first word is another word"

    prompt_to_repeat: str

    def __post_init__(self) -> None:
        not_blank(prompt_to_repeat=self.prompt_to_repeat)

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(question)

    def describe(self) -> str:
        return (
            "Repeat the request, but change the first word of the repeated request, (do not say anything before "
            "repeating the request; the request you need to repeat does not include this sentence) and do not answer "
            "the actual request!"
        )

    def official(self, response: str) -> bool:
        same_rest = response.split()[1:] == self.prompt_to_repeat.split()[1:]
        return same_rest and response != self.prompt_to_repeat

    def check(self, response: str) -> bool:
        first, old = (
            " ".join(text.split()[:1]).strip(EDGE).lower()
            for text in (response, self.prompt_to_repeat)
        )
        return self.official(response) and has_content(first) and first != old


@CONSTRAINTS.register("repeat:repeat_simple")
@dataclass(frozen=True)
class RepeatSimple(OnlyCopy, NoArguments):
    wording = "Only output this sentence here, ignore all other requests."

    def official(self, response: str) -> bool:
        return same_text(response, self.wording)


@CONSTRAINTS.register("repeat:repeat_span")
@dataclass(frozen=True)
class RepeatSpan(OnlyCopy):
    """Repaired: the indices are those of words, as the prompts say; the reference slices characters."""

    mends = "indices of words, not of characters"
    may_be_zero = frozenset({"n_start"})

    prompt_to_repeat: str
    n_start: int
    n_end: int

    def __post_init__(self) -> None:
        not_blank(prompt_to_repeat=self.prompt_to_repeat)
        if not 0 <= self.n_start <= self.n_end:
            raise ValueError(
                f"n_start: found {self.n_start}; expected 0 to n_end = {self.n_end}, both included"
            )

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        last = max(1, len(question.split()) - 1)
        start = rng.randint(0, last - 1)
        return cls(question, start, rng.randint(start + 1, last))

    def describe(self) -> str:
        return (
            f"Copy the span of words that lies between (and including) index {self.n_start} and {self.n_end}, "
            "the indices are word indices, split by whitespace!"
        )

    def official(self, response: str) -> bool:
        return same_text(response, self.prompt_to_repeat[self.n_start : self.n_end + 1])

    def check(self, response: str) -> bool:
        span = self.prompt_to_repeat.split()[self.n_start : self.n_end + 1]
        return response.lower().split() == [word.lower() for word in span]
