"""Decoding on a GPU by CUDA graphs: the forward pass for one further token of every row is captured once and replayed.

Without, a token costs the launching of dozens of kernels per layer, whatever the model's size (train/hours.py), and the GPU
waits for most of that time. A graph is bound to its shapes: it is captured anew where the cache grows, and where half of the
rows are done and leave.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch.nn.functional import rms_norm
from transformers.cache_utils import Cache
from transformers.models.llama.modeling_llama import LlamaRMSNorm
from transformers.models.qwen2.modeling_qwen2 import Qwen2RMSNorm
from transformers.models.qwen3.modeling_qwen3 import Qwen3RMSNorm

from data.attention import GrowingLayer

GROWTH = 256  # tokens of room
LOOK = 16  # tokens between looks at which rows are done, which wait for the GPU

Step = Callable[[], torch.Tensor]
Pick = Callable[[torch.Tensor, torch.Tensor, int], torch.Tensor]


NORMS = (LlamaRMSNorm, Qwen2RMSNorm, Qwen3RMSNorm)


def fuse_norms(model: Any) -> None:
    """One kernel for a norm instead of six; equal up to the rounding of bf16."""
    for module in model.modules():
        if isinstance(module, NORMS):
            module.forward = partial(_norm, module)


def _norm(module: Any, states: torch.Tensor) -> torch.Tensor:
    return rms_norm(states, module.weight.shape, module.weight, module.variance_epsilon)


class SlotLayer(GrowingLayer):
    """Writes a further token where `slot` says, a tensor [1] that all layers share, so that a replay writes the next one."""

    growth = GROWTH

    def __init__(self, slot: torch.Tensor) -> None:
        super().__init__()
        self.slot = slot

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.is_initialized:  # the prompt sees itself alone
            super().update(key_states, value_states)
            return key_states, value_states
        self.keys.index_copy_(2, self.slot, key_states)
        self.values.index_copy_(2, self.slot, value_states)
        return self.keys, self.values

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return (self.keys.shape[2] if self.is_initialized else query_length), 0


def serves(model: Any) -> bool:
    """Whether this model's steps can be captured. bitsandbytes' kernels were not tried."""
    return model.device.type == "cuda" and getattr(model, "hf_quantizer", None) is None


def captured(step: Step) -> Step:
    """`step`, to be replayed; it returns the same tensor every time."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        found = step()

    def replay() -> torch.Tensor:
        graph.replay()
        return found

    return replay


class Decoder:
    """The rows of a batch that still go on: their cache, and the buffers of a step.

    ids, positions: [rows, 1] of the token that is read next; seen: [rows, room], which keys count; slot: [1], where the next
    keys go; length: of the longest row so far
    """

    def __init__(self, model: Any, ids: torch.Tensor, mask: torch.Tensor) -> None:
        """Reads the prompts: [rows, tokens], padded on the left."""
        self._model, self._mask = model, mask
        self._length = ids.shape[1]
        self._slot = torch.tensor([self._length], device=ids.device)
        self._cache = Cache(layers=[SlotLayer(self._slot) for _ in range(model.config.num_hidden_layers)])  # fmt: skip
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        self.logits = self._read(ids, mask, positions)
        self._ids, self._positions = ids[:, -1:].clone(), positions[:, -1:] + 1
        self._seen = mask.bool()
        self._step: Step | None = None

    def _read(self, ids: torch.Tensor, mask: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """[rows, vocabulary] after the last token."""
        logits: torch.Tensor = self._model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        return logits

    def read(self, tokens: torch.Tensor) -> torch.Tensor:
        """One further token of each row, [rows] -> logits [rows, vocabulary], which the next call overwrites."""
        self._ids.copy_(tokens[:, None])
        if self._step is None or self._length == self._seen.shape[1]:
            self._make_room()
        assert self._step is not None
        self._length += 1
        return self._step()

    def keep(self, rows: torch.Tensor) -> None:
        """Only these rows go on."""
        self._step = None  # its buffers are replaced
        self._cache.batch_select_indices(rows)
        self._ids, self._positions, self._seen = (
            one[rows] for one in (self._ids, self._positions, self._seen)
        )

    def _make_room(self) -> None:
        self._step = None  # gives its memory back before the next one is captured
        for layer in self._cache.layers:
            layer.make_room(self._length + 1)
        room = self._cache.layers[0].keys.shape[2]
        self._seen = torch.nn.functional.pad(self._seen, (0, room - self._seen.shape[1]))
        if not self._ids.is_cuda:
            self._step = self._advance
            return
        self._advance()  # libraries set themselves up outside of a capture
        self._slot -= 1
        self._positions -= 1
        self._step = captured(self._advance)

    def _advance(self) -> torch.Tensor:
        """What is captured: everything that changes lies in buffers."""
        self._seen.index_fill_(1, self._slot, True)
        logits = self._read(self._ids, self._seen[:, None, None, :], self._positions)
        self._slot += 1
        self._positions += 1
        return logits


def decode_by_graphs(
    model: Any,
    ids: torch.Tensor,
    mask: torch.Tensor,
    max_new_tokens: int,
    pick: Pick,
    ends: torch.Tensor,
) -> torch.Tensor:
    """[rows, max_new_tokens]; what follows an end is filled up with the first of `ends`, or to be cut.

    pick: one token per row of logits, given which rows of the batch these are and how many tokens they have written
    """
    decoder = Decoder(model, ids, mask)
    written = torch.full((len(ids), max_new_tokens), int(ends[0]), device=ids.device)
    rows = torch.arange(len(ids), device=ids.device)
    done = torch.zeros_like(rows, dtype=torch.bool)
    logits = decoder.logits
    for step in range(max_new_tokens):
        tokens = pick(logits, rows, step)
        written[rows, step] = tokens
        done |= torch.isin(tokens, ends)
        if step + 1 == max_new_tokens:
            break
        if (step + 1) % LOOK == 0:
            left = len(rows) - int(done.sum())
            if left == 0:
                break
            if 2 * left <= len(rows):
                going = (~done).nonzero().squeeze(1)
                rows, done, tokens = rows[going], done[going], tokens[going]
                decoder.keep(going)
        logits = decoder.read(tokens)
    return written
