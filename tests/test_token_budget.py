"""A token budget is written into the prompt, drawn by prompt and seed, and paid by."""

from dataclasses import replace

import pytest
from datasets import Dataset

import train.grpo
from data.token_budget import with_token_budgets
from recipes.errors import UserError
from recipes.rl import TokenBudget
from tests.penalty_samples import RIGHT, W, group, penalty_named
from tests.test_end_to_end import GRPO, SMALL_GRPO, history, launch, runs

__all__ = ["runs"]


def rows(*ids):
    return Dataset.from_list(
        [{"id": key, "prompt": [{"role": "user", "content": f"What is {key}?"}]} for key in ids]
    )


@pytest.mark.parametrize(
    "form, words", [("exact", "Think for {} tokens."), ("max", "Think for maximum {} tokens.")]
)
def test_the_prompt_states_the_budget_of_the_column(form, words):
    found = with_token_budgets(rows(*"abcdefgh"), TokenBudget(100, 4000, form), seed=0)
    for row in found:
        expected = f"What is {row['id']}?\n\n{words.format(row['token_budget'])}"
        assert row["prompt"] == [{"role": "user", "content": expected}]
        assert 100 <= row["token_budget"] <= 4000
    assert len(set(found["token_budget"])) > 4


def test_budgets_depend_on_prompt_and_seed_alone():
    def budgets(data, seed):
        found = with_token_budgets(data, TokenBudget(), seed)
        return dict(zip(found["id"], found["token_budget"], strict=True))

    assert budgets(rows("a", "b"), 0) == budgets(rows("b", "a"), 0) != budgets(rows("a", "b"), 1)


@pytest.mark.parametrize(
    "name, expected", [("l1_exact", [0.82, 0.94, -0.06, 0.82]), ("l1_max", [0.68, 0.56, 0, 0.32])]
)
def test_a_stated_budget_is_the_target(name, expected):
    # The worked example of length_rewards.md has n_gold = 1000; the setting would say otherwise.
    stated = [replace(sample, token_budget=1000) for sample in group(W, RIGHT)]
    terms = penalty_named(name, target_tokens=77).score(stated)
    assert [right + term for right, term in zip(RIGHT, terms, strict=True)] == pytest.approx(
        expected, abs=1e-4
    )


def test_a_run_is_paid_by_its_prompts_budgets(runs):
    # A budget of exactly 7 tokens, and completions of at most 24: at most 17 tokens off.
    settings = [
        "token_budget={low: 7, high: 7}",
        "length_penalty={name: l1_exact, target_tokens: 1000, slope: 1.0}",
    ]
    launch(train.grpo, GRPO, *SMALL_GRPO, *settings, "trainer.max_steps=1", "name=x")
    assert -17 <= history(runs / "x/checkpoint-1", "rewards/l1_exact/mean")[0] < 0


def test_an_empty_range_is_refused(runs):
    with pytest.raises(
        UserError, match=r"token_budget: low, high: found 9, 3; expected 0 < low <= high"
    ):
        launch(train.grpo, GRPO, "token_budget={low: 9, high: 3}", "name=x")
