"""How the run is spread over processes."""

import torch

from recipes.schema import SFTRecipe
from train.launch import Launch
from train.rules.base import caution, refusal, says

PARALLEL = "accelerate: parallelism_config"


@refusal
def fsdp_on_a_cpu(launch: Launch) -> str | None:
    """accelerate/state.py turns FSDP on for launches on GPUs only, and leaves DDP otherwise."""
    if launch.engine.kind != "fsdp2" or not launch.on_cpu:
        return None
    key, found = "accelerate: distributed_type", "FSDP on a CPU"
    return says(key, found, "zero2, zero3 or ddp: accelerate would run DDP without a word")


@refusal
def sequences_divided_in_grpo(launch: Launch) -> str | None:
    """GRPOConfig refuses its own parallelism_config; that of an accelerate file never reaches it (sft_trainer.py)."""
    engine = launch.engine
    if not launch.is_grpo or engine.context_parallel * engine.sequence_parallel == 1:
        return None
    found = f"cp_size {engine.context_parallel} and sp_size {engine.sequence_parallel} with GRPO"
    return says(PARALLEL, found, "1 and 1: what GRPO generates cannot be divided")


@refusal
def tensor_parallel(launch: Launch) -> str | None:
    """Accelerator.prepare_model raises for a model that was not loaded with a plan, which train/model.py has not."""
    size = launch.engine.tensor_parallel
    return says(PARALLEL, f"tp_size {size}", "1: models are loaded whole") if size > 1 else None


@refusal
def context_parallel(launch: Launch) -> str | None:
    """accelerate/state.py wants FSDP2, transformers/trainer.py sdpa, sft_trainer.py rows that are not packed; all of them
    when the model is there."""
    if launch.engine.context_parallel == 1 or launch.is_grpo:
        return None
    if launch.engine.kind != "fsdp2":
        return says(PARALLEL, f"cp_size with {launch.engine.kind}", "fsdp2")
    if launch.attention != "sdpa":
        return says("model: attn_implementation", f"{launch.attention} with cp_size", "sdpa")
    if launch.config.packing or launch.config.eval_packing:
        return says(
            "trainer: packing", "true with cp_size", "false: documents would see each other"
        )
    return None


@refusal
def sequence_parallel(launch: Launch) -> str | None:
    """DeepSpeed's (accelerator.py, _prepare_deepspeed); sft_trainer.py refuses losses that are not the model's own."""
    if launch.engine.sequence_parallel == 1 or launch.is_grpo:
        return None
    if launch.engine.kind not in ("zero2", "zero3"):
        return says(PARALLEL, f"sp_size with {launch.engine.kind}", "zero2 or zero3")
    if launch.config.loss_type == "dft":
        return says("trainer: loss_type", "dft with sp_size", "nll")
    if launch.config.label_smoothing_factor > 0:
        return says("trainer: label_smoothing_factor", "one with sp_size", "0")
    return None


@refusal
def several_gpus_in_one_process(launch: Launch) -> str | None:
    """Trainer would wrap the model in nn.DataParallel, which both of TRL's trainers refuse after loading it."""
    visible = 0 if launch.planned or launch.on_cpu else torch.cuda.device_count()
    if launch.engine.kind != "single" or visible < 2:
        return None
    remedy = "accelerate launch --config_file ..., or CUDA_VISIBLE_DEVICES=0"
    return says("launch", f"one process and {visible} visible GPUs", remedy)


@refusal
def muon_on_shards(launch: Launch) -> str | None:
    """train/muon.py orthogonalises whole matrices."""
    asked = isinstance(launch.recipe, SFTRecipe) and launch.recipe.muon is not None
    if not asked or launch.engine.kind in ("single", "ddp"):
        return None
    return says(
        "muon", f"it with {launch.engine.kind}", "one process or ddp: it needs whole matrices"
    )


@refusal
def checkpointed_twice(launch: Launch) -> str | None:
    """transformers/trainer.py, create_accelerator_and_postprocess."""
    if not (launch.engine.activation_checkpointing and launch.config.gradient_checkpointing):
        return None
    found = "true, with fsdp_activation_checkpointing true in the accelerate config"
    return says("trainer: gradient_checkpointing", found, "one of them")


@refusal
def smaller_batches_under_zero3(launch: Launch) -> str | None:
    """transformers/trainer.py, create_accelerator_and_postprocess."""
    if launch.engine.kind != "zero3" or not launch.config.auto_find_batch_size:
        return None
    return says("trainer: auto_find_batch_size", "true with zero3", "false")


@refusal
def checkpoints_in_shards(launch: Launch) -> str | None:
    """eval/sweep.py reads checkpoints as they are."""
    if launch.engine.whole_checkpoints:
        return None
    zero3 = launch.engine.kind == "zero3"
    key = "zero3_save_16bit_model" if zero3 else "fsdp_state_dict_type"
    value = "true" if zero3 else "FULL_STATE_DICT"
    return says(f"accelerate: {key}", "checkpoints in shards", f"{value}, which the sweep can read")


@caution
def generation_layer_by_layer(launch: Launch) -> str | None:
    """trl/distributed.py, summon_full_params does nothing for FSDP2, so every layer is gathered for every token."""
    if not launch.is_grpo or launch.engine.kind != "fsdp2" or launch.uses_vllm:
        return None
    remedy = "true, or zero2 or zero3: each layer would be gathered anew for each token"
    return says("trainer: use_vllm", "false with fsdp2", remedy)
