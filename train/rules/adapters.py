"""LoRA and quantised weights."""

from importlib.util import find_spec

from transformers.trainer_optimizer import _BITSANDBYTES_OPTIMIZERS

from train.launch import Launch
from train.rules.base import caution, refusal, says


@refusal
def adapters_switched_off(launch: Launch) -> str | None:
    """trl/trainer/utils.py, get_peft_config ignores every other key without use_peft."""
    keys = ("lora_", "use_rslora", "use_dora")
    given = [key for key in launch.recipe.model if key.startswith(keys)]
    if not given or launch.model.use_peft:
        return None
    return says(f"model: {given[0]}", "it without use_peft", "use_peft: true, or neither")


@refusal
def a_lone_target(launch: Launch) -> str | None:
    """trl/trainer/model_config.py makes a list of one a string, which peft matches with whole names, as a pattern."""
    target = launch.model.lora_target_modules
    if not isinstance(target, str) or not target.isidentifier():
        return None
    remedy = f"'.*{target}': TRL makes a pattern of it, which matches no whole name"
    return says("model: lora_target_modules", f"[{target}] alone", remedy)


@refusal
def an_adapter_on_the_head(launch: Launch) -> str | None:
    """Both trainers multiply by lm_head.weight itself, and refuse once the model is loaded (grpo_trainer.py)."""
    targets = launch.model.lora_target_modules or ()
    named = [targets] if isinstance(targets, str) else targets
    if not launch.model.use_peft or "lm_head" not in named:
        return None
    remedy = "the others: its adapter would never be trained (lora_modules_to_save trains it whole)"
    return says("model: lora_target_modules", "lm_head", remedy)


def _quantised(launch: Launch) -> str:
    return f"model: load_in_{launch.quantised_bits}bit"


@refusal
def quantised_without_adapters(launch: Launch) -> str | None:
    """transformers/trainer_utils.py, validate_quantization_for_training, once the model is loaded."""
    if not launch.quantised_bits or launch.model.use_peft:
        return None
    remedy = "use_peft: true: quantised weights cannot be trained"
    return says(_quantised(launch), "true without use_peft", remedy)


@refusal
def quantised_on_a_cpu(launch: Launch) -> str | None:
    """bitsandbytes trains on GPUs (accelerate/accelerator.py, prepare_model)."""
    if not launch.quantised_bits or not launch.on_cpu:
        return None
    return says(_quantised(launch), "true on a CPU", "false there")


@refusal
def quantised_in_shards(launch: Launch) -> str | None:
    """modeling_utils.py builds quantised models outside deepspeed.zero.Init, whole on every GPU, and ZeRO-3 would then cut
    packed integers as if they were weights, apart from their quantisation state. 4-bit weights that are stored as floats are
    cut like weights (two CPU processes had ZeRO-2's losses)."""
    stored = launch.quantised_bits == 4 and launch.model.bnb_4bit_quant_storage == "bfloat16"
    if not launch.quantised_bits or stored or launch.engine.kind != "zero3":
        return None
    remedy = "ddp or zero2, which keep quantised weights whole (or 4 bits with bnb_4bit_quant_storage: bfloat16)"
    return says(_quantised(launch), "true with zero3", remedy)


@refusal
def no_type_to_compute_in(launch: Launch) -> str | None:
    """trl/trainer/utils.py, get_quantization_config hands `dtype` to bitsandbytes as the name of a torch type."""
    if not launch.model.load_in_4bit or launch.model.dtype not in ("auto", None):
        return None
    remedy = "bfloat16, in which 4-bit weights are multiplied"
    return says("model: dtype", f"{launch.model.dtype} with load_in_4bit", remedy)


@refusal
def bitsandbytes_missing(launch: Launch) -> str | None:
    """transformers/quantizers/quantizer_bnb_4bit.py and trainer_optimizer.py."""
    needed = launch.quantised_bits or launch.config.optim in _BITSANDBYTES_OPTIMIZERS
    if not needed or launch.planned or find_spec("bitsandbytes") is not None:
        return None
    key = _quantised(launch) if launch.quantised_bits else "trainer: optim"
    return says(key, "no bitsandbytes", "pip install bitsandbytes")


@refusal
def a_reference_to_keep_up(launch: Launch) -> str | None:
    """grpo_trainer.py refuses both at the end of its construction, after vLLM has started."""
    if not launch.is_grpo or not launch.config.sync_ref_model:
        return None
    key = "trainer: sync_ref_model"
    if launch.config.beta == 0:
        return says(key, "true with beta 0, which has no reference model", "beta above 0, or false")
    if launch.model.use_peft:
        return says(key, "true with use_peft, whose reference has no weights of its own", "false")
    return None


@caution
def quantised_and_whole(launch: Launch) -> str | None:
    """accelerate/utils/fsdp_utils.py, fsdp2_prepare_model leaves packed integers out of the shards."""
    floats = ("bfloat16", "float16", "float32")
    divided = launch.model.bnb_4bit_quant_storage in floats
    if not launch.model.load_in_4bit or launch.engine.kind != "fsdp2" or divided:
        return None
    remedy = "bfloat16: every GPU would hold all quantised weights"
    return says("model: bnb_4bit_quant_storage", "none with fsdp2", remedy)
