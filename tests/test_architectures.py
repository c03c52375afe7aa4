"""Shapes without weights: shipped ones have the published sizes, and a model's own config comes first."""

import functools

import pytest
from transformers import AutoConfig
from trl import ModelConfig

from recipes.architectures import architecture_of, config_of, shipped
from train.shape import shape_of

BASE = "data/tiny/base_model"
# Billions of parameters: in all, as the Hub counts them in a checkpoint (tied embeddings once), and on the model card
# without embeddings, where it says so.
PUBLISHED = {
    "Qwen/Qwen2.5-0.5B": (0.494, 0.36),
    "Qwen/Qwen2.5-1.5B": (1.54, 1.31),
    "Qwen/Qwen2.5-3B": (3.09, 2.77),
    "Qwen/Qwen2.5-7B": (7.62, 6.53),
    "Qwen/Qwen2.5-14B": (14.8, None),
    "Qwen/Qwen2.5-32B": (32.8, None),
    "Qwen/Qwen2.5-Math-1.5B": (1.54, 1.31),
    "Qwen/Qwen2.5-Math-7B": (7.62, 6.53),
    "Qwen/Qwen3-0.6B": (0.596, 0.44),
    "Qwen/Qwen3-1.7B": (1.72, 1.4),
    "Qwen/Qwen3-4B": (4.02, 3.6),
    "Qwen/Qwen3-8B": (8.19, 6.95),
    "Qwen/Qwen3-14B": (14.8, 13.2),
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B": (1.78, None),
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B": (7.62, None),
    "deepseek-ai/DeepSeek-R1-Distill-Llama-8B": (8.03, None),
    "meta-llama/Llama-3.1-8B": (8.03, None),
    "meta-llama/Llama-3.2-1B": (1.24, None),
    "meta-llama/Llama-3.2-3B": (3.21, None),
}


POSITIONS = ("rope_theta", "max_position_embeddings")  # they have no weights


@functools.cache
def counted(keys):
    """Several models are of one shape."""
    return shape_of(AutoConfig.for_model(**dict(keys)), ModelConfig())


def rounded_like(value, published):
    digits = len(str(published).partition(".")[2])
    return round(value / 1e9, digits)


@pytest.mark.parametrize("name", PUBLISHED)
def test_shipped_shapes_have_the_published_size(name):
    total, without_embeddings = PUBLISHED[name]
    keys = shipped()[name].items()
    shape = counted(frozenset(item for item in keys if item[0] not in POSITIONS))
    assert rounded_like(shape.params, total) == total
    if without_embeddings is not None:
        embeddings = shape.head * (1 if shape.tied else 2)
        assert rounded_like(shape.params - embeddings, without_embeddings) == without_embeddings


def test_variants_differ_in_positions_alone():
    for name, keys in shipped().items():
        base = name.removesuffix("-Instruct").removesuffix("-Base")
        assert keys | {"max_position_embeddings": 0} == shipped()[base] | {
            "max_position_embeddings": 0
        }
    assert shipped()["Qwen/Qwen2.5-Math-7B-Instruct"]["max_position_embeddings"] == 4096


def test_a_models_own_config_comes_first():
    found = architecture_of(BASE)
    assert found.config.hidden_size == 256 and found.source == f"{BASE}, config.json"
    assert architecture_of("Qwen/Qwen3-4B").source == "recipes/architectures.yaml"


@pytest.mark.parametrize("name", ["runs/nothing/checkpoint-3", "nobody/nothing", "nothing"])
def test_a_model_that_is_nowhere(name):
    with pytest.raises(OSError):
        config_of(name)


def test_the_tiny_model_by_hand():
    # Per layer: q and o 256 * 256, k and v 256 * 128, three of the MLP 256 * 704, two norms of 256.
    layer = 2 * 256 * 256 + 2 * 256 * 128 + 3 * 256 * 704 + 2 * 256
    shape = shape_of(config_of(BASE), ModelConfig())
    assert shape.layer == layer == 737_792
    assert shape.head == 1312 * 256
    assert shape.params == shape.trained == 4 * layer + 1312 * 256 + 256
    assert shape.quantised == 4 * (layer - 512) and shape.matmul == shape.quantised + shape.head


def test_adapters_by_hand():
    args = ModelConfig(use_peft=True, lora_r=8, lora_target_modules=["q_proj", "v_proj"])
    shape = shape_of(config_of(BASE), args)
    # r * (in + out): q 256 -> 256, v 256 -> 128
    assert shape.adapters == shape.trained == 4 * 8 * (512 + 384)
    assert shape.dropped_inputs == 2 * 256
    args = ModelConfig(
        use_peft=True, lora_r=8, lora_dropout=0.0, lora_target_modules=["k_proj", "o_proj"]
    )
    assert shape_of(config_of(BASE), args).dropped_inputs == 0
