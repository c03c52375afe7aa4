"""What `--dry-run` prints: the resolved recipe and its batch arithmetic, without loading a model or
reading data."""

import math
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from trl import GRPOConfig, SFTConfig

from data.sources import Source
from recipes.errors import UserError
from recipes.schema import GRPORecipe, TrainRecipe, to_yaml


@dataclass(frozen=True)
class Arithmetic:
    """Sizes per optimizer step, over all processes. A sample is one sequence that is trained on."""

    rows: int
    processes: int
    samples_per_step: int
    steps: int
    tokens_per_step: (
        int  # an upper bound: samples times the longest sequence (SFT) or completion (GRPO)
    )
    groups_per_step: int | None  # GRPO only


def arithmetic(config: SFTConfig | GRPOConfig, rows: int, where: str) -> Arithmetic:
    """Raises UserError for a save step that cannot resume exactly."""
    samples = (
        config.per_device_train_batch_size * config.gradient_accumulation_steps * config.world_size
    )
    if isinstance(config, GRPOConfig):
        groups = _check_groups(config, where)
        prompts_per_step = samples / config.num_generations
        steps_per_epoch = max(1, math.floor(rows / prompts_per_step))
        length = config.max_completion_length or 0
    else:
        groups = None
        steps_per_epoch = math.ceil(rows / samples)
        length = config.max_length or 0
    steps = (
        config.max_steps
        if config.max_steps > 0
        else math.ceil(steps_per_epoch * config.num_train_epochs)
    )
    return Arithmetic(rows, config.world_size, samples, steps, samples * length, groups)


def _check_groups(config: GRPOConfig, where: str) -> int:
    """Groups per generation round, over all processes; TRL has checked that they are whole."""
    here = f"{where}: trainer"
    spg, accumulation = config.steps_per_generation, config.gradient_accumulation_steps
    assert spg is not None, "GRPOConfig fills in steps_per_generation"
    cycle = max(1, spg * config.num_iterations // accumulation)
    if config.save_strategy == "steps" and config.save_steps % cycle:
        raise UserError(
            f"{here}: save_steps: found {config.save_steps}; expected a multiple of {cycle} (steps_per_generation * "
            "num_iterations / gradient_accumulation_steps): a checkpoint inside a generation cycle does not resume exactly"
        )
    return config.per_device_train_batch_size * spg * config.world_size // config.num_generations


def check_rollouts(recipe: GRPORecipe, config: GRPOConfig, where: str) -> None:
    """Raises UserError where dynamic sampling would meet groups that are spread over processes, or a stage would exceed
    the completion length that the run was sized for."""
    slice_size = config.per_device_train_batch_size * (config.steps_per_generation or 1)
    if recipe.dynamic_sampling is not None and slice_size % config.num_generations:
        raise UserError(
            f"{where}: trainer: per_device_train_batch_size * steps_per_generation: found {slice_size}; expected a "
            f"multiple of num_generations ({config.num_generations}): dynamic_sampling refills whole groups on each process"
        )
    for index, stage in enumerate(recipe.stages):
        if stage.max_completion_length > (config.max_completion_length or 0):
            raise UserError(
                f"{where}: stages.{index}: max_completion_length: found {stage.max_completion_length}; expected at most "
                f"trainer.max_completion_length ({config.max_completion_length})"
            )


def describe(
    recipe: TrainRecipe, config: SFTConfig | GRPOConfig, sources: list[Source], sizes: Arithmetic
) -> None:
    """Print the resolved recipe, then rows, steps, tokens and groups."""
    console = Console()
    console.print(to_yaml(recipe), highlight=False, markup=False)
    table = Table("source", "rows", title="data")
    for entry, source in zip(recipe.data, sources, strict=True):
        table.add_row(str(entry["name"]), f"{len(source):,}")
    console.print(table)
    facts: dict[str, Any] = {
        "rows": f"{sizes.rows:,}",
        "processes": sizes.processes,
        "samples per step": sizes.samples_per_step,
        "groups per step": sizes.groups_per_step,
        "tokens per step, at most": f"{sizes.tokens_per_step:,}",
        "steps": f"{sizes.steps:,}",
        "precision": "bf16" if config.bf16 else "fp32",
    }
    table = Table("per optimizer step", "", title=recipe.name)
    for name, value in facts.items():
        if value is not None:
            table.add_row(name, str(value))
    console.print(table)
