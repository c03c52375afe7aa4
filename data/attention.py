"""Attention for decoding on the CPU, registered with `transformers` under the name `DECODING`.

torch's CPU kernel for scaled dot product attention is made for long queries: with one query it was more than half of
the time of a decoding step (docs/log.md). Two batched matrix products over the heads of each key-value
group do the same; longer queries (the prompt) still go to torch's kernel.
"""

from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

DECODING = "tether_decoding"


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
    """Switch a model that lies on the CPU and uses torch's kernel; any other is left as it is."""
    if model.device.type == "cpu" and model.config._attn_implementation == "sdpa":
        model.set_attn_implementation(DECODING)
