"""Decoding with compaction gives the tokens of `generate`; rollouts follow the policy."""

from types import SimpleNamespace

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.cache_utils import DynamicLayer

from data.attention import DECODING, GROWTH, GrowingLayer, use_decoding_attention
from data.decoding import SEGMENT, decode
from train.rollout import BF16Rollout

BASE = "data/tiny/base_model"
PROMPTS = [
    "Mia has 14 apples. Then Mia finds 8 apples. How many apples does Mia have now?",
    "Tom owns 90 pens. Later Tom sells 31 pens. Tom is 12 years old. How many pens are left with Tom?",
    "Hi",
]


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
    rollout = BF16Rollout()
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
