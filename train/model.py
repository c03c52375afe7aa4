"""The model from the `model` section; the same code for a folder and for a Hub name."""

from typing import Any

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel
from trl import ModelConfig


def load_model(config: ModelConfig) -> PreTrainedModel:
    """The weights, in `dtype` (float32 unless the recipe says otherwise: optimizer states follow
    the weights)."""
    dtype: Any = config.dtype if config.dtype in ("auto", None) else getattr(torch, config.dtype)
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
        config.model_name_or_path,
        revision=config.model_revision,
        attn_implementation=config.attn_implementation,
        dtype=dtype,
    )
    model.config.use_cache = True
    return model
