"""Data in the shape of the real files, a few rows each."""

import json
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, Qwen3Config, Qwen3ForSequenceClassification

from data.example import completion
from recipes.schema import GRPORecipe, TrainRecipe

QUESTION = "Zoë pays 3 € for 2 pens. How much for $4$?"


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_mirror(folder: Path, rows: int = 6) -> None:
    """What $TETHER_DATA holds for the sources of the recipes."""
    solution = "3/2=<<3/2=1.5>>1.5\n1.5*4=6\n#### 6"
    _write(folder / "gsm8k/train.jsonl", [{"question": QUESTION, "answer": solution}] * rows)
    problem = {"problem": QUESTION, "solution": r"It is \boxed{6}.", "level": "Level 2"}
    _write(folder / "math/train.jsonl", [problem] * rows)
    problems = [{"problem": QUESTION, "answer": "6", "solution": ""}] * rows
    _write(folder / "deepscaler/deepscaler.jsonl", problems)
    request = [{"role": "user", "content": "Name a river. Do not use any commas."}]
    truth = [{"instruction_id": ["punctuation:no_comma"], "kwargs": [None]}]
    requests = [
        {"key": str(number), "messages": request, "ground_truth": json.dumps(truth)}
        for number in range(rows)
    ]
    _write(folder / "if_multi/train.jsonl", requests)


def write_traces(path: Path, rows: int = 6) -> None:
    target = completion("3/2 = 1.5 and 4 * 1.5 = 6.", r"It is \boxed{6}.")
    _write(path, [{"question": QUESTION, "completion": target, "answer": "6"}] * rows)


def traces_at(path: Path, recipe: TrainRecipe) -> list[str]:
    """Overrides that point a recipe's sources of traces to this file."""
    data = enumerate(recipe.data)
    return [f"data.{number}.path={path}" for number, entry in data if entry["name"] == "traces"]


def write_instructions(path: Path, rows: int = 6) -> None:
    _write(path, [{"instruction": f"Write a letter to {n} friends."} for n in range(rows)])


def instructions_at(
    path: Path, data: tuple[dict[str, Any], ...], num_rows: int | None = None
) -> list[str]:
    """Overrides that point sources of levels to this file; num_rows: seeds of them, None for as many as they ask for."""
    found = []
    for number, entry in enumerate(data):
        if entry["name"] != "levels":
            continue
        if entry["seeds"]["name"] == "instructions":
            found.append(f"data.{number}.seeds.path={path}")
        if num_rows is not None:
            found.append(f"data.{number}.seeds.num_rows={num_rows}")
    return found


def write_judge(folder: Path) -> Path:
    """A reward model of random weights, with the tiny model's tokenizer."""
    tokenizer = AutoTokenizer.from_pretrained("data/tiny/base_model")
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, head_dim=16, num_labels=2, pad_token_id=tokenizer.pad_token_id, initializer_range=0.5,
    )  # fmt: skip
    Qwen3ForSequenceClassification(config).save_pretrained(folder)
    return folder


def judge_at(folder: Path, recipe: GRPORecipe) -> list[str]:
    """Overrides that point soft scorers to this reward model."""
    rewards = enumerate(recipe.rewards)
    return [f"rewards.{n}.soft.model_name_or_path={folder}" for n, one in rewards if "soft" in one]
