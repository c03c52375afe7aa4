"""Exact sizes of a model, adapters included, from its config alone: the model is built on the meta device."""

from dataclasses import dataclass
from typing import Any

import torch
from accelerate import init_empty_weights
from peft import get_peft_model
from transformers import AutoModelForCausalLM, PretrainedConfig
from trl import ModelConfig, get_peft_config


@dataclass(frozen=True)
class Shape:
    """Numbers of parameters, tied ones once, and the sizes that activations depend on.

    params:     of the model, without adapters
    trained:    with gradients: all of them, or the adapters and `lora_modules_to_save`
    adapters:   of the adapters alone; 0 without
    matmul:     in matrix products per token: linear layers and the head, which counts where it is tied too
    quantised:  in linear layers without the head: what bitsandbytes quantises
    head:       of the output layer, which is also the embedding's size
    layer:      of one decoder layer
    qk_norm:    whether queries and keys are normalised (Qwen3)
    dropped_inputs: input features of one decoder layer that adapters drop some of (`lora_dropout`), added up
    """

    params: int
    trained: int
    adapters: int
    matmul: int
    quantised: int
    head: int
    layer: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    vocab: int
    tied: bool
    qk_norm: bool
    dropped_inputs: int = 0


def shape_of(config: PretrainedConfig, model_args: ModelConfig) -> Shape:
    """Of a dense decoder. Raises ValueError for adapters that fit nothing in it."""
    text = config.get_text_config()
    with init_empty_weights():
        model = AutoModelForCausalLM.from_config(config)
    model.tie_weights()
    head = model.get_output_embeddings().weight
    linear = [module.weight for module in _modules(model, torch.nn.Linear)]
    layer = model.get_decoder().layers[0]
    facts: dict[str, Any] = {
        "params": _count(model),
        "matmul": sum(weight.numel() for weight in linear),
        "quantised": sum(weight.numel() for weight in linear if weight is not head),
        "head": head.numel(),
        "layer": _count(layer),
        "hidden": text.hidden_size,
        "layers": text.num_hidden_layers,
        "heads": text.num_attention_heads,
        "kv_heads": text.num_key_value_heads,
        "head_dim": getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads,
        "intermediate": text.intermediate_size,
        "vocab": text.vocab_size,
        "tied": text.tie_word_embeddings,
        "qk_norm": hasattr(layer.self_attn, "q_norm"),
    }
    peft_config = get_peft_config(model_args)
    if peft_config is None:
        return Shape(trained=facts["params"], adapters=0, **facts)
    with init_empty_weights():
        adapted = get_peft_model(model, peft_config, low_cpu_mem_usage=True)
    trained = {name: p.numel() for name, p in adapted.named_parameters() if p.requires_grad}
    return Shape(
        trained=sum(trained.values()),
        adapters=sum(number for name, number in trained.items() if "lora_" in name),
        dropped_inputs=sum(_dropped(module) for module in layer.modules()),
        **facts,
    )


def _dropped(module: Any) -> int:
    if not hasattr(module, "lora_dropout"):
        return 0
    active = any(isinstance(one, torch.nn.Dropout) for one in module.lora_dropout.values())
    return int(module.in_features) if active else 0


def _count(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def _modules(model: torch.nn.Module, kind: type) -> list[Any]:
    return [module for module in model.modules() if isinstance(module, kind)]
