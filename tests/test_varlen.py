"""train/varlen.py against scaled_dot_product_attention. Its kernel needs a GPU (tests/test_gpu.py compares it there); here
each row goes to scaled_dot_product_attention by itself."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    LlamaConfig,
    Qwen2Config,
    Qwen3Config,
)
from trl import SFTConfig
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

import train.grpo
import train.sft
from recipes.engine import Engine
from train import varlen
from train.varlen import VARLEN, Layout, serves

SIZES = {
    "hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "intermediate_size": 96,
    "vocab_size": 100, "num_hidden_layers": 2, "eos_token_id": 1, "pad_token_id": 0,
}  # fmt: skip
ROWS = [list(range(2, 13)), list(range(30, 37)), [5], list(range(60, 80))]


def row_by_row(query, key, value, layout: Layout, scaling, window):
    assert layout.borders.dtype == torch.int32
    assert layout.longest == int(layout.borders.diff().max())
    assert int(layout.borders[-1]) == len(query) == len(key) == len(value)
    parts = []
    for start, end in zip(layout.borders[:-1].tolist(), layout.borders[1:].tolist(), strict=True):
        one = [states[start:end].transpose(0, 1) for states in (query, key, value)]
        parts.append(
            scaled_dot_product_attention(
                *one, is_causal=window == (-1, 0), scale=scaling, enable_gqa=True
            )
        )
    return torch.cat([part.transpose(0, 1) for part in parts])


@pytest.fixture(autouse=True)
def kernel(monkeypatch):
    calls = []

    def counted(*args):
        calls.append(args[3])
        return row_by_row(*args)

    monkeypatch.setattr(varlen, "flash", counted)
    return calls


@pytest.fixture(params=[LlamaConfig, Qwen2Config, Qwen3Config])
def models(request):
    """The same weights with both."""
    plain, ours = (
        AutoModelForCausalLM.from_config(request.param(**SIZES), attn_implementation=kind).train()
        for kind in ("sdpa", VARLEN)
    )
    assert plain.config._attn_implementation == "sdpa"
    ours.load_state_dict(plain.state_dict())
    return plain, ours


def padded(side: str) -> dict[str, torch.Tensor]:
    longest = max(map(len, ROWS))
    pads = [[0] * (longest - len(row)) for row in ROWS]
    ids = [pad + row if side == "left" else row + pad for pad, row in zip(pads, ROWS, strict=True)]
    tensor = torch.tensor(ids)
    return {"input_ids": tensor, "attention_mask": (tensor != 0).long()}


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("checkpointing", [False, True])
def test_padded_rows_and_their_gradients(models, kernel, side, checkpointing):
    batch = padded(side)
    counts = batch["attention_mask"].bool()
    found = []
    for model in models:
        if checkpointing:
            model.gradient_checkpointing_enable({"use_reentrant": False})
        logits = model(**batch, use_cache=False).logits[counts]
        logits.logsumexp(-1).sum().backward()
        found.append((logits, model.model.layers[0].self_attn.q_proj.weight.grad))
    (plain, plain_grad), (ours, our_grad) = found
    assert torch.allclose(ours, plain, atol=1e-5) and torch.allclose(
        our_grad, plain_grad, atol=1e-4
    )
    assert len({id(layout.borders) for layout in kernel}) == 1, "read once per forward pass"


def collated(drop: tuple[str, ...] = ()) -> dict[str, torch.Tensor]:
    rows = [{"input_ids": row, "labels": row} for row in ROWS]
    batch = DataCollatorForLanguageModeling(pad_token_id=0, padding_free=True)(rows)
    return {key: value for key, value in batch.items() if key not in drop}


BORDERS = ("cu_seq_lens_q", "cu_seq_lens_k", "max_length_q", "max_length_k", "seq_idx")


@pytest.mark.parametrize("drop", [(), BORDERS])
def test_packed_rows(models, kernel, drop):
    """With the borders that TRL's collator gives, and from the positions alone."""
    plain, ours = models
    batch = collated(drop)
    packed, padding = ours(**batch, use_cache=False), padded("right")
    labels = padding["input_ids"].masked_fill(padding["attention_mask"] == 0, -100)
    rows = plain(**padding, labels=labels, use_cache=False)
    assert torch.allclose(
        packed.logits[0], rows.logits[padding["attention_mask"].bool()], atol=1e-5
    )
    assert torch.isclose(packed.loss, rows.loss, atol=1e-6)
    assert len(kernel) == SIZES["num_hidden_layers"] and kernel[0].longest == max(map(len, ROWS))


def test_rows_without_padding_stay_with_sdpa(models, kernel):
    plain, ours = models
    ids = torch.randint(2, 100, (3, 9))
    for extra in ({}, {"attention_mask": torch.ones_like(ids)}):
        a, b = (model(input_ids=ids, **extra, use_cache=False).logits for model in (plain, ours))
        assert torch.equal(a, b)
    assert not kernel


@pytest.mark.parametrize("cache", ["dynamic", "static"])
def test_generation(models, kernel, cache):
    plain, ours = (model.eval() for model in models)
    how = {
        "max_new_tokens": 8,
        "do_sample": False,
        "cache_implementation": cache,
        "disable_compile": True,
    }
    a, b = (model.generate(**padded("left"), **how) for model in (plain, ours))
    assert torch.equal(a, b)
    assert len(kernel) <= SIZES["num_hidden_layers"], "the prompt alone"


def test_what_the_kernel_cannot_do_is_said(models):
    attention = models[1].model.layers[0].self_attn
    states = torch.randn(1, 4, 6, 16), torch.randn(1, 2, 6, 16), torch.randn(1, 2, 6, 16)
    mask = torch.tensor([[False, True, True, True, True, True]])
    for unable in ({"dropout": 0.1}, {"sliding_window": 4}, {"softcap": 30.0}):
        with pytest.raises(ValueError, match=f"tether_varlen has no {next(iter(unable))}"):
            varlen._attention(attention, *states, mask, **unable)


def test_models_that_it_serves():
    assert all(serves(kind(**SIZES)) for kind in (LlamaConfig, Qwen2Config, Qwen3Config))
    assert not serves(Gemma2Config(**SIZES)), "windows and softcap"
    assert not serves(Qwen3Config(**{**SIZES, "head_dim": 512}))
    assert not serves(LlamaConfig(**SIZES, attention_dropout=0.1))


def test_a_checkpoint_does_not_remember_it(models, tmp_path):
    models[1].save_pretrained(tmp_path)
    assert VARLEN not in (tmp_path / "config.json").read_text()
    assert AutoModelForCausalLM.from_pretrained(tmp_path).config._attn_implementation == "sdpa"


# Which launches get it

SFT, GRPO = "recipes/sft/qwen3_1.7b_gsm8k.yaml", "recipes/grpo/qwen3_1.7b_gsm8k.yaml"
ONE = Engine("single")


def planned(path, overrides=(), engine=ONE):
    module = train.grpo if "/grpo/" in path else train.sft
    return module.plan(path, list(overrides), engine)


def test_a_gpu_gets_it_unless_the_recipe_or_the_precision_says_otherwise():
    assert planned(SFT).launch.attention == planned(GRPO).launch.attention == VARLEN
    assert planned(SFT).config.padding_free
    for overrides in (
        ["model.attn_implementation=sdpa"],
        ["trainer.bf16=false"],
        ["trainer.use_cpu=true", "trainer.bf16=false"],
    ):
        plan = planned(SFT, overrides)
        assert plan.launch.attention == "sdpa" and not plan.config.padding_free
    divided = replace(Engine("fsdp2", 8), context_parallel=2)
    assert planned(SFT, [], divided).launch.attention == "sdpa"


def test_padding_free_can_be_switched_off_and_gives_way_to_packing():
    assert not planned(SFT, ["trainer.padding_free=false"]).config.padding_free
    assert planned(SFT, ["trainer.packing=true"]).config.padding_free is SFTConfig.padding_free
