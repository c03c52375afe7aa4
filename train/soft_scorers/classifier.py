"""P(followed) by a two-label sequence classifier: softmax(logits)[1] for (instruction, response), the constraint-wise reward
model of https://arxiv.org/abs/2508.02150 (section 3).

The instruction comes first, and only the response is ever cut, so that a long response cannot push it out. TRL's own use of
a model as reward function takes logits[:, 0] of prompt and completion: the wrong label of the wrong text.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import torch
from transformers import AutoModelForSequenceClassification

from data.tokenizer import load_tokenizer
from train.soft_scorers import SOFT_SCORERS


class Loaded(NamedTuple):
    model: Any
    tokenizer: Any


@SOFT_SCORERS.register("classifier")
@dataclass(frozen=True)
class Classifier:
    """model_name_or_path: a saved classifier with two labels, label 1 for "followed". Loaded at the first score, once per
    process, on its device; max_length in tokens."""

    model_name_or_path: str
    batch_size: int = 32
    max_length: int = 2048

    def __post_init__(self) -> None:
        for key in ("batch_size", "max_length"):
            if getattr(self, key) < 1:
                raise ValueError(f"{key}: found {getattr(self, key)}; expected at least 1")

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "loaded"}

    @cached_property
    def loaded(self) -> Loaded:
        path = self.model_name_or_path
        tokenizer = load_tokenizer(path, "soft: model_name_or_path")
        tokenizer.padding_side = "right"
        model = AutoModelForSequenceClassification.from_pretrained(path)
        if model.config.num_labels != 2:
            raise ValueError(
                f"soft: model_name_or_path: {path}: found {model.config.num_labels} labels; expected 2"
            )
        if model.config.pad_token_id is None:
            model.config.pad_token_id = tokenizer.pad_token_id
        device = f"cuda:{torch.cuda.current_device()}" if torch.cuda.is_available() else "cpu"
        return Loaded(model.to(device).eval().requires_grad_(False), tokenizer)

    def score(self, pairs: list[tuple[str, str]]) -> list[float]:
        """Sorted by length, so that a batch pads little."""
        order = sorted(range(len(pairs)), key=lambda index: len(pairs[index][1]))
        scores = [0.0] * len(pairs)
        for start in range(0, len(order), self.batch_size):
            rows = order[start : start + self.batch_size]
            for row, score in zip(rows, self._batch([pairs[row] for row in rows]), strict=True):
                scores[row] = score
        return scores

    @torch.inference_mode()
    def _batch(self, pairs: list[tuple[str, str]]) -> list[float]:
        model, tokenizer = self.loaded
        instructions, responses = zip(*pairs, strict=True)
        inputs = tokenizer(
            list(instructions), list(responses), return_tensors="pt", padding=True,
            truncation="only_second", max_length=self.max_length,
        ).to(model.device)  # fmt: skip
        probabilities: list[float] = model(**inputs).logits.float().softmax(dim=-1)[:, 1].tolist()
        return probabilities
