"""Attention over rows that are packed or padded, by torch's own flash kernel for rows of unequal length
(torch.nn.attention.varlen); registered with transformers as `VARLEN`.

scaled_dot_product_attention loses its flash kernel to any mask, and a mask of packed rows has tokens x tokens entries. The
package flash-attn, which needs none, has no wheels; torch's kernel is there on every GPU from Ampere on. What needs no mask
stays with scaled_dot_product_attention, decoding with a cache with data/attention.py.

Layouts are read once per forward pass, not once per layer: reading them waits for the GPU.
"""

from typing import Any, NamedTuple

import torch
from torch.nn.attention import varlen
from torch.utils.weak import WeakTensorKeyDictionary
from transformers import AttentionInterface, AttentionMaskInterface, PretrainedConfig
from transformers.integrations.flash_attention import get_target_dtype
from transformers.masking_utils import flash_attention_mask
from transformers.models.auto import MODEL_FOR_CAUSAL_LM_MAPPING

from data.attention import decoding_attention, decoding_mask

VARLEN = "tether_varlen"
LARGEST_HEAD = 256  # of torch's kernel


class Layout(NamedTuple):
    """borders: [rows + 1] int32, where rows begin among the tokens that count; longest: row, in tokens; kept: [tokens that
    count], their places among all of a batch; None: all count."""

    borders: torch.Tensor
    longest: int
    kept: torch.Tensor | None = None


_LAYOUTS: WeakTensorKeyDictionary = WeakTensorKeyDictionary()


def serves(config: PretrainedConfig) -> bool:
    """Whether models of this config can use it: decoders whose layers all see everything before them."""
    text = config.get_text_config()
    model = MODEL_FOR_CAUSAL_LM_MAPPING.get(type(text), None)
    kinds = set(getattr(text, "layer_types", None) or ["full_attention"])
    size = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    return (
        model is not None
        and bool(getattr(model, "_supports_flash_attn", False))
        and kinds == {"full_attention"}
        and size <= LARGEST_HEAD
        and not getattr(text, "attention_dropout", 0.0)
        and not getattr(text, "attn_logit_softcapping", None)
    )


def on_this_gpu() -> bool:
    """Whether torch's flash kernel runs here: Ampere or later."""
    return torch.cuda.is_available() and torch.cuda.get_device_capability() >= (8, 0)


# ---------------------------------------------------------------------- layouts


def padded_layout(mask: torch.Tensor) -> Layout:
    """mask: [batch, tokens], True where a token counts."""
    if mask not in _LAYOUTS:
        lengths = mask.sum(dim=1, dtype=torch.int32)
        kept = mask.flatten().nonzero().squeeze(1)
        _LAYOUTS[mask] = Layout(_borders(lengths), int(lengths.max()), kept)
    found: Layout = _LAYOUTS[mask]
    return found


def packed_layout(positions: torch.Tensor, batch: int) -> Layout | None:
    """positions: [batch or 1, tokens]; a row begins wherever they do not go on by one. None where none begins inside."""
    if positions not in _LAYOUTS:
        steps = positions.diff(dim=-1, prepend=positions[:, :1] - 1) != 1
        found = None
        if bool(steps.any()):
            steps[:, 0] = True
            starts = steps.expand(batch, -1).flatten().nonzero().squeeze(1)
            end = starts.new_tensor([batch * positions.shape[1]])
            borders = torch.cat([starts, end]).to(torch.int32)
            found = Layout(borders, int(borders.diff().max()))
        _LAYOUTS[positions] = found
    layout: Layout | None = _LAYOUTS[positions]
    return layout


def _borders(lengths: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.pad(lengths.cumsum(0, dtype=torch.int32), (1, 0))


def _layout(mask: torch.Tensor | None, batch: int, given: dict[str, Any]) -> Layout | None:
    """None where nothing is packed or padded. given: what TRL's collator knows of a packed row, and position_ids."""
    if mask is not None:
        return padded_layout(mask)
    borders, longest = given.get("cu_seq_lens_q"), given.get("max_length_q")
    if borders is not None and longest is not None:
        return Layout(borders, int(longest))
    positions = given.get("position_ids")
    return None if positions is None else packed_layout(positions, batch)


# ---------------------------------------------------------------------- transformers' interfaces


def _attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    is_causal: bool | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """query: [batch, heads, queries, dim]; key, value: [batch, key-value heads, keys, dim]; attention_mask: [batch, tokens]
    where queries and keys are the same tokens, else as sdpa's. Returns [batch, queries, heads, dim]. Raises ValueError for
    what the kernel cannot do."""
    batch, heads, tokens, dim = query.shape
    whole = tokens == key.shape[2] and (attention_mask is None or attention_mask.dim() == 2)
    layout = _layout(attention_mask, batch, kwargs) if whole else None
    if layout is None:
        return decoding_attention(
            module, query, key, value, attention_mask, scaling, dropout=dropout, is_causal=is_causal, **kwargs
        )  # fmt: skip
    unable = {"dropout": dropout, "softcap": kwargs.get("softcap"), "s_aux": kwargs.get("s_aux"),
              "sliding_window": kwargs.get("sliding_window")}  # fmt: skip
    if asked := [name for name, value in unable.items() if value is not None and value != 0]:
        raise ValueError(f"attn_implementation {VARLEN} has no {', '.join(asked)}; take sdpa")
    causal = module.is_causal if is_causal is None else is_causal
    kind = get_target_dtype(query, module) or query.dtype
    queries, keys, values = (_flat(states.to(kind), layout.kept) for states in (query, key, value))
    window = (-1, 0) if causal else (-1, -1)
    mixed = flash(queries, keys, values, layout, scaling, window)
    if layout.kept is not None:
        padded = mixed.new_zeros(batch * tokens, heads, dim)
        mixed = padded.index_copy(0, layout.kept, mixed)
    return mixed.view(batch, tokens, heads, dim), None


def _flat(states: torch.Tensor, kept: torch.Tensor | None) -> torch.Tensor:
    """[batch, heads, tokens, dim] -> [tokens that count, heads, dim]"""
    flat = states.transpose(1, 2).flatten(0, 1)
    return flat if kept is None else flat.index_select(0, kept)


def flash(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    layout: Layout,
    scaling: float | None,
    window: tuple[int, int],
) -> torch.Tensor:
    """[tokens, heads, dim], each row seen by itself alone."""
    borders, longest = layout.borders, layout.longest
    found: torch.Tensor = varlen.varlen_attn(
        query, key, value, borders, borders, longest, longest,
        scale=scaling, window_size=window, enable_gqa=query.shape[1] != key.shape[1],
    )  # fmt: skip
    return found


def _mask(batch_size: int, q_length: int, kv_length: int, **kwargs: Any) -> torch.Tensor | None:
    """[batch, tokens] without a cache; as sdpa's with one."""
    make = flash_attention_mask if q_length == kv_length else decoding_mask
    found: torch.Tensor | None = make(
        batch_size=batch_size, q_length=q_length, kv_length=kv_length, **kwargs
    )
    return found


AttentionInterface.register(VARLEN, _attention)
AttentionMaskInterface.register(VARLEN, _mask)
