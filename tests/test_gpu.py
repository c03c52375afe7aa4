"""What only a GPU can show; skipped without one."""

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, Qwen2Config, Qwen3Config
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from data.attention import use_decoding_attention
from data.decoding import decode
from eval.attention.probe import attention_and_lse, chunked_lse
from train import varlen
from train.rollout import Rollout
from train.varlen import VARLEN

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
BASE = "data/tiny/base_model"
SIZES = {
    "hidden_size": 256, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 64, "intermediate_size": 512,
    "vocab_size": 1000, "num_hidden_layers": 2,
}  # fmt: skip
LENGTHS = [300, 17, 1, 450]


def models(kind):
    """The same weights: in float32 with torch's plain attention, and in bf16 with ours and with sdpa."""
    exact = AutoModelForCausalLM.from_config(kind(**SIZES), attn_implementation="eager").cuda()
    found = [exact]
    for attention in (VARLEN, "sdpa"):
        model = AutoModelForCausalLM.from_config(kind(**SIZES), attn_implementation=attention)
        model.load_state_dict(exact.state_dict())
        found.append(model.cuda().bfloat16())
    return found


def on_gpu(value):
    return value.cuda() if torch.is_tensor(value) else value


def off(found, exact):
    return float(((found.float() - exact).norm() / exact.norm()).detach())


@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 1e-4), (torch.bfloat16, 2e-2)])
@pytest.mark.parametrize("length", [301, 2048])
def test_the_normalisers_of_attention_are_those_of_the_kernels(dtype, tolerance, length):
    """What constraint attention takes from them (eval/attention/probe.py)."""
    torch.manual_seed(0)
    query = torch.randn(1, 4, length, 64).cuda().to(dtype)
    key, value = torch.randn(2, 1, 2, length, 64).cuda().to(dtype)
    output, lse = attention_and_lse(query, key, value, 0.2)
    shared = key[0].repeat_interleave(2, 0)
    assert (lse[0] - chunked_lse(query[0], shared, 0.2)).abs().max() < tolerance
    plain = torch.nn.functional.scaled_dot_product_attention(
        query, key, value, is_causal=True, scale=0.2, enable_gqa=True
    )
    assert (output - plain).abs().max() < tolerance


@pytest.mark.parametrize("kind", [Qwen2Config, Qwen3Config])
def test_packed_and_padded_rows_and_their_gradients(kind, monkeypatch):
    """No farther from float32 than sdpa in bf16 is."""
    calls = []
    flash = varlen.flash
    monkeypatch.setattr(varlen, "flash", lambda *args: (calls.append(1), flash(*args))[1])
    torch.manual_seed(0)
    exact, ours, sdpa = models(kind)
    rows = [torch.randint(2, 1000, (length,)).tolist() for length in LENGTHS]
    one_by_one = torch.cat([exact(torch.tensor([row]).cuda()).logits[0] for row in rows])
    packed = DataCollatorForLanguageModeling(pad_token_id=0, padding_free=True)(
        [{"input_ids": row, "labels": row} for row in rows]
    )
    padded = DataCollatorForLanguageModeling(pad_token_id=0)(
        [{"input_ids": row, "labels": row} for row in rows]
    )
    grads, outputs = [], []
    one_by_one.logsumexp(-1).sum().backward()
    exact_grad = exact.model.layers[0].self_attn.k_proj.weight.grad
    for model in (ours, sdpa):
        for batch in (packed, padded):
            inputs = {key: on_gpu(value) for key, value in batch.items() if key != "labels"}
            logits = model(**inputs, use_cache=False).logits
            if "attention_mask" in inputs:
                logits = logits[inputs["attention_mask"].bool()]
            model.zero_grad()
            logits.float().logsumexp(-1).sum().backward()
            grads.append(off(model.model.layers[0].self_attn.k_proj.weight.grad, exact_grad))
            outputs.append(off(logits.reshape(one_by_one.shape), one_by_one))
    assert len(calls) == 2 * SIZES["num_hidden_layers"], "ours alone"
    assert max(outputs[:2]) < 1.2 * max(outputs[2:]) and max(outputs) < 0.02, outputs
    assert max(grads[:2]) < 1.2 * max(grads[2:]) and max(grads) < 0.05, grads


@pytest.fixture(scope="module")
def tiny():
    tokenizer = AutoTokenizer.from_pretrained(BASE, padding_side="left")
    return AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32).cuda().eval(), tokenizer


def prompts(tokenizer):
    texts = [
        "Mia has 14 apples. Then Mia finds 8 apples. How many apples does Mia have now?",
        "Hi",
        "7",
    ]
    chats = [[{"role": "user", "content": text}] for text in texts]
    return [
        tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=False) for chat in chats
    ]  # fmt: skip


@pytest.mark.parametrize("switched", [False, True])
def test_graphs_write_what_generate_writes(tiny, switched):
    model, tokenizer = tiny
    if switched:
        use_decoding_attention(model)
    ids = prompts(tokenizer)
    found = decode(model, tokenizer, ids, 600)
    for prompt, completion in zip(ids, found, strict=True):
        one = torch.tensor([prompt], device="cuda")
        whole = model.generate(one, attention_mask=torch.ones_like(one), max_new_tokens=600, do_sample=False)  # fmt: skip
        assert completion == whole[0, len(prompt) :].tolist()


def test_sampling_by_graphs_repeats_and_differs_between_rows(tiny):
    model, tokenizer = tiny
    ids = prompts(tokenizer)[:1] * 16

    def sampled(seed):
        torch.manual_seed(seed)
        return decode(model, tokenizer, ids, 300, temperature=1.0)

    first = sampled(0)
    assert first == sampled(0) != sampled(1) and len(set(map(tuple, first))) > 8


def test_the_copy_gives_its_memory_back(tiny):
    policy, _ = tiny
    rollout = Rollout()
    with rollout._synced(policy) as found:
        assert found.device.type == "cuda" and next(found.parameters()).dtype == torch.bfloat16
    assert sum(one.numel() for one in found.parameters()) == 0
    with rollout._synced(policy) as again:
        assert again is found and again.lm_head.weight.shape == policy.lm_head.weight.shape
