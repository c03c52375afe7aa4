"""Drafts change how long decoding takes, not what is written."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, AutoTokenizer

from data import drafts as module
from data.attention import use_decoding_attention
from data.decoding import decode
from data.drafts import decode_with_drafts

BASE = "data/tiny/base_model"
PROMPTS = [
    "Mia has 14 apples. Then Mia finds 8 apples. How many apples does Mia have now?",
    "Tom owns 90 pens. Later Tom sells 31 pens. Tom is 12 years old. How many pens are left with Tom?",
    "Hi",
]
LIMIT = 40


@pytest.fixture(scope="module")
def loaded():
    tokenizer = AutoTokenizer.from_pretrained(BASE, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32).eval()
    use_decoding_attention(model)
    ids = [
        tokenizer.apply_chat_template(
            [{"role": "user", "content": prompt}], add_generation_prompt=True, return_dict=False
        )
        for prompt in PROMPTS
    ]
    return model, tokenizer, ids, decode(model, tokenizer, ids, LIMIT)


def counted(model, monkeypatch):
    """The numbers of tokens of the model's forward passes, filled as they happen."""
    lengths, forward = [], model.forward

    def count(**inputs):
        lengths.append(inputs["input_ids"].shape[1])
        return forward(**inputs)

    monkeypatch.setattr(model, "forward", count)
    return lengths


def test_a_draft_that_is_right_takes_one_pass(loaded, monkeypatch):
    model, tokenizer, ids, expected = loaded
    passes = counted(model, monkeypatch)
    assert decode_with_drafts(model, tokenizer, ids, expected, LIMIT, 2) == expected
    assert len(passes) == 1


def test_what_follows_a_difference_is_decoded(loaded, monkeypatch):
    model, tokenizer, ids, expected = loaded
    at = 5
    wrong = [[*row[:at], 3 if row[at] != 3 else 4, *row[at + 1 :]] for row in expected]
    passes = counted(model, monkeypatch)
    assert decode_with_drafts(model, tokenizer, ids, wrong, LIMIT, 3) == expected
    # The pass over the drafts, one over the prompts with six tokens, then one for each further token.
    assert len(passes) == 1 + max(map(len, expected)) - (at + 1)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_draft_gives_the_same_completions(loaded, data):
    model, tokenizer, ids, whole = loaded
    limit = data.draw(st.integers(1, LIMIT))
    token = st.integers(0, len(tokenizer) - 1)
    found = []
    for row in whole:
        kept = data.draw(st.integers(0, len(row)))
        found.append(row[:kept] + data.draw(st.lists(token, max_size=LIMIT)))
    expected = [row[:limit] for row in whole]
    assert decode_with_drafts(model, tokenizer, ids, found, limit, 2) == expected


def test_a_pass_stays_within_its_bounds(loaded, monkeypatch):
    model, tokenizer, ids, expected = loaded
    widest = max(len(prompt) + len(draft) for prompt, draft in zip(ids, expected, strict=True))
    monkeypatch.setattr(module, "VERIFY_TOKENS", widest + 1)
    passes = counted(model, monkeypatch)
    assert decode_with_drafts(model, tokenizer, ids, expected, LIMIT, 2) == expected
    assert len(passes) == 3 and max(passes) < widest + 1
