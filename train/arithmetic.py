"""Batch arithmetic: what an optimizer step is made of, and how many there are."""

import math
from dataclasses import dataclass

from trl import GRPOConfig, SFTConfig

from recipes.engine import Engine


@dataclass(frozen=True)
class Arithmetic:
    """Over all processes. A sample is one sequence that is trained on.

    rows:              before decontamination, until they are read
    processes:         that see rows of their own
    tokens_per_step:   at most: samples times the longest sequence (SFT) or completion (GRPO)
    rounds_per_epoch:  generations for the data once through; groups_per_round: prompts of one (GRPO only)
    """

    rows: int
    processes: int
    samples_per_step: int
    steps: int
    tokens_per_step: int
    groups_per_step: float | None = None
    groups_per_round: int | None = None
    rounds_per_epoch: int | None = None


def arithmetic(config: SFTConfig | GRPOConfig, rows: int, engine: Engine) -> Arithmetic:
    processes = engine.data_parallel
    micro = config.per_device_train_batch_size * processes
    samples = micro * config.gradient_accumulation_steps
    if not isinstance(config, GRPOConfig):
        steps = _steps(config, math.ceil(rows / samples))
        return Arithmetic(rows, processes, samples, steps, samples * (config.max_length or 0))
    # TRL draws whole rounds and leaves the rest of an epoch's rows (trl/trainer/utils.py, RepeatSampler).
    groups = micro * config.steps_per_generation // config.num_generations
    rounds = rows // groups
    passes = passes_per_round(config)
    steps = _steps(config, math.ceil(rounds * passes / config.gradient_accumulation_steps))
    tokens = samples * (config.max_completion_length or 0)
    per_step = samples / config.num_generations
    return Arithmetic(rows, processes, samples, steps, tokens, per_step, groups, rounds)


def rounds_per_step(config: GRPOConfig) -> float:
    """Generations per optimizer step; below 1 where one lasts for several steps."""
    return config.gradient_accumulation_steps / passes_per_round(config)


def resumable_every(config: SFTConfig | GRPOConfig) -> int:
    """Steps from one exactly resumable step to the next: a GRPO generation batch is not saved, so a checkpoint must not cut
    its use short."""
    if not isinstance(config, GRPOConfig):
        return 1
    return max(1, passes_per_round(config) // config.gradient_accumulation_steps)


def passes_per_round(config: GRPOConfig) -> int:
    """Forward and backward passes that one generation lasts for."""
    passes: int = config.steps_per_generation * config.num_iterations
    return passes


def _steps(config: SFTConfig | GRPOConfig, per_epoch: int) -> int:
    if config.max_steps > 0:
        return int(config.max_steps)
    return math.ceil(per_epoch * config.num_train_epochs)
