"""What a launch needs, in memory and in time, under assumptions that a report prints."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from transformers import PretrainedConfig

from train.arithmetic import passes_per_round, rounds_per_step
from train.hours import Assumptions, Work
from train.launch import Launch
from train.memory import estimate
from train.memory.generation import cache_bytes
from train.memory.load import OVERHEAD, Attention, Generation, Load
from train.memory.states import STATES
from train.rollout import who_generates
from train.shape import Shape, shape_of

FULL = 0.95  # of a GPU's memory: what an estimate may fill


@dataclass(frozen=True)
class Assumed:
    """gpu_memory: of one GPU, in bytes; prompt_tokens: of the longest prompt (GRPO); mean_tokens: of a row of SFT, or of a
    completion of GRPO, None for as long as allowed"""

    gpu_memory: float = 80e9
    prompt_tokens: int = 512
    mean_tokens: int | None = None
    speed: Assumptions = field(default_factory=Assumptions)


def longest_row(launch: Launch, model: PretrainedConfig, assumed: Assumed) -> int:
    """In tokens, prompt included."""
    positions: int = model.get_text_config().max_position_embeddings
    if launch.is_grpo:
        return assumed.prompt_tokens + (launch.config.max_completion_length or positions)
    return int(launch.config.max_length or positions)


# ---------------------------------------------------------------------- memory


def load_of(launch: Launch, model: PretrainedConfig, shape: Shape, assumed: Assumed) -> Load:
    config = launch.config
    dtype = launch.model.dtype
    if dtype in ("auto", None):
        dtype = str(model.dtype or "bfloat16")
    weight_bytes = 4 if "float32" in dtype else 2
    rows, tokens = config.per_device_train_batch_size, longest_row(launch, model, assumed)
    if launch.padding_free:  # one row of them all
        rows, tokens = 1, rows * tokens
    settings = config.gradient_checkpointing_kwargs or {}
    return Load(
        shape=shape,
        engine=launch.engine,
        weight_bytes=weight_bytes,
        compute_bytes=2 if launch.mixed else weight_bytes,
        rows=rows,
        tokens=tokens,
        quantised_bits=launch.quantised_bits,
        nested=launch.model.use_bnb_nested_quant,
        states=_states(launch),
        attention=_attention(launch),
        masked=_masked(launch),
        checkpointing=config.gradient_checkpointing,
        selective=bool(settings.get("selective")),
        offloads=bool(getattr(config, "activation_offloading", False)),
        accumulates=config.gradient_accumulation_steps > 1,
        liger=bool(config.use_liger_kernel),
        all_logits=not launch.is_grpo and config.label_smoothing_factor > 0,
        reference=launch.is_grpo and config.beta != 0,
        rewards=_rewards(launch, shape),
        generation=_generation(launch, tokens),
        gpu_memory=assumed.gpu_memory,
        overhead=0.0 if launch.on_cpu else OVERHEAD,
    )


def _states(launch: Launch) -> float:
    if getattr(launch.recipe, "muon", None) is not None:
        return STATES["muon"]
    return next((states for part, states in STATES.items() if part in launch.optimizer), 2.0)


def _attention(launch: Launch) -> Attention:
    if launch.flash or launch.attention == "flex_attention":
        return "flash"
    return "eager" if launch.attention == "eager" else "sdpa"


def _masked(launch: Launch) -> bool:
    """transformers skips a mask of ones (masking_utils.py): a row alone, or rows that packing fills."""
    config = launch.config
    if launch.is_grpo or launch.padding_free:
        return True
    padded = config.per_device_train_batch_size > 1 or bool(config.pad_to_multiple_of)
    return padded and not config.packing


def _generation(launch: Launch, tokens: int) -> Generation | None:
    """None for SFT, and where a server generates."""
    config = launch.config
    if not launch.is_grpo or (launch.uses_vllm and not launch.colocated):
        return None
    rows = config.per_device_train_batch_size * config.steps_per_generation
    share = config.vllm_gpu_memory_utilization if launch.uses_vllm else 0.0
    sleeps = launch.uses_vllm and config.vllm_enable_sleep_mode
    return Generation(rows, tokens, share, sleeps, who_generates(launch))


def _rewards(launch: Launch, shape: Shape) -> float:
    """A model that is not there yet, as one that an earlier stage trains, counts as large as the policy."""
    held = [getattr(entry.reward, "weight_bytes", None) for entry in launch.rewards]
    return float(sum(one(shape.params) for one in held if one is not None))


def vllm_needs(launch: Launch, load: Load) -> float:
    """Bytes that vLLM's share must hold on one GPU: weights in 16 bits, and the cache of one sequence; 0 without vLLM."""
    if load.generation is None or not load.generation.vllm:
        return 0.0
    one_sequence = cache_bytes(load, 1, load.generation.tokens, 2)
    return (2 * load.shape.params + one_sequence) / launch.config.vllm_tensor_parallel_size


class Remedy(NamedTuple):
    """What to change, and what it would lead to."""

    text: str
    load: Load
    peak: float


def remedies(launch: Launch, model: PretrainedConfig, load: Load) -> list[Remedy]:
    """One change each; those that help, best first."""
    enough = 0.99 * estimate(load).peak
    found = [
        Remedy(text, changed, estimate(changed).peak)
        for text, changed in _changes(launch, model, load)
    ]
    return sorted((one for one in found if one.peak < enough), key=lambda one: one.peak)


def together(launch: Launch, model: PretrainedConfig, load: Load, room: float) -> list[Remedy]:
    """Changes on top of each other, until the peak fits into `room` bytes or nothing helps any more."""
    taken: list[Remedy] = []
    while not taken or taken[-1].peak > room:
        texts = {one.text for one in taken}
        left = [one for one in remedies(launch, model, load) if one.text not in texts]
        if not left:
            break
        taken.append(left[0])
        load = left[0].load
    return taken


def _changes(launch: Launch, model: PretrainedConfig, load: Load) -> Iterator[tuple[str, Load]]:
    config, engine, generation = launch.config, load.engine, load.generation
    if not load.checkpointing:
        yield "trainer.gradient_checkpointing=true", replace(load, checkpointing=True)
    if load.rows > 1 and load.rows == config.per_device_train_batch_size:
        half, twice = load.rows // 2, config.gradient_accumulation_steps * 2
        accumulate = f"trainer.gradient_accumulation_steps={twice}"
        text = f"trainer.per_device_train_batch_size={half} {accumulate}"
        yield text, replace(load, rows=half)
    for kind in ("zero2", "zero3", "fsdp2"):
        if engine.num_processes > 1 and kind != engine.kind and not launch.on_cpu:
            yield (
                f"recipes/accelerate/{kind}.yaml",
                replace(load, engine=replace(engine, kind=kind)),
            )
    if load.deepspeed and not engine.offload_optimizer:
        offloaded = replace(engine, offload_optimizer=True)
        yield "offload_optimizer_device: cpu (slow)", replace(load, engine=offloaded)
    if not launch.model.use_peft:
        adapted = replace(launch.model, use_peft=True)
        yield "model.use_peft=true", replace(load, shape=shape_of(model, adapted))
    elif not load.quantised_bits and engine.kind != "zero3" and not launch.on_cpu:
        yield "model.load_in_4bit=true", replace(load, quantised_bits=4)
    if generation is None:
        return
    if not generation.vllm:
        share = config.vllm_gpu_memory_utilization
        vllm = replace(generation, vllm=share, own=None)
        yield "trainer.use_vllm=true", replace(load, generation=vllm)
    elif not generation.sleeps:
        yield (
            "trainer.vllm_enable_sleep_mode=true",
            replace(load, generation=replace(generation, sleeps=True)),
        )


# ---------------------------------------------------------------------- time


def work_of(launch: Launch, model: PretrainedConfig, assumed: Assumed) -> Work:
    """Of one optimizer step; an upper bound without `mean_tokens`."""
    sizes, config = launch.sizes, launch.config
    longest = longest_row(launch, model, assumed)
    if not launch.is_grpo:
        sequence = assumed.mean_tokens or longest
        return Work(tokens=sizes.samples_per_step * sequence, sequence=sequence)
    completion = assumed.mean_tokens or longest - assumed.prompt_tokens
    sequence = assumed.prompt_tokens + completion
    rounds = rounds_per_step(config)
    generated = rounds * (sizes.groups_per_round or 0) * config.num_generations
    passes = passes_per_round(config)
    old_policy = launch.corrects_vllm or config.gradient_accumulation_steps % passes != 0
    return Work(
        tokens=sizes.samples_per_step * sequence,
        sequence=sequence,
        forwards=(old_policy + (config.beta != 0)) * generated / sizes.samples_per_step,
        generated=generated * completion,
        token_steps=rounds * (longest - assumed.prompt_tokens),
        uses_vllm=bool(config.use_vllm),
        graphs=who_generates(launch) is not None,
    )
