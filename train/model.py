"""The model from the `model` section; the same code for a folder and for a Hub name."""

from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PretrainedConfig, PreTrainedModel
from transformers.modeling_rope_utils import RopeParameters
from trl import ModelConfig, get_quantization_config

from data.chat import stop_at_turn_end
from recipes.errors import UserError
from recipes.registry import did_you_mean


def load_model(
    config: ModelConfig,
    tokenizer: Any,
    changes: dict[str, Any],
    where: str,
    attention: str = "sdpa",
) -> PreTrainedModel:
    """The weights, in `dtype` (float32 unless the recipe says otherwise: optimizer states follow
    the weights), or quantised (`load_in_4bit`, `load_in_8bit`).

    changes: recipe key `config_overrides`. Raises UserError for one that the model's config has not.
    attention: as transformers names it

    No device_map: bitsandbytes then puts the weights on this process's own GPU. No `prepare_model_for_kbit_training` either:
    TRL freezes the base, lets gradients through the embeddings and keeps adapters in bf16 itself, and casting the rest to
    fp32 would give FSDP layers of two types.
    """
    name, revision = config.model_name_or_path, config.model_revision
    own = AutoConfig.from_pretrained(name, revision=revision) if changes else None
    if own is not None:
        change(own, changes, where)
    dtype: Any = config.dtype if config.dtype in ("auto", None) else getattr(torch, config.dtype)
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
        name,
        config=own,
        revision=revision,
        attn_implementation=attention,
        dtype=dtype,
        quantization_config=get_quantization_config(config),
    )
    model.config.use_cache = True
    stop_at_turn_end(model, tokenizer)
    return model


def change(config: PretrainedConfig, changes: dict[str, Any], where: str) -> None:
    """Set values of a model's config in place; a mapping changes the keys that it names. Raises UserError for a key or a
    type that the config has not."""
    known = config.to_dict()
    for key, value in changes.items():
        here = f"{where}: config_overrides"
        old = _known(known, list(known), key, value, here)
        if isinstance(old, dict):
            more = RopeParameters.__annotations__ if key == "rope_parameters" else {}
            for name, inner in value.items():
                _known(old, [*old, *more], name, inner, f"{here}: {key}")
            value = {**old, **value}
        setattr(config, key, value)


def _known(values: dict[str, Any], keys: list[str], key: str, value: Any, here: str) -> Any:
    """What stands under `key` now."""
    if key not in keys:
        raise UserError(f"{here}: unknown key {key!r}.{did_you_mean(key, keys)}")
    old = values.get(key)
    # A whole number may stand for a float, true for neither.
    kinds = (int, float) if type(old) in (int, float) else type(old)
    if old is not None and (
        not isinstance(value, kinds) or isinstance(value, bool) > isinstance(old, bool)
    ):
        raise UserError(f"{here}: {key}: found {value!r}; expected a value like {old!r}")
    return old
