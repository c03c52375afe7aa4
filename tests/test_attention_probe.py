"""The probe against eager `output_attentions`, on tiny models with random weights of several architectures."""

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM

import eval.attention.probe as probe_module
from eval.attention.probe import Probe, check_measurable, chunked_lse, run
from recipes.errors import UserError

LENGTH, PROMPT = 61, 23
SMALL = dict(hidden_size=64, num_hidden_layers=3, intermediate_size=96, vocab_size=101, max_position_embeddings=256,
             pad_token_id=0, bos_token_id=1, eos_token_id=2, initializer_range=0.3)  # fmt: skip
HEADS = {"num_attention_heads": 4, "num_key_value_heads": 2}
MLA = dict(num_attention_heads=4, num_key_value_heads=4, q_lora_rank=16, kv_lora_rank=16, qk_rope_head_dim=8,
           qk_nope_head_dim=16, v_head_dim=12, first_k_dense_replace=3)  # fmt: skip
MODELS = {
    "llama, grouped heads": ("llama", HEADS),
    "llama, a key for each head": ("llama", HEADS | {"num_key_value_heads": 4}),
    "llama, one key for all heads": ("llama", HEADS | {"num_key_value_heads": 1}),
    "qwen2, biases": ("qwen2", HEADS),
    "qwen3, normed queries and keys": ("qwen3", HEADS | {"head_dim": 32}),
    "mistral, window longer than the text": ("mistral", HEADS | {"sliding_window": 100}),
    "phi3, one projection": ("phi3", HEADS),
    "olmo2": ("olmo2", HEADS),
    "gpt2, learned positions": ("gpt2", {"n_embd": 64, "n_layer": 3, "n_head": 4}),
    "gpt_neox": ("gpt_neox", {"num_attention_heads": 4}),
    "deepseek_v3, keys wider than values": ("deepseek_v3", MLA),
}  # fmt: skip


def model_of(kind, settings, dtype=torch.float32):
    torch.manual_seed(0)
    config = AutoConfig.for_model(kind, **(SMALL | settings))
    model = AutoModelForCausalLM.from_config(config, attn_implementation="sdpa").to(dtype).eval()
    # Biases begin at 0, where forgetting them would go unnoticed.
    for name, weight in model.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(weight, std=0.5)
    return model


def ids(length=LENGTH, seed=1):
    return torch.randint(3, 101, (length,), generator=torch.Generator().manual_seed(seed)).tolist()


def wanted(rows=None, groups=((3, 4, 5, 9),), prompt=PROMPT, length=LENGTH, answer=None):
    rows = torch.arange(prompt - 1, length - 1) if rows is None else torch.tensor(rows)
    mask = torch.zeros(len(groups), prompt, dtype=torch.bool)
    for number, columns in enumerate(groups):
        mask[number, list(columns)] = True
    counts = torch.ones(len(rows), dtype=torch.bool) if answer is None else torch.tensor(answer)
    return Probe(prompt, rows, counts, mask)


def eager(model, tokens):
    """Per layer (heads, T, T)."""
    before = model.config._attn_implementation
    model.set_attn_implementation("eager")
    with torch.no_grad():
        found = model(torch.tensor([tokens]), output_attentions=True, use_cache=False)
    model.set_attn_implementation(before)
    return [one[0] for one in found.attentions], found.logits[0, -1]


def compare(model, tokens, probe, tolerance=1e-5):
    logits = run(model, tokens, probe)
    reference, _ = eager(model, tokens)
    assert sorted(probe.mass) == list(range(len(reference)))
    for layer, weights in enumerate(reference):
        prompt = weights[:, probe.rows, : probe.num_prompt].float()
        mass = prompt.mean(0) @ probe.groups.float().T
        assert (probe.mass[layer] - mass).abs().max() < tolerance
        tokens_mean = prompt[:, probe.answer].mean(1)
        assert (probe.tokens[layer] - tokens_mean).abs().max() < tolerance
    return logits


@pytest.mark.parametrize("name", MODELS)
def test_it_is_what_eager_attention_says_and_changes_no_logits(name):
    model = model_of(*MODELS[name])
    probe = wanted(groups=((3, 4, 5, 9), (0,), range(PROMPT)))
    logits = compare(model, ids(), probe)
    assert model.config._attn_implementation == "sdpa", "left as it was"
    with torch.no_grad():
        plain = model(torch.tensor([ids()]), use_cache=False).logits[0, -1]
    assert (logits - plain).abs().max() < 2e-5


@pytest.mark.parametrize("chunk", [1, 4 * PROMPT, 4 * PROMPT * 7, 1 << 20])
def test_the_size_of_chunks_changes_nothing(monkeypatch, chunk):
    """One row at a time, seven (which do not divide the rows), all."""
    monkeypatch.setattr(probe_module, "CHUNK", chunk)
    compare(model_of("qwen3", HEADS), ids(), wanted())


@pytest.mark.parametrize("chunk", [1, 4 * LENGTH * 7, 1 << 20])
def test_normalisers_in_chunks_are_those_of_the_kernel(monkeypatch, chunk):
    monkeypatch.setattr(probe_module, "CHUNK", chunk)
    query, key, value = torch.randn(3, 1, 4, LENGTH, 16, generator=torch.Generator().manual_seed(2))
    _, lse = probe_module.attention_and_lse(query, key, value, 0.3)
    assert (chunked_lse(query[0], key[0], 0.3) - lse[0]).abs().max() < 1e-5


def test_one_row_and_a_part_of_the_rows_as_answer():
    model = model_of("llama", HEADS)
    compare(model, ids(), wanted(rows=[PROMPT - 1]))
    compare(model, ids(), wanted(rows=[30, 31, 40, 59], answer=[False, False, True, True]))


def test_a_row_sums_to_one_over_all_that_it_sees():
    """The last row of a text that is all prompt."""
    probe = wanted(rows=[LENGTH - 1], groups=(range(LENGTH),), prompt=LENGTH)
    run(model_of("llama", HEADS), ids(), probe)
    for found in probe.mass.values():
        assert found.item() == pytest.approx(1, abs=2e-6)


def test_16_bit_models_are_within_their_rounding():
    model = model_of("qwen3", HEADS, torch.bfloat16)
    compare(model, ids(), wanted(), 5e-3)


@pytest.mark.parametrize("merged", [False, True])
def test_an_adapter_counts(merged):
    model = model_of("qwen2", HEADS)
    before = wanted()
    run(model, ids(), before)
    torch.manual_seed(3)
    lora = LoraConfig(r=4, target_modules=["q_proj", "k_proj"], init_lora_weights=False)
    adapted = get_peft_model(model, lora).eval()
    if merged:
        adapted = adapted.merge_and_unload()
    after = wanted()
    compare(adapted, ids(), after)
    assert (after.mass[0] - before.mass[0]).abs().max() > 1e-4


# ---------------------------------------------------------------------- windows


LAYERS = ["sliding_attention", "full_attention", "sliding_attention"]
WINDOWED = {
    "gemma3": ("gemma3_text", HEADS | {"head_dim": 16, "sliding_window": 20, "layer_types": LAYERS}),
    "qwen2": ("qwen2", HEADS | {"use_sliding_window": True, "sliding_window": 20, "max_window_layers": 1}),
}  # fmt: skip


@pytest.mark.parametrize("name", WINDOWED)
@pytest.mark.parametrize("step", [7, 512])
def test_layers_with_a_shorter_window_are_left_out_and_computed_as_ever(name, step, monkeypatch):
    monkeypatch.setattr(probe_module, "STEP", step)
    model = model_of(*WINDOWED[name])
    probe = wanted()
    logits = run(model, ids(), probe)
    sliding = {n for n, kind in enumerate(model.config.layer_types) if kind == "sliding_attention"}
    assert probe.left_out == sliding and set(probe.mass) == {0, 1, 2} - sliding and sliding
    reference, plain = eager(model, ids())
    assert (logits - plain).abs().max() < 1e-4
    for layer, found in probe.mass.items():
        expected = reference[layer][:, probe.rows, :PROMPT].mean(0) @ probe.groups.float().T
        assert (found - expected).abs().max() < 2e-6
    short = wanted(length=20, prompt=12, groups=((1, 2),))
    compare(model, ids(20), short, 2e-6)  # the window holds all of it


def test_a_text_that_fits_into_no_window_is_refused():
    model = model_of("mistral", HEADS | {"sliding_window": 20})
    with pytest.raises(UserError, match="61 tokens fit into no layer's window; expected a shorter text"):  # fmt: skip
        run(model, ids(), wanted())


# ---------------------------------------------------------------------- what is refused


CAPPED = HEADS | {"head_dim": 16, "attn_logit_softcapping": 50.0}
SINKS = HEADS | {"head_dim": 16, "num_local_experts": 2, "num_experts_per_tok": 1}
REFUSED = {
    "gemma2": ("gemma2", CAPPED, "Gemma2Attention: a cap on its scores"),
    "gpt_oss": ("gpt_oss", SINKS, "GptOssAttention: learned sinks"),
    "bloom": ("bloom", {"n_head": 4}, "BloomForCausalLM: it does not call transformers' attention interface"),
    "mamba": ("mamba", {"state_size": 4}, "MambaForCausalLM: "),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_other_attention_is_refused_in_one_line_and_the_model_left_as_it_was(name):
    kind, settings, said = REFUSED[name]
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **(SMALL | settings)))
    before = model.config._attn_implementation
    with pytest.raises(UserError, match=said) as caught:
        run(model.eval(), ids(), wanted())
    assert "expected a decoder whose attention is a softmax over all tokens so far" in str(caught.value)  # fmt: skip
    assert "\n" not in str(caught.value) and model.config._attn_implementation == before


def test_gemma2_without_its_cap_is_measured():
    model = model_of("gemma2", HEADS | {"head_dim": 16, "attn_logit_softcapping": None, "sliding_window": 100})  # fmt: skip
    compare(model, ids(), wanted())


def test_layers_of_unknown_types_are_refused():
    model = model_of("llama", HEADS)
    model.config.layer_types = ["full_attention", "chunked_attention", "full_attention"]
    with pytest.raises(UserError, match="layers of type chunked_attention"):
        check_measurable(model)


# ---------------------------------------------------------------------- dilution


def test_uniform_attention_gives_every_token_its_share():
    """Queries of zero: each row has 1 / N on each of the N tokens that it sees."""
    model = model_of("llama", HEADS)
    for layer in model.model.layers:
        torch.nn.init.zeros_(layer.self_attn.q_proj.weight)
    probe = wanted()
    run(model, ids(), probe)
    expected = 4 / (np.arange(PROMPT - 1, LENGTH - 1) + 1)  # four tokens in the group
    for found in probe.mass.values():
        assert found[:, 0].numpy() == pytest.approx(expected, abs=1e-6)
