"""Attention and cache for decoding on the CPU; the attention is registered with `transformers` as `DECODING`.

torch's CPU kernel for scaled dot product attention is made for long queries: with one query it was more than half of
the time of a decoding step (docs/log.md). Two batched matrix products over the heads of each key-value
group do the same; longer queries (the prompt) still go to torch's kernel. And transformers' cache copies itself for
every new token, which was a quarter of the rest; this one grows by GROWTH tokens at a time.
"""

from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.cache_utils import Cache, DynamicLayer
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

DECODING = "tether_decoding"
GROWTH = 64  # tokens


def _attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """query: [batch, heads, queries, dim]; key, value: [batch, key-value heads, keys, dim]; attention_mask: True
    where a key is seen, [batch, 1, queries, keys], None for all. Returns [batch, queries, heads, dim]."""
    batch, heads, queries, dim = query.shape
    if queries > 1:
        return sdpa_attention_forward(  # type: ignore[return-value]
            module, query, key, value, attention_mask, scaling=scaling, **kwargs
        )
    groups, keys = key.shape[1], key.shape[2]
    scaling = dim**-0.5 if scaling is None else scaling
    grouped = (query * scaling).reshape(batch * groups, heads // groups, dim)
    scores = torch.bmm(grouped, key.reshape(batch * groups, keys, dim).transpose(1, 2))
    scores = scores.view(batch, heads, keys)
    if attention_mask is not None:
        scores = scores.masked_fill(~attention_mask[:, :, 0, :keys], float("-inf"))
    weights = torch.softmax(scores, -1, dtype=torch.float32).to(query.dtype)
    mixed = torch.bmm(
        weights.view(batch * groups, heads // groups, keys),
        value.reshape(batch * groups, keys, dim),
    )
    return mixed.view(batch, 1, heads, dim), None


AttentionInterface.register(DECODING, _attention)
AttentionMaskInterface.register(DECODING, sdpa_mask)


def use_decoding_attention(model: Any) -> None:
    """Switch a model that lies on the CPU and uses torch's kernel or the eager form; any other is left as it is."""
    if model.device.type == "cpu" and model.config._attn_implementation in ("sdpa", "eager"):
        model.set_attn_implementation(DECODING)


class GrowingLayer(DynamicLayer):
    """Keys and values are views of the filled part of longer buffers, [batch, heads, length, dim]."""

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self._buffers = [key_states[:, :, :0], value_states[:, :, :0]]
        start = self.get_seq_length()
        end = start + key_states.shape[2]
        if end > self._buffers[0].shape[2]:
            extra = end + GROWTH - self._buffers[0].shape[2]
            self._buffers = [torch.nn.functional.pad(b, (0, 0, 0, extra)) for b in self._buffers]
        for buffer, states in zip(self._buffers, (key_states, value_states), strict=True):
            buffer[:, :, start:end] = states
        self.keys, self.values = (buffer[:, :, :end] for buffer in self._buffers)
        return self.keys, self.values

    def batch_select_indices(self, indices: torch.Tensor) -> None:
        end = self.get_seq_length()
        self._buffers = [buffer[indices] for buffer in self._buffers]
        self.keys, self.values = (buffer[:, :, :end] for buffer in self._buffers)


def decoding_cache(model: Any) -> Cache | None:
    """An empty cache for a model that `use_decoding_attention` switched; None, i.e. transformers' own choice, for any
    other and for models with layers that are not full attention."""
    kinds = set(getattr(model.config, "layer_types", None) or ["full_attention"])
    if model.config._attn_implementation != DECODING or kinds != {"full_attention"}:
        return None
    return Cache(layer_class_to_replicate=GrowingLayer)
