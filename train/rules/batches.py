"""Batches, checkpoints, losses: what Trainer or TRL would refuse late, or do differently."""

from transformers.utils import is_liger_kernel_available

from recipes.schema import GRPORecipe
from train.arithmetic import resumable_every
from train.launch import Launch
from train.rules.base import refusal, says


@refusal
def saves_inside_a_generation_cycle(launch: Launch) -> str | None:
    """The trainer's step counter and its buffer of completions start anew on resuming."""
    config = launch.config
    if not launch.is_grpo or config.save_strategy != "steps":
        return None
    cycle = resumable_every(config)
    if config.save_steps % cycle == 0:
        return None
    remedy = (
        f"a multiple of {cycle} (steps_per_generation * num_iterations / gradient_accumulation_steps): "
        "a checkpoint inside a generation cycle does not resume exactly"
    )
    return says("trainer: save_steps", f"{config.save_steps:g}", remedy)


@refusal
def groups_over_processes(launch: Launch) -> str | None:
    """train/dynamic_sampling.py refills whole groups."""
    if not isinstance(launch.recipe, GRPORecipe) or launch.recipe.dynamic_sampling is None:
        return None
    config = launch.config
    rows = config.per_device_train_batch_size * config.steps_per_generation
    if rows % config.num_generations == 0:
        return None
    groups = "dynamic_sampling refills whole groups on each process"
    remedy = f"a multiple of num_generations ({config.num_generations}): {groups}"
    return says("trainer: per_device_train_batch_size * steps_per_generation", rows, remedy)


@refusal
def stages_beyond_the_run(launch: Launch) -> str | None:
    """The run is sized for `max_completion_length`."""
    stages = launch.recipe.stages if isinstance(launch.recipe, GRPORecipe) else ()
    most = launch.config.max_completion_length or 0 if launch.is_grpo else 0
    for index, stage in enumerate(stages):
        if stage.max_completion_length > most:
            remedy = f"at most trainer.max_completion_length ({most})"
            key = f"stages.{index}: max_completion_length"
            return says(key, stage.max_completion_length, remedy)
    return None


@refusal
def too_few_prompts(launch: Launch) -> str | None:
    """trl/trainer/utils.py, RepeatSampler drops a round that is not full; Trainer then stops at step 0 with a warning."""
    groups = launch.sizes.groups_per_round
    if groups is None or launch.sizes.rows >= groups:
        return None
    remedy = (
        f"at least {groups}, those of one generation (per_device_train_batch_size * processes * steps_per_generation / "
        "num_generations): nothing would be trained"
    )
    return says("data", f"{launch.sizes.rows} prompts", remedy)


@refusal
def evaluation_without_data(launch: Launch) -> str | None:
    """transformers/trainer.py wants an evaluation set once the model is loaded; only `monitoring` makes one."""
    monitored = isinstance(launch.recipe, GRPORecipe) and launch.recipe.monitoring is not None
    if launch.config.eval_strategy == "no" or monitored:
        return None
    remedy = (
        "a section monitoring:, or no" if launch.is_grpo else "no: eval/sweep.py scores checkpoints"
    )
    found = f"{launch.config.eval_strategy.value} without an evaluation set"
    return says("trainer: eval_strategy", found, remedy)


@refusal
def settings_for_another_loader(launch: Launch) -> str | None:
    """Both trainers ignore it for a model that is loaded already, as train/model.py's is."""
    if not launch.config.model_init_kwargs:
        return None
    return says(
        "trainer: model_init_kwargs", "it, which nothing would read", "keys of the section model"
    )


@refusal
def chunks_and_liger(launch: Launch) -> str | None:
    """TRL computes its losses in chunks and refuses Liger's fused one after loading (sft_trainer.py, grpo_trainer.py)."""
    settings = launch.config.liger_kernel_config or {}
    if not settings.get("fused_linear_cross_entropy"):
        return None
    remedy = "it left out: TRL computes the loss in chunks itself"
    return says("trainer: liger_kernel_config", "fused_linear_cross_entropy true", remedy)


@refusal
def liger_missing(launch: Launch) -> str | None:
    """transformers/integrations/liger.py raises when training starts; its kernels are Triton's."""
    key = "trainer: use_liger_kernel"
    if not launch.config.use_liger_kernel:
        return None
    if launch.on_cpu:
        return says(key, "true on a CPU", "false there")
    if launch.planned or is_liger_kernel_available():
        return None
    return says(key, "no liger-kernel", "pip install -r requirements-gpu.txt, or false")


@refusal
def selective_checkpointing(launch: Launch) -> str | None:
    """sft_trainer.py, after the model is loaded; GRPO's trainer does not know the key."""
    settings = launch.config.gradient_checkpointing_kwargs or {}
    if not settings.get("selective"):
        return None
    key = "trainer: gradient_checkpointing_kwargs"
    if launch.is_grpo:
        return says(key, "selective with GRPO", "it in SFT only")
    if not launch.config.gradient_checkpointing:
        return says(key, "selective with gradient_checkpointing false", "true")
    if settings.get("use_reentrant"):
        return says(key, "selective with use_reentrant true", "false")
    if launch.model.use_peft and launch.engine.kind == "zero3":
        return says(
            key, "selective with use_peft and zero3, which needs use_reentrant", "it left out"
        )
    return None
