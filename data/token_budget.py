"""A token budget in every prompt, as L1 trains on it (https://arxiv.org/abs/2503.04697): "Think for N tokens."

N is drawn from the recipe's range for each prompt, by its id and the seed, and kept in column `token_budget` for the length
terms that pay by it (l1_exact, l1_max). Completions of one prompt share it.
"""

import random
from typing import Any

from datasets import Dataset

from recipes.rl import TokenBudget

SENTENCES = {
    "exact": "Think for {num_tokens} tokens.",
    "max": "Think for maximum {num_tokens} tokens.",
}


def with_token_budgets(dataset: Dataset, budget: TokenBudget, seed: int) -> Dataset:
    """`dataset` with the sentence at the end of each prompt's last message, and the column."""
    return Dataset.from_list([_row(row, budget, seed) for row in dataset])


def _row(row: dict[str, Any], budget: TokenBudget, seed: int) -> dict[str, Any]:
    rng = random.Random(f"token budget {seed} {row['id']}")
    num_tokens = rng.randint(budget.low, budget.high)
    sentence = SENTENCES[budget.form].format(num_tokens=num_tokens)
    *before, last = row["prompt"]
    prompt = [*before, {**last, "content": f"{last['content']}\n\n{sentence}"}]
    return row | {"prompt": prompt, "token_budget": num_tokens}
