"""Memory by hand arithmetic, by ZeRO's and QLoRA's published numbers, by what autograd saves, and by peaks that were
published for another trainer."""

import functools
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, LlamaConfig, Qwen2Config, Qwen3Config
from trl import ModelConfig
from trl.trainer.utils import add_fused_lm_head

from recipes.architectures import config_of
from recipes.engine import Engine
from train.memory import estimate
from train.memory.activations import layer_activations
from train.memory.load import Generation, Load
from train.shape import Shape, shape_of

# The tiny base model (tests/test_architectures.py): 3,287,296 parameters, of which 2,949,120 in linear layers.
TINY = Shape(
    params=3_287_296, trained=3_287_296, adapters=0, matmul=3_284_992, quantised=2_949_120, head=335_872, layer=737_792,
    hidden=256, layers=4, heads=4, kv_heads=2, head_dim=64, intermediate=704, vocab=1312, tied=True, qk_norm=False,
)  # fmt: skip
LORA = replace(TINY, trained=28_672, adapters=28_672)  # r = 8 on q and v
N, A = TINY.params, LORA.trained


def load(kind="single", processes=1, shape=TINY, weight_bytes=4, compute_bytes=2, **changes):
    settings = {"rows": 2, "tokens": 128, **changes}
    return Load(shape, Engine(kind, processes), weight_bytes, compute_bytes, **settings)


def states(of):
    found = estimate(of)
    return found.weights, found.gradients, found.optimizer


@pytest.mark.parametrize(
    "of, weights, gradients, optimizer",
    [
        (load(), 4 * N, 4 * N, 8 * N),
        (load("ddp", 4), 4 * N, 4 * N, 8 * N),
        (load(weight_bytes=2), 2 * N, 2 * N, 4 * N),
        (load("zero2", 4), 2 * N, 2 * N / 4, 12 * N / 4),
        (load("zero3", 4), 2 * N / 4, 2 * N / 4, 12 * N / 4),
        (load("zero2", 4, compute_bytes=4), 4 * N, 4 * N / 4, 12 * N / 4),
        (load("fsdp2", 4), 4 * N / 4, 4 * N / 4, 8 * N / 4),
        (load("fsdp2", 4, weight_bytes=2), 4 * N / 4, 4 * N / 4, 8 * N / 4),
        # LoRA: the base as it is, adapters in float32
        (load(shape=LORA), 4 * N + 4 * A, 4 * A, 8 * A),
        (load(shape=LORA, weight_bytes=2), 2 * N + 4 * A, 4 * A, 8 * A),
        (load("zero3", 4, shape=LORA), (2 * N + 2 * A) / 4, 2 * A / 4, 12 * A / 4),
        (load("fsdp2", 4, shape=LORA, weight_bytes=2), (2 * N + 4 * A) / 4, 4 * A / 4, 8 * A / 4),
        # QLoRA: linear layers at 4.5 bits, embedding and norms as they are, adapters in bf16
        (
            load(shape=LORA, weight_bytes=2, quantised_bits=4),
            2_949_120 * 4.5 / 8 + (N - 2_949_120) * 2 + 2 * A,
            2 * A,
            4 * A,
        ),
    ],
)
def test_states_by_hand(of, weights, gradients, optimizer):
    assert states(of) == pytest.approx((weights, gradients, optimizer))


def test_gradients_come_while_activations_go():
    """With one micro-batch a step: they count where they are more than the activations of all layers but one."""
    many, few = (
        load(accumulates=False, checkpointing=False, rows=rows, tokens=128) for rows in (64, 1)
    )
    assert estimate(many).gradients == 0
    layers, ends = 3 * layer_activations(few), (4 + 3 * 4) * TINY.hidden
    assert estimate(few).gradients == pytest.approx(4 * N - 128 * (layers + ends))
    assert estimate(replace(few, accumulates=True)).gradients == 4 * N


def test_states_as_zero_publishes_them():
    """Figure 1: 7.5 B parameters on 64 GPUs take 16.6 GB with stage 2 and 1.9 GB with stage 3, 120 GB without."""
    shape = replace(TINY, params=7_500_000_000, trained=7_500_000_000)
    assert round(sum(states(load("zero2", 64, shape=shape))) / 1e9, 1) == 16.6
    assert round(sum(states(load("zero3", 64, shape=shape))) / 1e9, 1) == 1.9
    assert round(sum(states(load(shape=shape))) / 1e9) == 120


def test_nested_constants_as_qlora_publishes_them():
    """Section 3: 0.373 bits per parameter, about 3 GB of a model of 65 B."""
    shape = replace(LORA, quantised=65_000_000_000)
    once = estimate(load(shape=shape, quantised_bits=4)).weights
    twice = estimate(load(shape=shape, quantised_bits=4, nested=True)).weights
    assert round((once - twice) / 1e9, 1) == 3.0


def test_buffers_by_hand():
    linear, layer, head = TINY.quantised, TINY.layer, TINY.head
    assert estimate(load()).buffers == 2 * linear  # autocast's copies
    assert estimate(load(weight_bytes=2)).buffers == 0
    assert estimate(load("ddp", 2)).buffers == 2 * linear + 4 * N
    assert estimate(load(shape=LORA)).buffers == 2 * layer
    assert estimate(load(shape=LORA, checkpointing=False)).buffers == 2 * linear
    assert estimate(load("zero2", 2)).buffers == 1e9  # DeepSpeed's bucket of 5e8 elements
    assert estimate(load("zero3", 2)).buffers == 1e9 + 2 * (2 * layer + head)
    assert estimate(load("fsdp2", 2)).buffers == 2 * (2 * layer + head) + 2 * (layer + head)


def test_offloaded_states_are_elsewhere():
    zero3 = Engine("zero3", 2, offload_optimizer=True, offload_params=True)
    assert states(replace(load(), engine=zero3)) == (0, 0, 0)


def test_other_optimizers():
    assert estimate(load(states=0.5)).optimizer == 2 * N  # 8 bits: one byte each for two states
    assert estimate(load("zero2", 1, states=1.0)).optimizer == 8 * N


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize(
    "dtype, autocast", [(torch.float32, True), (torch.bfloat16, False), (torch.float32, False)]
)
@pytest.mark.parametrize("config_class", [LlamaConfig, Qwen2Config, Qwen3Config])
def test_a_layer_is_what_autograd_saves(config_class, dtype, autocast, attention):
    config = config_class(
        hidden_size=64, num_attention_heads=4, num_key_value_heads=2, head_dim=16, intermediate_size=176, vocab_size=100,
        num_hidden_layers=1, tie_word_embeddings=True,
    )  # fmt: skip
    saved = {}
    for layers in (1, 2):
        config.num_hidden_layers = layers
        config.layer_types = ["full_attention"] * layers
        saved[layers] = saved_bytes(config, dtype, autocast, attention)
    shape = shape_of(config, ModelConfig())
    of = load(
        shape=shape, weight_bytes=dtype.itemsize, compute_bytes=2 if autocast else dtype.itemsize, rows=1, tokens=32,
        attention=attention, masked=False,
    )  # fmt: skip
    # Autocast's copies of weights are counted among the buffers: q and o, k and v, three of the MLP.
    copies = 2 * (2 * 64 * 64 + 2 * 32 * 64 + 3 * 176 * 64) if autocast else 0
    assert saved[2] - saved[1] - copies == 32 * layer_activations(of)


def saved_bytes(config, dtype, autocast, attention):
    """What autograd keeps of one forward of 32 tokens, in bytes, weights left out."""
    model = AutoModelForCausalLM.from_config(config, attn_implementation=attention, dtype=dtype)
    add_fused_lm_head(model)
    own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    seen, kept = {}, []

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            seen[storage.data_ptr()] = storage.nbytes()
        kept.append(tensor)  # an address is not used again while its tensor lives
        return tensor

    ids = torch.arange(32)[None]
    with (
        torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor),
        torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast),
    ):
        model.train()(input_ids=ids, labels=ids, fused_lm_head=True)
    return sum(seen.values())


def test_activations_by_hand():
    # 256 tokens of h 256, f 704, 4 and 2 heads of 64; float32 with autocast and flash attention:
    layer = 26 * 256 + 2 * 2 * (256 + 128) + 4 * 4 + 8 * 704 + 8
    of = load(attention="flash", checkpointing=False)
    assert layer_activations(of) == layer == 13_848
    ends = (4 + 3 * 4) * 256
    assert estimate(of).activations == 256 * (4 * layer + ends)
    kept = 4 * 256
    checkpointed = estimate(replace(of, checkpointing=True)).activations
    assert checkpointed == 256 * (4 * kept + layer + ends)
    masked = layer_activations(load(attention="sdpa"))
    assert (
        masked - layer == 2 * 2 * (256 - 128) + 2 * 128
    )  # repeated keys and values, a mask of 128 columns


def test_sequences_that_are_divided():
    whole, half = load("fsdp2", 2), Engine("fsdp2", 2, context_parallel=2)
    assert replace(whole, engine=half).processed_tokens == whole.processed_tokens / 2


def test_logits_by_hand():
    tile, hidden = 256 * 32768 * 2, 256 * 256 * (4 + 4)
    assert estimate(load()).logits == tile + hidden + 4 * TINY.head
    assert estimate(load(shape=LORA)).logits == tile + hidden
    assert estimate(load(all_logits=True)).logits == 256 * 1312 * (2 + 4 + 4)


def test_generation_by_hand():
    own = Generation(rows=16, tokens=200)
    found = estimate(load(generation=own, weight_bytes=2))
    cache = (
        16 * 200 * 4 * 2 * 2 * 64 * 2
    )  # rows, tokens, layers, keys and values, heads, size, bytes
    assert found.kv_cache == cache + 16 * 1312 * 10
    assert found.generation == found.always + found.kv_cache and found.vllm == 0
    assert estimate(load("zero3", 4, generation=own)).gathered == 2 * N

    vllm = Generation(rows=16, tokens=200, vllm=0.25)
    found = estimate(load(generation=vllm, gpu_memory=80e9))
    assert found.vllm == 20e9 and found.kv_cache == 0
    asleep = estimate(load(generation=replace(vllm, sleeps=True), gpu_memory=80e9))
    assert found.update - asleep.update == 20e9 and found.generation == asleep.generation


def test_a_reference_model_costs_its_weights():
    assert estimate(load("zero3", 4, reference=True)).reference == 2 * N / 4
    assert estimate(load("ddp", 4, reference=True)).reference == 4 * N
    assert estimate(load(shape=LORA, reference=True)).reference == 0  # the adapter is switched off


@given(
    kind=st.sampled_from(["single", "ddp", "zero2", "zero3", "fsdp2"]),
    processes=st.integers(1, 64),
    rows=st.integers(1, 64),
    tokens=st.integers(1, 100_000),
    full=st.booleans(),
    checkpointing=st.booleans(),
)
def test_less_work_never_takes_more(kind, processes, rows, tokens, full, checkpointing):
    of = load(
        kind, 1 if kind == "single" else processes, TINY if full else LORA, rows=rows, tokens=tokens,
        checkpointing=checkpointing,
    )  # fmt: skip
    peak = estimate(of).peak
    assert estimate(replace(of, rows=rows + 1)).peak > peak
    assert estimate(replace(of, tokens=tokens + 1)).peak > peak
    assert estimate(replace(of, checkpointing=True)).activations <= estimate(of).activations
    if kind != "single":
        more = replace(of, engine=replace(of.engine, num_processes=processes + 1))
        assert estimate(more).peak <= peak


@functools.cache
def published_shape(name, lora):
    adapters = {"use_peft": True, "lora_target_modules": ["all-linear"], "lora_dropout": 0.0}
    return shape_of(config_of(name), ModelConfig(**adapters) if lora else ModelConfig())


@pytest.mark.parametrize(
    "name, lora, tokens, gpus, gib",
    [
        ("Qwen/Qwen3-0.6B", False, 16384, 1, 12.5),
        ("Qwen/Qwen3-0.6B", False, 65536, 1, 19.6),
        ("Qwen/Qwen3-0.6B", True, 16384, 1, 5.1),
        ("Qwen/Qwen3-0.6B", True, 65536, 1, 11.5),
        ("Qwen/Qwen3-4B", False, 16384, 8, 17.1),
        ("Qwen/Qwen3-4B", False, 65536, 8, 36.1),
        ("Qwen/Qwen3-4B", True, 16384, 1, 23.3),
        ("Qwen/Qwen3-4B", True, 65536, 1, 42.0),
        ("Qwen/Qwen3-4B", True, 16384, 8, 10.3),
        ("Qwen/Qwen3-4B", True, 65536, 8, 28.8),
    ],
)
def test_peaks_that_were_published(name, lora, tokens, gpus, gib):
    """RL trainer of PrimeIntellect-ai/prime-rl on H100 (benchmarks/results/BENCHMARKS.md, commit 30bf494): FSDP2, float32
    weights, flash attention, layers computed again, LoRA of rank 16; allocated by torch, so without CUDA's context."""
    of = load(
        "fsdp2",
        gpus,
        shape=published_shape(name, lora),
        rows=1,
        tokens=tokens,
        attention="flash",
        overhead=0.0,
    )
    assert estimate(of).peak / 2**30 == pytest.approx(gib, rel=0.11)
