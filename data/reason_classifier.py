"""A classifier that says from a prompt whether reasoning before the reply helps: trained by train/classifier.py, used by the
mitigation `classifier_selective`, on disk in runs/<name>/<run>/<step> of the checkpoint that it is for."""

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
from transformers import AutoModelForSequenceClassification

from data.tokenizer import load_tokenizer
from recipes.run import runs_root

INFO, MODEL = "classifier.json", "model"
BATCH = 32


def folder_of(name: str, run: str, step: int | str) -> Path:
    return runs_root() / name / run / str(step)


class Saved(NamedTuple):
    """train_problems: it was trained on these, and measures nothing there; digest: of what decides its answers"""

    folder: str
    train_problems: frozenset[str]
    max_length: int
    digest: str


@cache
def saved(folder: Path) -> Saved:
    info = (folder / INFO).read_bytes()
    weights = (folder / MODEL / "model.safetensors").read_bytes()
    facts = json.loads(info)
    return Saved(
        str(folder / MODEL),
        frozenset(facts["train_problems"]),
        facts["max_length"],
        hashlib.sha256(info + weights).hexdigest()[:16],
    )


def load(name_or_path: str, where: str) -> tuple[Any, Any]:
    """A model with a head for two classes, in float32, and its tokenizer, which cuts prompts at their start."""
    tokenizer = load_tokenizer(name_or_path, where)
    tokenizer.truncation_side = "left"
    model = AutoModelForSequenceClassification.from_pretrained(
        name_or_path, num_labels=2, dtype=torch.float32
    )
    model.config.pad_token_id = tokenizer.pad_token_id  # where the last token is looked for
    return model, tokenizer


@cache
def _loaded(folder: str) -> tuple[Any, Any]:
    model, tokenizer = load(folder, folder)
    return model.to("cuda" if torch.cuda.is_available() else "cpu").eval(), tokenizer


def probabilities_by(one: Saved, prompts: Sequence[str]) -> list[float]:
    return probabilities(*_loaded(one.folder), prompts, one.max_length)


@torch.inference_mode()
def probabilities(
    model: Any, tokenizer: Any, prompts: Sequence[str], max_length: int
) -> list[float]:
    """That reasoning helps, for each prompt."""
    found: list[float] = []
    for start in range(0, len(prompts), BATCH):
        rows = tokenizer(
            list(prompts[start : start + BATCH]), truncation=True, max_length=max_length, padding=True, return_tensors="pt"
        ).to(model.device)  # fmt: skip
        logits = model(input_ids=rows["input_ids"], attention_mask=rows["attention_mask"]).logits
        found += logits.float().softmax(-1)[:, 1].tolist()
    return found
