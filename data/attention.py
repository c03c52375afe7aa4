"""Attention and caches for decoding; the attention is registered with `transformers` as `DECODING`.

torch's kernels for scaled dot product attention are made for long queries, and with a mask transformers repeats keys and
values for the heads that share them. With one query, two batched matrix products over the heads of each key-value group do
the same; longer queries (the prompt) still go to torch's kernel. And transformers' cache copies itself for every new token;
this one grows by whole steps.
"""

from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.cache_utils import Cache, DynamicCache, DynamicLayer
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

DECODING = "tether_decoding"
GROWTH = 32  # tokens


def decoding_attention(
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


def decoding_mask(*args: Any, **kwargs: Any) -> torch.Tensor | None:
    """As sdpa's, but never None: the cache's empty tail has to be hidden even when nothing is padded."""
    return sdpa_mask(*args, **{**kwargs, "allow_is_causal_skip": False})


AttentionInterface.register(DECODING, decoding_attention)
AttentionMaskInterface.register(DECODING, decoding_mask)


def use_decoding_attention(model: Any) -> None:
    """Switch a model that uses torch's kernel or the eager form; any other is left as it is."""
    if model.config._attn_implementation in ("sdpa", "eager"):
        model.set_attn_implementation(DECODING)
        model.get_output_embeddings().register_forward_pre_hook(_contiguous)


def _contiguous(head: torch.nn.Module, args: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """Of the last positions alone, hidden states are a slice, for which torch copies the head's weights to every row: ten
    times as slow on a CPU."""
    return (args[0].contiguous(),)


def full_attention(model: Any) -> bool:
    """Whether every layer sees everything before it."""
    return set(getattr(model.config, "layer_types", None) or ["full_attention"]) == {
        "full_attention"
    }


class GrowingLayer(DynamicLayer):
    """Keys and values with room for more: [batch, heads, capacity, dim], of which `get_seq_length` are filled.

    `update` returns them with the empty tail, which the mask hides: a slice of the filled part would be copied by
    every matrix product.
    """

    growth = GROWTH

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self._length = 0
            self.keys, self.values = key_states[:, :, :0], value_states[:, :, :0]
        start, self._length = self._length, self._length + key_states.shape[2]
        self.make_room(self._length)
        self.keys[:, :, start : self._length] = key_states
        self.values[:, :, start : self._length] = value_states
        return self.keys, self.values

    def make_room(self, length: int) -> None:
        """For that many tokens."""
        if extra := self._capacity(length) - self.keys.shape[2]:
            self.keys, self.values = (
                torch.nn.functional.pad(buffer, (0, 0, 0, extra))
                for buffer in (self.keys, self.values)
            )

    def _capacity(self, length: int) -> int:
        """Room after an update that leaves `length` tokens: it never shrinks, and grows in whole steps."""
        room = self.keys.shape[2] if self.is_initialized else 0
        return max(room, -(-length // self.growth) * self.growth)

    def get_seq_length(self) -> int:
        return self._length if self.is_initialized else 0

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self._capacity(self.get_seq_length() + query_length), 0


def decoding_cache(model: Any) -> Cache:
    """An empty cache: growing for a model that `use_decoding_attention` switched, transformers' own for any other and
    for models with layers that are not full attention."""
    if model.config._attn_implementation != DECODING or not full_attention(model):
        return DynamicCache(config=model.config)
    return Cache(layers=[GrowingLayer() for _ in range(model.config.num_hidden_layers)])
