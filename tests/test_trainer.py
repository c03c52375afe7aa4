"""Log-probabilities in chunks cut to their longest row are those of stock TRL, and so are the gradients."""

import pytest
import torch
import trl
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import GRPOConfig

from train.spans import spans
from train.trainer import GRPOTrainer

BASE = "data/tiny/base_model"


@pytest.fixture(scope="module")
def trainer(tmp_path_factory):
    tokenizer = AutoTokenizer.from_pretrained(BASE, padding_side="left")
    config = GRPOConfig(
        output_dir=str(tmp_path_factory.mktemp("grpo")), use_cpu=True, bf16=False, report_to="none",
        gradient_checkpointing=False, num_generations=2, per_device_train_batch_size=2, pad_to_multiple_of=8,
    )  # fmt: skip
    return GRPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32),
        args=config,
        reward_funcs=[lambda completions, **_: [0.0] * len(completions)],
        train_dataset=Dataset.from_list([{"prompt": "x"}] * 4),
        processing_class=tokenizer,
    )


def padded(lengths):
    """(ids, mask, columns of completions) for (prompt, completion) lengths; prompts end at one column."""
    prompts, completions = (max(column) for column in zip(*lengths, strict=True))
    mask = torch.zeros(len(lengths), prompts + completions, dtype=torch.long)
    for row, (prompt, completion) in enumerate(lengths):
        mask[row, prompts - prompt : prompts + completion] = 1
    ids = torch.randint(5, 1200, mask.shape, generator=torch.Generator().manual_seed(0)) * mask
    return ids, mask, completions


LENGTHS = [(5 + 7 * i % 23, 1 + 11 * i % 41) for i in range(37)] + [(3, 60)]


def test_logps_and_gradients_are_stock_trls(trainer):
    ids, mask, columns = padded(LENGTHS)
    found = []
    for method in (
        GRPOTrainer._get_per_token_logps_and_entropies,
        trl.GRPOTrainer._get_per_token_logps_and_entropies,
    ):
        trainer.model.zero_grad()
        logps, entropies, _ = method(
            trainer, trainer.model, ids, mask, columns, compute_entropy=True
        )
        here = mask[:, -columns:]
        weights = torch.linspace(-1, 1, here.numel()).view_as(here) * here
        (logps * weights).sum().backward()
        grads = torch.cat([p.grad.flatten() for p in trainer.model.parameters()])
        found.append((logps * here, entropies * here, grads))
    for ours, theirs in zip(*found, strict=True):
        # Sums in another order: rounding of fp32, which a wrong or missing row would exceed by far.
        assert (ours - theirs).norm() < 5e-5 * theirs.norm()
        assert torch.allclose(ours, theirs, atol=2e-4, rtol=1e-4)
    assert found[0][0].abs().sum() > 0 and found[0][2].abs().sum() > 0


def test_a_completion_that_is_masked_as_truncated_is_no_obstacle(trainer):
    ids, mask, columns = padded([(4, 6), (9, 3)])
    mask[:, -columns:] = 0
    logps, _, _ = trainer._get_per_token_logps_and_entropies(trainer.model, ids, mask, columns)
    assert logps.shape == (2, columns) and torch.isfinite(logps).all()


@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=40),
    st.integers(1, 8),
    st.sampled_from([1, 8, 64]),
)
def test_spans_hold_every_token_once(lengths, chunk, multiple):
    _, mask, _ = padded(lengths)
    held = torch.zeros_like(mask)
    width = mask.shape[1]
    for rows, start, end in spans(mask, chunk, multiple):
        held[rows, start:end] += 1
        assert 0 <= start < end <= width
        assert (end - start) % multiple == 0 or (start, end) == (0, width)
    assert torch.equal(held * mask, mask) and held.max() == 1
