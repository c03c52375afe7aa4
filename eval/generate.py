"""What a backend is asked for and what it gives back, and the numbers that a row draws by.

A completion is decided by the sweep's seed, its prompt, which sample of it this is, and the checkpoint: not by its batch, by
which worker wrote it, or by what was there already. Only rounding is left to the batch: a sum over other shapes may
differ in its last bit, so batches are cut from all prompts of a benchmark, whatever is still to do.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch

from data.chat import Message


class Generation(NamedTuple):
    """text is decoded without special tokens; truncated: the token budget ended it, not the model."""

    text: str
    token_ids: list[int]
    truncated: bool


class Prompt(NamedTuple):
    """key: what tells prompts apart, the same in every sweep; sample: which of several completions of it; draft: what a
    similar checkpoint wrote, which decides nothing but the time that it takes."""

    key: str
    messages: list[Message]
    sample: int = 0
    draft: str = ""


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
