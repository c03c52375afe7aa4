"""Expected time, with what is assumed."""

from rich.console import Console
from rich.table import Table
from transformers import PretrainedConfig

from train.hours import step_seconds, tokens_per_second
from train.launch import Launch
from train.needs import Assumed, work_of
from train.shape import Shape


def print_hours(
    out: Console, launch: Launch, model: PretrainedConfig, shape: Shape, assumed: Assumed
) -> None:
    work, gpus, speed = work_of(launch, model, assumed), launch.engine.num_processes, assumed.speed
    update, generation = step_seconds(shape, work, gpus, speed)
    phases = ("update", "generation", "together") if launch.is_grpo else ("update",)
    table = Table("", *phases, title="expected time")
    for column in table.columns[1:]:
        column.justify = "right"
    values = (update, generation, update + generation)[: len(phases)]
    steps = launch.sizes.steps
    for name, count, unit in (
        ("seconds per step", 1, 1),
        ("hours per 1,000 steps", 1000, 3600),
        (f"hours for {steps:,} steps", steps, 3600),
    ):
        table.add_row(name, *(f"{value * count / unit:,.2f}" for value in values))
    out.print(table)
    rate = tokens_per_second(shape, work.sequence, gpus, speed)
    peak = f"{speed.peak_flops / 1e12:g} TFLOP/s a GPU (--gpu)"
    out.print(f"assumed: {peak}, {speed.mfu:.1%} of it in updates (--mfu): {rate:,.0f} tokens/s")
    most = "" if assumed.mean_tokens else ", as long as allowed (--mean-tokens)"
    out.print(f"         rows of {work.sequence:,.0f} tokens{most}")
    if launch.is_grpo:
        how = f"{1000 * work.layer_step_s:g} ms per layer and token (train/hours.py)"
        if work.uses_vllm:
            how = f"vLLM at {speed.generation_mfu:.1%} of the peak (--generation-mfu)"
        out.print(f"         prompts of {assumed.prompt_tokens:,} tokens (--prompt-tokens); {how}")
