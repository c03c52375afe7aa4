"""The memory of one GPU by part, and what to change where it is likely to overflow."""

from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from transformers import PretrainedConfig

from recipes.architectures import Architecture
from train.launch import Launch
from train.memory import Estimate, estimate
from train.memory.load import Load
from train.needs import FULL, Assumed, Remedy, load_of, remedies, together, vllm_needs
from train.shape import Shape

MOST_REMEDIES = 5
OVERFLOW = "[bold]likely to overflow[/bold]"
REWARDS = "frozen; one that is not there yet counts as large as the policy"
BUFFERS = {
    "single": "autocast's copies of weights",
    "ddp": "buckets of gradients, autocast's copies",
    "zero2": "bucket of gradients",
    "zero3": "gathered layers, bucket of gradients",
    "fsdp2": "gathered layers and their gradients",
}


class Part(NamedTuple):
    """Bytes in each phase."""

    name: str
    update: float
    generation: float
    how: str


def print_memory(
    out: Console, launch: Launch, found: Architecture, shape: Shape, assumed: Assumed
) -> None:
    load = load_of(launch, found.config, shape, assumed)
    needed = estimate(load)
    out.print(_table(launch, load, needed))
    trained = f"{shape.trained:,} trained" if shape.adapters else "all trained"
    out.print(f"model: {shape.params:,} parameters, {trained}; read from {found.source}")
    if not launch.on_cpu:
        _overflow(out, launch, found.config, load, needed)


def _table(launch: Launch, load: Load, needed: Estimate) -> Table:
    process = "process" if launch.on_cpu else "GPU"
    phases = ["update", "generation"] if needed.generation else ["update"]
    table = Table("part", *phases, "how", title=f"memory of one {process}, in GB, estimated")
    for column in table.columns[1:-1]:
        column.justify = "right"
    for part in _parts(launch, load, needed):
        if part.update or part.generation:
            sizes = (part.update, part.generation)[: len(phases)]
            table.add_row(part.name, *map(_gb, sizes), part.how)
    table.add_section()
    totals = (needed.update, needed.generation)[: len(phases)]
    room = "" if launch.on_cpu else f"of {load.gpu_memory / 1e9:g}"
    table.add_row("at most", *map(_gb, totals), room)
    return table


def _gb(size: float) -> str:
    return f"{size / 1e9:,.2f}" if size else "-"


def _parts(launch: Launch, load: Load, needed: Estimate) -> list[Part]:
    config, generation = launch.config, load.generation
    trained = f"{load.shape.trained:,} parameters" + _divided(load.state_shards)
    beside = "" if load.accumulates else ", beside the activations that are left"
    kept = "checkpointed" if load.checkpointed else "all kept"
    rows = f"{load.rows} x {load.tokens:,} tokens, {kept}, {load.attention}"
    chunks = "all at once" if load.all_logits else "in chunks, and the head's gradient"
    sampled = f"{generation.rows} x {generation.tokens:,} tokens" if generation else ""
    share = f"vllm_gpu_memory_utilization {generation.vllm:g}" if generation else ""
    divided = _divided(load.weight_shards)
    beta = f"beta {config.beta:g}" if launch.is_grpo else ""
    return [
        Part("weights", needed.weights, needed.weights, _bits(load) + divided),
        Part("reference model", needed.reference, needed.reference, beta + divided),
        Part("models of rewards", needed.rewards, needed.rewards, REWARDS),
        Part("optimizer states", needed.optimizer, needed.optimizer, trained),
        Part("gradients", needed.gradients, 0.0, trained + beside),
        Part("engine's buffers", needed.buffers, 0.0, BUFFERS[load.engine.kind]),
        Part("activations", needed.activations, 0.0, rows),
        Part("logits", needed.logits, 0.0, chunks),
        Part("KV cache", 0.0, needed.kv_cache, sampled),
        Part("bf16 copy", 0.0, needed.policy_copy, "generates (train/rollout.py)"),
        Part("gathered weights", 0.0, needed.gathered, "ds3_gather_for_generation"),
        Part("vLLM", 0.0 if needed.vllm_sleeps else needed.vllm, needed.vllm, share),
        Part("CUDA, NCCL, fragments", needed.overhead, needed.overhead, "assumed"),
    ]


def _divided(shards: int) -> str:
    return f", divided by {shards}" if shards > 1 else ""


def _bits(load: Load) -> str:
    if load.quantised_bits:
        return f"{load.quantised_bits} bits, quantised"
    if load.deepspeed:
        return f"{8 * load.compute_bytes} bits (DeepSpeed)"
    return f"{8 * (load.trained_bytes if load.full else load.weight_bytes)} bits"


def _overflow(
    out: Console, launch: Launch, model: PretrainedConfig, load: Load, needed: Estimate
) -> None:
    room = FULL * load.gpu_memory
    if (least := vllm_needs(launch, load)) > needed.vllm:
        share = least / load.gpu_memory + 0.05
        found = f"vLLM's {_gb(needed.vllm)} GB are less than its weights and one sequence, {_gb(least)} GB"
        out.print(f"{OVERFLOW}: {found}; trainer.vllm_gpu_memory_utilization={share:.2f}")
    if needed.peak <= room:
        return
    phase = "the update" if needed.update >= needed.generation else "generation"
    out.print(f"{OVERFLOW}: {phase} needs {_gb(needed.peak)} of {load.gpu_memory / 1e9:g} GB.")
    single = remedies(launch, model, load)[:MOST_REMEDIES]
    out.print(
        "  one change each:" if single else "  no single key helps: more GPUs, or a smaller model"
    )
    for one in single:
        _change(out, one, room)
    if single and single[0].peak > room:
        out.print("  one after the other:")
        for one in together(launch, model, load, room):
            _change(out, one, room)


def _change(out: Console, one: Remedy, room: float) -> None:
    verdict = "fits" if one.peak <= room else "too much"
    out.print(f"  {_gb(one.peak):>7} GB {verdict:8} {one.text}")
