"""What generating on the training GPU adds. vLLM's cache and weights are in the share that it takes."""

from data.graphs import GROWTH
from train.memory.load import Load
from train.memory.states import base_weights


def cache_bytes(load: Load, rows: int, tokens: int, each: int) -> float:
    """Keys and values of `rows` sequences, `each` bytes a number."""
    shape = load.shape
    return rows * tokens * shape.layers * 2 * shape.kv_heads * shape.head_dim * each


def kv_cache(load: Load) -> float:
    """As wide as the residual stream (under autocast too), and the logits of the last position, which sampling copies twice
    in float32. Our own cache has room for whole steps, and a copy of the policy is bf16."""
    generation = load.generation
    if generation is None or generation.vllm:
        return 0.0
    sampling = generation.rows * load.shape.vocab * (load.compute_bytes + 4 + 4)
    tokens, each = generation.tokens, load.stream_bytes
    if generation.own is not None:
        tokens = -(-tokens // GROWTH) * GROWTH
    if generation.own == "copy":
        each = 2
    return cache_bytes(load, generation.rows, tokens, each) + sampling


def policy_copy(load: Load) -> float:
    """The bf16 copy that generates; its memory is given back before the update."""
    generation = load.generation
    return 2 * load.shape.params if generation is not None and generation.own == "copy" else 0.0


def gathered(load: Load) -> float:
    """ZeRO-3's whole weights, for transformers' generation (`ds3_gather_for_generation`)."""
    generation = load.generation
    if generation is None or generation.vllm or load.engine.kind != "zero3":
        return 0.0
    return base_weights(load)
