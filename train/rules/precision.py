"""In how many bits is computed and kept."""

from train.launch import Launch
from train.rules.base import caution, refusal, says


@refusal
def two_precisions(launch: Launch) -> str | None:
    """training_args.py: the recipe's bf16 or fp16 wins over the launcher's mixed_precision; without either the launcher's
    counts, so that a recipe in float32 would train in bf16. The launcher's 'no' leaves it to the recipe."""
    launched = launch.engine.mixed_precision
    asked = "fp16" if launch.config.fp16 else "bf16" if launch.config.bf16 else "no"
    if launched in ("no", asked):
        return None
    remedy = f"{launched}: true here, or 'no' there, which leaves it to the recipe"
    found = f"mixed_precision {launched} in the accelerate config, and {asked} here"
    return says("trainer: bf16, fp16", found, remedy)


@refusal
def fp16_on_a_cpu(launch: Launch) -> str | None:
    """accelerate/accelerator.py sets fp16 up on other devices only."""
    if not launch.config.fp16 or not launch.on_cpu:
        return None
    return says(
        "trainer: fp16", "true on a CPU", "bf16, or neither: it would be float32 without a word"
    )


@refusal
def float16_weights(launch: Launch) -> str | None:
    """torch's GradScaler does not unscale float16 gradients, and without it they underflow. DeepSpeed and FSDP2 keep
    float32 copies; PEFT's adapters are float32."""
    alone = launch.engine.kind in ("single", "ddp")
    if launch.model.dtype != "float16" or not alone or launch.model.use_peft:
        return None
    return says(
        "model: dtype", "float16 for weights that are trained", "float32, with trainer.fp16=true"
    )


@caution
def updates_below_resolution(launch: Launch) -> str | None:
    """bfloat16 has 8 bits: a weight of 0.02 moves in steps of 0.0001. Engines with a float32 copy do not mind
    (train/memory.py)."""
    alone = launch.engine.kind in ("single", "ddp")
    if launch.model.dtype != "bfloat16" or not alone or launch.model.use_peft:
        return None
    found = f"bfloat16 with {launch.engine.kind} and learning_rate {launch.config.learning_rate:g}"
    remedy = "float32 (bf16: true computes as fast), or zero2, zero3, fsdp2: updates are lost in rounding"
    return says("model: dtype", found, remedy)
