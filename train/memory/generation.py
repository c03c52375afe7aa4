"""What generating on the training GPU adds. vLLM's cache and weights are in the share that it takes."""

from train.memory.load import Load
from train.memory.states import base_weights


def cache_bytes(load: Load, rows: int, tokens: int, each: int) -> float:
    """Keys and values of `rows` sequences, `each` bytes a number."""
    shape = load.shape
    return rows * tokens * shape.layers * 2 * shape.kv_heads * shape.head_dim * each


def kv_cache(load: Load) -> float:
    """transformers' cache, as wide as the residual stream (under autocast too), and the logits of the last position, which
    sampling copies twice in float32."""
    generation = load.generation
    if generation is None or generation.vllm:
        return 0.0
    sampling = generation.rows * load.shape.vocab * (load.compute_bytes + 4 + 4)
    return cache_bytes(load, generation.rows, generation.tokens, load.stream_bytes) + sampling


def gathered(load: Load) -> float:
    """ZeRO-3's whole weights, for transformers' generation (`ds3_gather_for_generation`)."""
    generation = load.generation
    if generation is None or generation.vllm or load.engine.kind != "zero3":
        return 0.0
    return base_weights(load)
