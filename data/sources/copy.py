"""Copying drills: random words to be repeated, as they stand or out of a quoted list.

Text that nothing predicts but its first occurrence is what teaches a small model to look back: without it the base model
learnt to calculate, and not to repeat a prompt or to use the words that a constraint names (docs/log.md).
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from data.compose import MATHIF_KEYWORDS, TINY_SPACE
from data.example import Example, completion
from data.sources import SOURCES
from data.tiny.wording import ITEMS, NAMES, PLACES

WORDS = (*NAMES, *ITEMS, *PLACES, *MATHIF_KEYWORDS, *TINY_SPACE.keywords)


@SOURCES.register("copy")
@dataclass(frozen=True)
class Copy:
    """num_rows drills of 2 to `num_words` words and numbers. Only the base model's training uses it."""

    num_rows: int
    num_words: int = 30

    def __post_init__(self) -> None:
        if self.num_rows < 1 or self.num_words < 2:
            found = f"{self.num_rows} and {self.num_words}"
            raise ValueError(f"num_rows, num_words: found {found}; expected at least 1 and 2")

    def __len__(self) -> int:
        return self.num_rows

    def load(self, seed: int) -> Iterator[Example]:
        rng = random.Random(f"copy {seed}")
        for index in range(self.num_rows):
            words = [self._word(rng) for _ in range(rng.randint(2, self.num_words))]
            text = " ".join(words)
            quoted = rng.random() < 0.5
            question = f'Write the words "{words}".' if quoted else f"{text} Repeat the request."
            yield Example(
                f"copy-{seed}-{index}", "copy", question, "", completion=completion("", text)
            )

    @staticmethod
    def _word(rng: random.Random) -> str:
        if rng.random() < 0.2:
            return str(rng.randint(2, 999))
        return rng.choice(WORDS) + ("." if rng.random() < 0.1 else "")
