"""What a backend is asked for and what it gives back, and the numbers that a row draws by.

A completion is decided by the sweep's seed, its prompt, which sample of it this is, and the checkpoint: not by its batch, by
which worker wrote it, or by what was there already. Only rounding is left to the batch: a sum over other shapes may
differ in its last bit, so batches are cut from all prompts of a benchmark, whatever is still to do.
"""

import hashlib
from collections.abc import Container, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from data.chat import Message


class Generation(NamedTuple):
    """text is decoded without special tokens; truncated: the token budget ended it, not the model."""

    text: str
    token_ids: list[int]
    truncated: bool


def generation(tokenizer: Any, ids: list[int], ends: Container[int]) -> Generation:
    """Of what a model wrote; ends: the ids of which one is the last where the model ended it."""
    truncated = not ids or ids[-1] not in ends
    return Generation(tokenizer.decode(ids, skip_special_tokens=True), ids, truncated)


class Prompt(NamedTuple):
    """key: what tells prompts apart, the same in every sweep; sample: which of several completions of it; draft: what a
    similar checkpoint wrote, which decides nothing but the time that it takes."""

    key: str
    messages: list[Message]
    sample: int = 0
    draft: str = ""


class Ask(NamedTuple):
    """One of the calls of a mitigation (eval/mitigations): each is a prompt with a key of its own, by which it draws.

    direct:  thinking is switched off
    written: ids that stand behind the rendered prompt already, the model's own and forced ones; the completion goes on there
    max_new_tokens: None for the sweep's
    """

    prompt: Prompt
    direct: bool = False
    written: tuple[int, ...] = ()
    max_new_tokens: int | None = None


class Response(NamedTuple):
    """A mitigation's reply to one prompt.

    generation:       what is judged, whoever wrote its tokens
    num_calls, generated_tokens: of the model, over all calls; what was thrown away counts
    forced_tokens:    those of generation's that were not sampled
    direct:           the prompt had switched thinking off: nothing of the text is reasoning unless it says so itself
    decision:         what the mitigation did with this prompt, e.g. "revised"; UNPARSED where the model gave no decision
    note:             what led to it, for readers
    """

    generation: Generation
    num_calls: int
    generated_tokens: int
    forced_tokens: int = 0
    direct: bool = False
    decision: str = ""
    note: str = ""


UNPARSED = "unparsed"
Batch = list[tuple[int, Generation]]  # indices into the prompts, each with its completion


def row_seed(seed: int, prompt: Prompt, checkpoint: str) -> int:
    """128 bits from the sweep's seed, the prompt, the sample and the checkpoint's digest."""
    parts = (str(seed), prompt.key, str(prompt.sample), checkpoint)
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return int.from_bytes(digest[:16], "big")


def uniforms(seeds: Sequence[int], count: int) -> torch.Tensor:
    """[rows, count] in [0, 1), float64, each row by a generator of its own (Philox: torch's takes 32 bits of a seed)."""
    rows = [np.random.Generator(np.random.Philox(key=seed)).random(count) for seed in seeds]
    return torch.from_numpy(np.stack(rows))


def batches(lengths: Sequence[int], size: int) -> Iterator[list[int]]:
    """Indices, longest first (memory fails early), in batches of similar length."""
    order = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    for start in range(0, len(order), size):
        yield order[start : start + size]
