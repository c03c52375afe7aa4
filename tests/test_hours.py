"""Expected time: the published throughputs from their MFU, and steps by hand."""

from dataclasses import replace

import pytest
from trl import ModelConfig

from recipes.architectures import config_of
from tests.test_memory import LORA, TINY
from train.hours import (
    Assumptions,
    Work,
    forward_flops,
    step_seconds,
    tokens_per_second,
    update_flops,
)
from train.shape import shape_of

FAST = Assumptions(peak_flops=1e12, mfu=0.5, generation_mfu=0.25)


def test_the_published_speed_of_sft():
    """0.6 B at 16,384 tokens on one H100: 25,486 tokens/s at 23.7 %."""
    shape = shape_of(config_of("Qwen/Qwen3-0.6B"), ModelConfig())
    # Per layer q and o 1024 * 2048, k and v 1024 * 1024, three of the MLP 1024 * 3072; the head 1024 * 151,936.
    matmul = 28 * (2 * 1024 * 2048 + 2 * 1024 * 1024 + 3 * 1024 * 3072) + 1024 * 151_936
    flops = 6 * matmul + 12 * 28 * 1024 * 16_384
    assert update_flops(shape, 16_384) == flops
    speed = tokens_per_second(shape, 16_384, 1, Assumptions(mfu=0.237))
    assert speed == pytest.approx(0.237 * 989e12 / flops)
    assert speed == pytest.approx(25_486, rel=0.005)  # the MFU is given to three digits


def test_the_published_speed_of_rl_with_lora():
    """4 B at 16,384 tokens on one H100, LoRA of rank 16: 6,229 tokens/s at 21.7 %."""
    args = ModelConfig(use_peft=True, lora_r=16, lora_target_modules=["all-linear"])
    shape = shape_of(config_of("Qwen/Qwen3-4B"), args)
    q, kv, mlp = 2560 * 4096, 2560 * 1024, 2560 * 9728
    matmul = 36 * (2 * q + 2 * kv + 3 * mlp) + 2560 * 151_936
    # rank * (in + out): q and o, k and v, three of the MLP
    adapters = 36 * 16 * (2 * (2560 + 4096) + 2 * (2560 + 1024) + 3 * (2560 + 9728))
    flops = 4 * matmul + 6 * adapters + 12 * 36 * 2560 * 16_384
    assert update_flops(shape, 16_384) == flops
    assert tokens_per_second(shape, 16_384, 1, Assumptions(mfu=0.217)) == pytest.approx(
        6_229, rel=0.005
    )


def test_a_step_of_sft_by_hand():
    flops = 6 * TINY.matmul + 12 * 4 * 256 * 100
    update, generation = step_seconds(TINY, Work(tokens=1000, sequence=100), 2, FAST)
    assert update == pytest.approx(1000 * flops / (2 * 1e12 * 0.5)) and generation == 0


def test_a_step_with_other_forwards_and_generation_by_hand():
    forward = 2 * (LORA.matmul + LORA.adapters) + 4 * 4 * 256 * 100
    assert forward_flops(LORA, 100) == forward
    work = Work(tokens=1000, sequence=100, forwards=2, generated=800, token_steps=50)
    update, generation = step_seconds(LORA, work, 1, FAST)
    assert update == pytest.approx(1000 * (update_flops(LORA, 100) + 2 * forward) / 5e11)
    assert generation == pytest.approx(
        50 * 4 * 0.00061
    )  # as many steps as tokens, through 4 layers
    _, generation = step_seconds(LORA, replace(work, graphs=True), 1, FAST)
    assert generation == pytest.approx(50 * 4 * 0.0002)
    _, generation = step_seconds(LORA, replace(work, uses_vllm=True), 1, FAST)
    assert generation == pytest.approx(800 * forward_flops(LORA, 50) / (1e12 * 0.25))
