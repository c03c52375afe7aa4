"""Decoding with compaction gives the tokens of `generate`; rollouts follow the policy."""

from types import SimpleNamespace

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    Qwen2Config,
    Qwen3Config,
)
from transformers.cache_utils import DynamicLayer

from data import graphs
from data.attention import DECODING, GROWTH, GrowingLayer, use_decoding_attention
from data.decoding import SEGMENT, decode
from train.rollout import Rollout, blank, evaluating

BASE = "data/tiny/base_model"
PROMPTS = [
    "Mia has 14 apples. Then Mia finds 8 apples. How many apples does Mia have now?",
    "Tom owns 90 pens. Later Tom sells 31 pens. Tom is 12 years old. How many pens are left with Tom?",
    "Hi",
]


SIZES = {
    "hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "intermediate_size": 96,
    "vocab_size": 100, "num_hidden_layers": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def loaded():
    tokenizer = AutoTokenizer.from_pretrained(BASE, padding_side="left")
    return AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32).eval(), tokenizer


def ids(tokenizer):
    chats = [[{"role": "user", "content": prompt}] for prompt in PROMPTS]
    return [
        tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=False)
        for chat in chats
    ]


@pytest.fixture(scope="module")
def switched():
    model = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32).eval()
    use_decoding_attention(model)
    return model


@pytest.mark.parametrize("max_new_tokens", [1, SEGMENT, 3 * SEGMENT + 5])
@pytest.mark.parametrize("fast", [False, True])
def test_greedy_decoding_equals_generate(loaded, switched, max_new_tokens, fast):
    model, tokenizer = loaded
    found = decode(switched if fast else model, tokenizer, ids(tokenizer), max_new_tokens)
    for prompt, completion in zip(ids(tokenizer), found, strict=True):
        one = torch.tensor([prompt])
        expected = model.generate(
            one, attention_mask=torch.ones_like(one), max_new_tokens=max_new_tokens, do_sample=False
        )
        assert completion == expected[0, len(prompt) :].tolist()
        assert len(completion) <= max_new_tokens
        assert tokenizer.eos_token_id not in completion[:-1]


@pytest.mark.parametrize("max_new_tokens", [1, 8, 83])
@pytest.mark.parametrize("fast", [False, True])
def test_the_steps_that_a_gpu_captures(loaded, switched, monkeypatch, max_new_tokens, fast):
    """Called instead of replayed, with room that runs out and rows that leave."""
    monkeypatch.setattr(graphs.SlotLayer, "growth", 8)
    monkeypatch.setattr(graphs, "LOOK", 2)
    left = []
    keep = graphs.Decoder.keep
    monkeypatch.setattr(
        graphs.Decoder, "keep", lambda self, rows: (left.append(len(rows)), keep(self, rows))
    )
    model, tokenizer = loaded
    # The last prompt is repeated, so that rows are done at several times.
    prompts = [*ids(tokenizer), ids(tokenizer)[0][:-3], ids(tokenizer)[2]]
    expected = decode(model, tokenizer, prompts, max_new_tokens)
    monkeypatch.setattr(graphs, "serves", lambda model: True)
    assert decode(switched if fast else model, tokenizer, prompts, max_new_tokens) == expected
    if max_new_tokens == 83:
        lengths = sorted(map(len, expected))
        assert lengths[0] < lengths[-1] and left, "otherwise nothing is tested"


def test_the_growing_cache_holds_what_transformers_cache_holds():
    layers = GrowingLayer(), DynamicLayer()
    generator = torch.Generator().manual_seed(0)
    for step, length in enumerate([5] + [1] * (2 * GROWTH + 9)):
        batch = 3 if step <= GROWTH + 1 else 2
        states = torch.randn(2, batch, 2, length, 4, generator=generator)
        room, offset = layers[0].get_mask_sizes(length)
        mine, theirs = (layer.update(*states) for layer in layers)
        filled = layers[0].get_seq_length()
        assert filled == 5 + step == layers[1].get_seq_length()
        for ours, expected in zip(mine, theirs, strict=True):
            assert ours.shape[2] == room >= filled and offset == 0 and room % GROWTH == 0
            assert torch.equal(ours[:, :, :filled], expected) and not ours[:, :, filled:].any()
        if step == GROWTH + 1:
            for layer in layers:
                layer.batch_select_indices(torch.tensor([2, 0]))


def test_decoding_attention_equals_torchs_kernel(loaded, switched):
    """One query over padded, grouped keys: logits as with torch's kernel, and it really was switched."""
    model, tokenizer = loaded
    ours = switched
    assert ours.config.num_key_value_heads < ours.config.num_attention_heads
    assert ours.config._attn_implementation == DECODING
    batch = tokenizer.pad({"input_ids": ids(tokenizer)}, return_tensors="pt")
    following = torch.tensor([[5], [6], [7]])
    mask = torch.nn.functional.pad(batch["attention_mask"], (0, 1), value=1)
    logits = []
    for each in (model, ours):
        with torch.inference_mode():
            cache = each(**batch, use_cache=True).past_key_values
            out = each(
                input_ids=following, attention_mask=mask, past_key_values=cache, use_cache=True
            )
        logits.append(out.logits)
    torch.testing.assert_close(logits[0], logits[1], rtol=1e-4, atol=1e-4)


def test_sampling_repeats_with_the_seed_and_varies_without(loaded):
    model, tokenizer = loaded

    def sampled(seed):
        torch.manual_seed(seed)
        return decode(model, tokenizer, ids(tokenizer), 40, temperature=1.0)

    assert sampled(0) == sampled(0) != sampled(1)


def test_a_rollout_uses_the_current_weights(loaded):
    model, tokenizer = loaded
    rollout = Rollout()
    trainer = SimpleNamespace(
        accelerator=SimpleNamespace(unwrap_model=lambda wrapped: wrapped),
        model=model,
        processing_class=tokenizer,
        args=SimpleNamespace(max_completion_length=8, temperature=1.0, top_p=1.0),
    )
    prompts = [[{"role": "user", "content": PROMPTS[0]}]] * 4
    out = rollout(prompts, trainer)
    assert len(out["completion_ids"]) == 4 and all(1 <= len(c) <= 8 for c in out["completion_ids"])
    bias = model.get_input_embeddings().weight
    saved = bias.detach().clone()
    try:
        with torch.no_grad():
            bias.zero_()  # tied with the output head: every token becomes equally likely
        flat = rollout(prompts * 16, trainer)["completion_ids"]
    finally:
        with torch.no_grad():
            bias.copy_(saved)
    assert len({completion[0] for completion in flat}) > 30


def test_the_copy_is_the_policy_in_bf16(loaded):
    """Its rotary frequencies are not rounded, and the policy keeps its own attention."""
    policy, _ = loaded
    before = torch.get_rng_state()
    with Rollout()._synced(policy) as found:
        pairs = list(zip(found.parameters(), policy.parameters(), strict=True))
        assert all(torch.equal(ours, theirs.bfloat16()) for ours, theirs in pairs)
        assert not {ours.data_ptr() for ours, _ in pairs} & {
            theirs.data_ptr() for _, theirs in pairs
        }
        buffers = list(zip(found.buffers(), policy.buffers(), strict=True))
        assert buffers and all(torch.equal(ours, theirs) for ours, theirs in buffers)
        assert found.lm_head.weight is found.model.embed_tokens.weight
    assert torch.equal(torch.get_rng_state(), before)
    assert found.config._attn_implementation == DECODING
    assert policy.config._attn_implementation == "sdpa"


def test_the_policy_itself_trains_on_afterwards(loaded):
    policy, _ = loaded
    policy.train()
    with evaluating(policy) as found:
        assert found is policy and not policy.training
    assert policy.training
    policy.eval()
    assert blank(policy).generation_config.eos_token_id == policy.generation_config.eos_token_id


def test_adapters_are_merged_into_the_copy_and_not_into_the_policy(loaded):
    """Greedy completions of the copy of a policy with adapters are those of that policy merged by peft, in bf16."""
    base = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32).eval()
    lora = LoraConfig(r=4, target_modules=["q_proj", "down_proj"], init_lora_weights=False)
    policy = get_peft_model(base, lora).eval()
    before = {name: weight.clone() for name, weight in policy.named_parameters()}
    rollout = Rollout()
    with rollout._synced(policy) as found:
        ours = {name: weight.clone() for name, weight in found.named_parameters()}
    assert all(torch.equal(weight, before[name]) for name, weight in policy.named_parameters())
    merged = policy.merge_and_unload()
    changed = 0
    for name, weight in merged.named_parameters():
        torch.testing.assert_close(ours[name], weight.bfloat16(), rtol=2**-7, atol=1e-6)
        changed += not torch.equal(weight, loaded[0].get_parameter(name))
    assert changed == 2 * base.config.num_hidden_layers


@pytest.mark.parametrize("config", [LlamaConfig, Qwen2Config, Qwen3Config])
def test_fused_norms_are_the_models_norms(config):
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config(**SIZES)).eval()
    for name, weight in model.named_parameters():
        if "norm" in name:
            torch.nn.init.normal_(weight, 1, 0.3)
    ids = torch.randint(0, 100, (2, 9))
    with torch.no_grad():
        before = model(ids).logits
        graphs.fuse_norms(model)
        fused = [module for module in model.modules() if "forward" in vars(module)]
        assert len(fused) >= 2 * 2 + 1
        torch.testing.assert_close(model(ids).logits, before, rtol=1e-5, atol=1e-5)
