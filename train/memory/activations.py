"""Activations as in "Reducing Activation Recomputation in Large Transformer Models" (https://arxiv.org/abs/2205.05198,
section 4), counted anew for grouped-query attention, SwiGLU and transformers' modules.

    one layer, per token = 2 (4 h + r h) + inputs + attention + 4 c f + 8
    inputs    = 5 c h where autocast copies those of linear layers (r != c), else 2 r h
    attention = 2 c (a + g) d + 4 a            flash attention, or sdpa without a mask
                4 c a d + 4 a + c s            sdpa with a mask of s columns, for which keys and values are repeated
                4 c a d + (4 + c [c < 4]) a s  eager
    and (4 + c) (a + g) d + 4 (a + g) where queries and keys are normalised, (1 + c) per input feature of LoRA's dropout

Liger's kernels keep of a norm its input, and three values of the MLP instead of four.

h, f: sizes of the stream and of the MLP; a, g: heads of queries and of keys; d: size of a head; c, r: bytes of computing and
of the residual stream. With gradient checkpointing a layer keeps r h, and one layer at a time is computed again.
tests/test_memory.py holds the formula against what autograd saves.
"""

from train.memory.load import Load

# trl/trainer/utils.py and trl/kernels/chunked_logprob.py: one tile of the head's output, as wide whatever the vocabulary.
TILE_TOKENS, TILE_VOCAB = 4096, 32768


def layer_activations(load: Load) -> float:
    """Of one decoder layer, per token."""
    shape, c, r = load.shape, load.compute_bytes, load.stream_bytes
    h, queries, keys = shape.hidden, shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    norms, mlp = (r * h, 3 * c) if load.liger else (2 * (4 * h + r * h), 4 * c)
    found = norms + (5 * c * h if r != c else 2 * r * h) + mlp * shape.intermediate
    if load.attention == "eager":
        scores = 4 + (c if c < 4 else 0)
        found += 4 * c * queries + scores * shape.heads * load.tokens
    elif load.attention == "sdpa" and load.masked:
        found += 4 * c * queries + 4 * shape.heads + c * load.tokens
    else:
        found += 2 * c * (queries + keys) + 4 * shape.heads
    if shape.qk_norm:
        wide = c if load.liger else 4 + c
        found += wide * (queries + keys) + 4 * (shape.heads + shape.kv_heads)
    return found + shape.dropped_inputs * (1 + c) + 8


def activations(load: Load) -> float:
    """Of one forward and backward."""
    shape, r = load.shape, load.stream_bytes
    one_layer, ends = layer_activations(load), (4 + 3 * r) * shape.hidden  # embedding, last norm
    if load.offloads:  # all but the layer at work and the next
        return load.processed_tokens * (2 * one_layer + ends)
    if not load.checkpointed:
        return load.processed_tokens * (shape.layers * one_layer + ends)
    kept = r * shape.hidden
    if load.selective:
        kept += load.compute_bytes * shape.heads * shape.head_dim + 4 * shape.heads
    return load.processed_tokens * (shape.layers * kept + one_layer + ends)


def last_layer(load: Load) -> float:
    """What is left of them when the backward reaches the first layer."""
    return load.processed_tokens * layer_activations(load)


def logits(load: Load) -> float:
    """A tile of the head's output, and the float32 gradients of hidden states and head that TRL adds up in; or, where the
    loss needs them, all logits with their float32 copy and gradient."""
    shape, tokens = load.shape, load.processed_tokens
    if load.all_logits:
        return tokens * shape.vocab * (load.compute_bytes + 4 + 4)
    tile = min(tokens, TILE_TOKENS) * TILE_VOCAB * load.compute_bytes
    hidden = tokens * shape.hidden * (4 + load.stream_bytes)
    return tile + hidden + (4 * shape.head if load.full else 0)
