"""QLoRA's weights; only where bitsandbytes is (requirements-gpu.txt)."""

import pytest
import torch
from trl import ModelConfig

from train.model import load_model

bitsandbytes = pytest.importorskip("bitsandbytes", reason="bitsandbytes is for GPU machines")


@pytest.mark.parametrize("storage", ["bfloat16", None])
def test_linear_layers_are_loaded_in_4_bits(storage):
    given = {"bnb_4bit_quant_storage": storage} if storage else {}
    config = ModelConfig(
        "data/tiny/base_model", dtype="bfloat16", load_in_4bit=True, use_peft=True, **given
    )
    model = load_model(config)
    assert model.is_loaded_in_4bit  # what TRL asks
    layer = model.model.layers[0].self_attn.q_proj
    assert isinstance(layer, bitsandbytes.nn.Linear4bit) and layer.compute_dtype == torch.bfloat16
    # Packed in bfloat16 they can be sharded like any weight, by ZeRO-3 and FSDP2.
    assert layer.weight.dtype == (torch.bfloat16 if storage else torch.uint8)
    assert model.model.norm.weight.dtype == torch.bfloat16
