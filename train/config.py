"""TRL's own configs from the `model` and `trainer` sections, with the checks that TRL leaves to the
first step.

Differences from TRL's defaults, each because the run directory or the machine decides it:
output_dir, run_name, seed, report_to (wandb), use_cpu and
bf16 (what the machine can do).
"""

import os
from typing import Any, TypeVar

import torch
from trl import GRPOConfig, ModelConfig, SFTConfig

from recipes.engine import Engine
from recipes.errors import UserError
from recipes.run import RunDir
from recipes.schema import GRPORecipe, TrainRecipe
from recipes.typed import build, one_of, validated

Config = TypeVar("Config", SFTConfig, GRPOConfig)

# Values that TRL 1.16.0 compares as plain strings, some only at the first step.
ENUMS: dict[str, dict[str, tuple[Any, ...]]] = {
    "GRPOConfig": {
        "loss_type": ("grpo", "dr_grpo", "dapo", "bnpo", "cispo", "sapo", "luspo", "vespo"),
        "scale_rewards": ("group", "batch", "none", True, False),
        "multi_objective_aggregation": ("sum_then_normalize", "normalize_then_sum"),
        "importance_sampling_level": ("token", "sequence"),
        "vllm_mode": ("colocate", "server"),
        "vllm_importance_sampling_mode": (
            "token_truncate",
            "token_mask",
            "sequence_truncate",
            "sequence_mask",
        ),
    },
    "SFTConfig": {
        "loss_type": ("nll", "dft"),
        "packing_strategy": ("bfd", "bfd_split", "wrapped"),
        "truncation_mode": ("keep_start", "keep_end"),
    },
}
DTYPES = ("float32", "bfloat16", "float16", "auto")
MANAGED = ("output_dir", "seed", "run_name", "resume_from_checkpoint", "reward_weights")
# Rows are tokenised before TRL sees them (data/chat.py), with the tokenizer's own template.
TOKENISED = ("chat_template_path", "eos_token", "assistant_only_loss")
ENGINE = ("deepspeed", "fsdp", "fsdp_config", "parallelism_config")  # recipes/engine.py
MACHINE = ("tf32", "ddp_backend")  # what TrainingArguments tries out on the machine that it is on


def model_config(recipe: TrainRecipe, where: str) -> ModelConfig:
    config = build(ModelConfig, recipe.model, f"{where}: model")
    if not config.model_name_or_path:
        raise UserError(
            f"{where}: model: missing key 'model_name_or_path'; expected a folder or a Hub name"
        )
    one_of("dtype", config.dtype, DTYPES, f"{where}: model")
    return config


def cpu_has_bf16() -> bool:
    """Whether this CPU computes in bf16 in hardware (AMX or AVX512-BF16); elsewhere bf16 is slower
    than fp32."""
    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())  # type: ignore[attr-defined]


def trains_on_cpu(recipe: TrainRecipe, planned: Engine | None) -> bool:
    """Plans are for GPUs, unless the recipe says otherwise."""
    default = planned is None and not torch.cuda.is_available()
    return bool(recipe.trainer.get("use_cpu", default))


def trainer_config(
    cls: type[Config], recipe: TrainRecipe, run: RunDir, where: str, planned: Engine | None = None
) -> Config:
    """An SFTConfig or GRPOConfig. Raises UserError naming file and key for anything TRL would not
    accept. planned: None for a launch on this machine, else as with these processes, whatever this machine has."""
    here = f"{where}: trainer"
    given = validated(cls, recipe.trainer, here)
    _refuse(given, MANAGED, here, "name` and `seed")
    _refuse(given, TOKENISED, here, "the tokenizer's chat template")
    _refuse(given, ("chat_template_kwargs",), here, "chat_template_kwargs")
    _refuse(given, ENGINE, here, "accelerate launch --config_file")
    if cls is SFTConfig and given.get("loss_type") == "chunked_nll":
        raise UserError(
            f"{here}: loss_type: found 'chunked_nll'; expected nll, which TRL computes in chunks of its own, not Liger's"
        )
    for key, accepted in ENUMS[cls.__name__].items():
        if key in given:
            one_of(key, given[key], accepted, here)
    on_cpu = trains_on_cpu(recipe, planned)
    defaults: dict[str, Any] = {
        "use_cpu": on_cpu,
        "report_to": "wandb",
        "gradient_checkpointing": not on_cpu,
    }
    if on_cpu:
        # `bf16: true` in a recipe means "where the hardware has it", so that it also runs on a
        # laptop.
        given["bf16"] = bool(given.get("bf16", False)) and cpu_has_bf16()
    if isinstance(recipe, GRPORecipe) and (server := os.environ.get("TETHER_VLLM_HOST")):
        # Of this allocation, not of the recipe: a requeued job finds its server elsewhere, and must still be the same run.
        defaults["vllm_server_host"] = server
    if isinstance(recipe, GRPORecipe) and recipe.monitoring is not None:
        _refuse(given, ("eval_strategy", "eval_steps"), here, "monitoring")
        groups = given.get("num_generations_eval") or given.get("num_generations", 8)
        defaults |= {"per_device_eval_batch_size": groups}
        given |= {"eval_strategy": "steps", "eval_steps": recipe.monitoring.every_steps}
    if planned is not None:
        cls = _elsewhere(cls, planned.num_processes)
        given = {key: value for key, value in given.items() if key not in MACHINE} | {
            "use_cpu": True
        }
    try:
        return cls(
            output_dir=str(run.path), run_name=recipe.name, seed=recipe.seed, **(defaults | given)
        )
    except ValueError as error:
        raise UserError(f"{here}: {' '.join(str(error).split())}") from None


def _elsewhere(cls: type[Config], num_processes: int) -> type[Config]:
    """`cls` with the arithmetic of another number of processes than were launched."""
    return type(cls.__name__, (cls,), {"world_size": property(lambda self: num_processes)})


def _refuse(given: dict[str, Any], keys: tuple[str, ...], here: str, source: str) -> None:
    for key in keys:
        if key in given:
            raise UserError(f"{here}: {key} is set by Tether (from `{source}`); remove it")
