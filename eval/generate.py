"""Completions from a checkpoint with `transformers`, in batches of similar prompt length."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from transformers import AutoModelForCausalLM

from data.attention import use_decoding_attention
from data.chat import Message, prompt_ids, stop_at_turn_end
from data.decoding import decode, eos_ids
from data.tokenizer import load_chat_tokenizer
from recipes.schema import Sampling


class Generation(NamedTuple):
    """text is decoded without special tokens; truncated: the token budget ended it, not the model."""

    text: str
    token_ids: list[int]
    truncated: bool


class Generator:
    """One loaded checkpoint. `dtype` as in from_pretrained; the device is the GPU if there is one."""

    def __init__(
        self,
        path: str | Path,
        sampling: Sampling,
        seed: int,
        dtype: str = "auto",
        chat_template_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.sampling = sampling
        self.seed = seed
        self.tokenizer: Any = load_chat_tokenizer(
            str(path), "checkpoint", chat_template_kwargs or {}
        )
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model: Any = AutoModelForCausalLM.from_pretrained(path, dtype=dtype).to(device).eval()
        use_decoding_attention(self.model)
        stop_at_turn_end(self.model, self.tokenizer)

    def generate(
        self, conversations: list[list[Message]]
    ) -> Iterator[list[tuple[int, Generation]]]:
        """Batches of (index, generation), every conversation once, longest first (memory fails early)."""
        prompts = [prompt_ids(self.tokenizer, chat) for chat in conversations]
        order = sorted(range(len(prompts)), key=lambda index: -len(prompts[index]))
        how = self.sampling
        for start in range(0, len(order), how.batch_size):
            batch = order[start : start + how.batch_size]
            torch.manual_seed(self.seed + start)
            chosen = [prompts[index] for index in batch]
            found = decode(
                self.model, self.tokenizer, chosen, how.max_new_tokens, how.temperature, how.top_p
            )
            yield [(index, self._generation(ids)) for index, ids in zip(batch, found, strict=True)]

    def _generation(self, ids: list[int]) -> Generation:
        truncated = not ids or ids[-1] not in eos_ids(self.model, self.tokenizer)
        return Generation(self.tokenizer.decode(ids, skip_special_tokens=True), ids, truncated)
