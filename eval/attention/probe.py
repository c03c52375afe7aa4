"""How much wanted rows of a model's attention give to the tokens of its prompt, without a matrix of attention.

The attention function registered here gives transformers the output of torch's own kernel, and takes from the same call the
logarithm of each row's normaliser, so that the share of a prompt token is exp(q k scaling - normaliser): exact, in rows
times prompt tokens, of which only a chunk exists at a time. Where a kernel says no normaliser it is summed in chunks.
A layer with a sliding window counts where the text fits into the window, since its rows are ordinary ones there; elsewhere
it is computed in slices and left out. What is no softmax over all tokens so far (a cap on scores, learned sinks, biases,
chunks) is refused.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from recipes.errors import UserError

PROBE = "tether_probe"
CHUNK = 1 << 20  # scores at a time, all heads together: 4 MB
STEP = 512  # rows at a time of a layer whose window is shorter than the text
MEASURED, SLIDING = "full_attention", "sliding_attention"
WITHOUT_ROWS = ("linear_attention",)  # layers that have no softmax over tokens
REFUSED = {
    "softcap": "a cap on its scores", "s_aux": "learned sinks in its softmax", "position_bias": "a bias on its scores",
}  # fmt: skip


@dataclass
class Probe:
    """What is wanted, and what was found.

    num_prompt: of the first tokens, whose shares are looked at
    rows:       (R,) rising row numbers, each at least num_prompt - 1, so that a row sees the whole prompt
    answer:     (R,) bool, the rows over which `tokens` is a mean
    groups:     (G, num_prompt) bool, sets of prompt tokens whose shares are added for each row
    mass:       per layer (R, G) float32, mean over heads
    tokens:     per layer (heads, num_prompt) float32, mean over answer rows
    """

    num_prompt: int
    rows: torch.Tensor
    answer: torch.Tensor
    groups: torch.Tensor
    mass: dict[int, torch.Tensor] = field(default_factory=dict)
    tokens: dict[int, torch.Tensor] = field(default_factory=dict)
    left_out: set[int] = field(default_factory=set)  # layers whose window is shorter than the text

    def __post_init__(self) -> None:
        assert int(self.rows.min()) >= self.num_prompt - 1, "a row that does not see the prompt"
        assert bool(self.answer.any()), "no answer row"

    def add(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, lse: torch.Tensor, scaling: float
    ) -> None:
        """query: (heads, T, dim); key: (key-value heads, T, dim), after positions are rotated in; lse: (heads, T)."""
        heads, kept, prompt = query.shape[0], key.shape[0], self.num_prompt
        keys = key[:, :prompt].float().transpose(1, 2)
        groups = self.groups.to(query.device, torch.float32).T
        total = torch.zeros(heads, prompt, device=query.device)
        mass = []
        size = max(1, CHUNK // (heads * prompt))
        rows, answer = self.rows.to(query.device), self.answer.to(query.device)
        for some, counts in zip(rows.split(size), answer.split(size), strict=True):
            grouped = query[:, some].float() * scaling
            shares = torch.matmul(grouped.reshape(kept, -1, query.shape[2]), keys)
            shares = shares.view(heads, len(some), prompt).sub_(lse[:, some, None]).exp_()
            mass.append(shares.mean(0) @ groups)
            total += counts.float() @ shares
        self.mass[layer] = torch.cat(mass).cpu()
        self.tokens[layer] = (total / answer.sum()).cpu()


_current: ContextVar[Probe | None] = ContextVar("probe", default=None)


def probe_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    sliding_window: int | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """query: (1, heads, T, dim); key, value: (1, key-value heads, T, dim). Returns (1, T, heads, dim).

    Raises UserError for attention that is not a plain softmax.
    """
    found = _current.get()
    assert found is not None, "the attention of a model that is not being probed"
    for name, what in REFUSED.items():
        if kwargs.get(name) is not None:
            raise UserError(f"{type(module).__name__}: {what}; {_EXPECTED}")
    if attention_mask is not None or not getattr(module, "is_causal", True):
        raise UserError(f"{type(module).__name__}: a mask of its own; {_EXPECTED}")
    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    layer: Any = module.layer_idx
    if sliding_window is not None and query.shape[2] > sliding_window:
        found.left_out.add(layer)
        return _in_window(module, query, key, value, scaling, sliding_window), None
    output, lse = attention_and_lse(query, key, value, scaling)
    found.add(layer, query[0], key[0], lse[0], scaling)
    return output.transpose(1, 2).contiguous(), None


_EXPECTED = "expected a decoder whose attention is a softmax over all tokens so far"


def attention_and_lse(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scaling: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Causal attention, (1, heads, T, dim), and each row's logsumexp of scores, (1, heads, T) float32."""
    kernels, same = torch.ops.aten, query.shape[-1] == value.shape[-1]
    if same and query.device.type == "cpu":
        output, lse = kernels._scaled_dot_product_flash_attention_for_cpu(
            query, key, value, 0.0, True, scale=scaling
        )
        return output, lse
    groups = query.shape[1] // key.shape[1]
    key, value = repeat_kv(key, groups), repeat_kv(value, groups)
    if same and query.device.type == "cuda":
        half = query.dtype in (torch.float16, torch.bfloat16)
        if half and query.shape[-1] <= 256 and torch.cuda.get_device_capability(query.device) >= (8, 0):  # fmt: skip
            found = kernels._scaled_dot_product_flash_attention(
                query, key, value, 0.0, True, scale=scaling
            )
        else:
            found = kernels._scaled_dot_product_efficient_attention(
                query, key, value, None, True, 0.0, True, scale=scaling
            )
        return found[0], found[1][..., : query.shape[2]]  # the second kernel pads its rows
    output = torch.nn.functional.scaled_dot_product_attention(
        query, key, value, is_causal=True, scale=scaling
    )
    return output, chunked_lse(query[0], key[0], scaling)[None]


def chunked_lse(query: torch.Tensor, key: torch.Tensor, scaling: float) -> torch.Tensor:
    """(heads, T) float32 of query and key, both (heads, T, dim)."""
    heads, length, _ = query.shape
    found = torch.empty(heads, length, device=query.device)
    size = max(1, CHUNK // (heads * length))
    columns = torch.arange(length, device=query.device)
    for start in range(0, length, size):
        end = min(start + size, length)
        scores = query[:, start:end].float() @ key[:, :end].float().transpose(1, 2) * scaling
        hidden = columns[:end] > columns[start:end, None]
        found[:, start:end] = scores.masked_fill_(hidden, -torch.inf).logsumexp(-1)
    return found


def _in_window(
    module: torch.nn.Module, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scaling: float, window: int
) -> torch.Tensor:  # fmt: skip
    """Attention to the last `window` tokens, own one included, with masks of STEP rows only."""
    parts, length = [], query.shape[2]
    columns = torch.arange(length, device=query.device)
    for start in range(0, length, STEP):
        end, first = min(start + STEP, length), max(0, start - window + 1)
        back = columns[start:end, None] - columns[first:end]
        seen = ((back >= 0) & (back < window))[None, None]
        part, _ = sdpa_attention_forward(
            module, query[:, :, start:end], key[:, :, first:end], value[:, :, first:end], seen, scaling=scaling
        )  # fmt: skip
        parts.append(part)
    return torch.cat(parts, dim=1)


def probe_mask(*args: Any, allow_is_causal_skip: bool = True, **kwargs: Any) -> Any:
    """None where the mask is causal, with or without a window, which `probe_attention` knows; any other as it is."""
    if allow_is_causal_skip:
        return None
    return sdpa_mask(*args, allow_is_causal_skip=False, **kwargs)


AttentionInterface.register(PROBE, probe_attention)
AttentionMaskInterface.register(PROBE, probe_mask)


def check_measurable(model: Any) -> None:
    """Raises UserError for a model whose attention cannot be asked for in this way."""
    config, name = model.config.get_text_config(), type(model).__name__
    if config.is_encoder_decoder or not getattr(model, "_supports_attention_backend", False):
        raise UserError(f"{name}: it does not call transformers' attention interface; {_EXPECTED}")
    known = {MEASURED, SLIDING, *WITHOUT_ROWS}
    if unknown := sorted(set(layer_types(model)) - known):
        raise UserError(f"{name}: layers of type {', '.join(unknown)}; {_EXPECTED}")
    if MEASURED not in layer_types(model) and SLIDING not in layer_types(model):
        raise UserError(f"{name}: no layer with attention; {_EXPECTED}")


def layer_types(model: Any) -> list[str]:
    config = model.config.get_text_config()
    return list(getattr(config, "layer_types", None) or [MEASURED] * config.num_hidden_layers)


@contextmanager
def _probing(model: Any, probe: Probe) -> Iterator[None]:
    before = model.config._attn_implementation
    model.set_attn_implementation(PROBE)
    token = _current.set(probe)
    try:
        yield
    finally:
        _current.reset(token)
        model.set_attn_implementation(before)


@torch.inference_mode()
def run(model: Any, ids: list[int], probe: Probe) -> torch.Tensor:
    """One forward pass over `ids` that fills the probe; returns the last position's logits, (vocabulary,).

    Raises UserError for a model that cannot be measured, or a text that fits into no layer's window.
    """
    check_measurable(model)
    with _probing(model, probe):
        asked = torch.tensor([ids], device=model.device)
        logits: torch.Tensor = model(input_ids=asked, use_cache=False, logits_to_keep=1).logits
    types = layer_types(model)
    for layer, kind in enumerate(types):
        called = layer in probe.mass or layer in probe.left_out
        if kind == MEASURED and not called:
            raise UserError(
                f"{type(model).__name__}: layer {layer} did not use the attention interface; {_EXPECTED}"
            )
    if not probe.mass:
        raise UserError(
            f"{type(model).__name__}: {len(ids):,} tokens fit into no layer's window; expected a shorter text, or a model "
            "with layers of full attention"
        )
    return logits[0, -1]
