"""The four runs of a prompt, as token ids that a model is given to read again (teacher-forced).

    direct:  prompt without thinking -> its answer
    cot:     prompt -> reasoning -> answer
    filler:  prompt -> another prompt's reasoning, cut or repeated to the same number of tokens -> the direct answer
    swapped: prompt -> the reasoning -> the direct answer

direct and cot are the published pair ("When Thinking Fails", arXiv:2505.11423); filler says how much of their difference any
text of that length makes, swapped how much is the answer's. Tokens are those that were generated, never text tokenised
again.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, takewhile
from typing import Any, Literal

import numpy as np

from data.response import CLOSE, OPEN
from data.tokenizer import tokens_through_close
from eval.attention.spans import PromptTokens

Run = Literal["direct", "cot", "filler", "swapped"]
RUNS: tuple[Run, ...] = ("direct", "cot", "filler", "swapped")


@dataclass(frozen=True)
class Reading:
    """What a model reads in one run.

    num_shared: of the prompt's first tokens, which the prompts of all runs have: a closed thinking block is the direct one's
    reasoning, answer: positions in ids of the tokens of each; special tokens (the end of a turn) belong to neither
    """

    prompt: PromptTokens
    num_shared: int
    ids: list[int]
    reasoning: np.ndarray
    answer: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """A token at position p is written by the row p - 1, which sees p tokens."""
        return np.concatenate([self.reasoning, self.answer]) - 1


@dataclass(frozen=True)
class Marks:
    """How a tokenizer marks what is neither reasoning nor answer.

    special: ids that are no text: ends of turns, padding
    """

    tokenizer: Any
    special: frozenset[int]

    def through_close(self, ids: list[int]) -> int:
        """How many ids there are up to the end of the last `</think>`; 0 without one."""
        return tokens_through_close(self.tokenizer.convert_ids_to_tokens(ids))

    def tail(self, prompt: list[int]) -> list[int]:
        """What a direct prompt writes after its closed thinking, before the answer."""
        return prompt[self.through_close(prompt) :]

    def read(
        self, prompt: PromptTokens, num_shared: int, generated: list[int], num_reasoning: int
    ) -> Reading:
        """num_reasoning: of the generated ids, with `</think>`."""
        start = len(prompt.ids)
        text = np.array([one not in self.special for one in generated], dtype=bool)
        places = np.arange(len(generated))
        return Reading(
            prompt,
            num_shared,
            prompt.ids + generated,
            start + places[text & (places < num_reasoning)],
            start + places[text & (places >= num_reasoning)],
        )

    def filler(self, own: list[int], others: Sequence[list[int]]) -> list[int] | None:
        """As many ids as `own`, reasoning with `</think>`: its frame, filled with the others' words in order, from the
        start again where they end. None where the others have none.
        """
        head, words, close = self._parts(own)
        found = [one for other in others for one in self._parts(other)[1]]
        if not found:
            return None
        times = -(-len(words) // len(found))
        return head + (found * times)[: len(words)] + close

    def _parts(self, reasoning: list[int]) -> tuple[list[int], list[int], list[int]]:
        """`<think>` where it was generated, the words, `</think>`."""
        texts: list[str] = self.tokenizer.convert_ids_to_tokens(reasoning)
        spelt, ends = "".join(texts), list(accumulate(map(len, texts)))
        head = bisect_left(ends, len(OPEN)) + 1 if spelt.startswith(OPEN) else 0
        close = bisect_right(ends, spelt.rindex(CLOSE))
        return reasoning[:head], reasoning[head:close], reasoning[close:]


def readings(
    marks: Marks,
    direct: tuple[PromptTokens, list[int]],
    cot: tuple[PromptTokens, list[int]],
    num_reasoning: int,
    others: Sequence[list[int]],
) -> dict[Run, Reading]:
    """direct, cot: prompt and generated ids; num_reasoning: of the generated ids of cot; others: reasoning of other prompts,
    for the filler, which is left out where there is none."""
    (short, answer), (long, generated) = direct, cot
    same = (a == b for a, b in zip(short.ids, long.ids, strict=False))
    shared = sum(1 for _ in takewhile(bool, same))
    reasoning, between = generated[:num_reasoning], marks.tail(short.ids)
    found: dict[Run, Reading] = {
        "direct": marks.read(short, shared, answer, 0),
        "cot": marks.read(long, shared, generated, num_reasoning),
    }
    texts: dict[Run, list[int] | None] = {
        "filler": marks.filler(reasoning, others), "swapped": reasoning,
    }  # fmt: skip
    for run, text in texts.items():
        if text is not None:
            found[run] = _followed(
                found["direct"], marks.read(long, shared, text, len(text)), between
            )
    return found


def _followed(direct: Reading, thought: Reading, between: list[int]) -> Reading:
    """The direct answer after a reasoning; between: tokens of neither, as they are the prompt's in the direct run."""
    start = len(direct.prompt.ids)
    moved = len(thought.ids) + len(between) - start
    ids = [*thought.ids, *between, *direct.ids[start:]]
    return replace(thought, ids=ids, answer=direct.answer + moved)
