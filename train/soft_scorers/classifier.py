"""P(followed) by a frozen two-label classifier, the constraint-wise reward model of https://arxiv.org/abs/2508.02150
(section 3.3), trained by train/reward_model.py; its input is that of data/adherence.py.

TRL's own use of a model as reward function takes logits[:, 0] of prompt and completion: the wrong label of the wrong text.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from data.adherence import Judge, check, load, probabilities
from recipes.ranges import above_zero, require
from train.soft_scorers import SOFT_SCORERS


@SOFT_SCORERS.register("classifier")
@dataclass(frozen=True)
class Classifier:
    """model_name_or_path: a saved classifier with two labels, label 1 for "followed". Loaded at the first score, once per
    process, on its device; max_length in tokens, as it was trained with.

    threshold: scores from there on are 1, others 0; None for the probability itself
    """

    model_name_or_path: str
    batch_size: int = 32
    max_length: int = 4096
    threshold: float | None = None

    def __post_init__(self) -> None:
        above_zero(batch_size=self.batch_size, max_length=self.max_length)
        ok = self.threshold is None or 0 < self.threshold < 1
        require(ok, "threshold", self.threshold, "a number in (0, 1), or null for the probability")

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "loaded"}

    @cached_property
    def loaded(self) -> Judge:
        model, tokenizer = load(self.model_name_or_path, "soft: model_name_or_path")
        device = f"cuda:{torch.cuda.current_device()}" if torch.cuda.is_available() else "cpu"
        return Judge(model.to(device).eval().requires_grad_(False), tokenizer)

    def ready(self) -> None:
        check(self.model_name_or_path, "soft: model_name_or_path")

    def score(self, pairs: list[tuple[str, str]]) -> list[float]:
        found = probabilities(self.loaded, pairs, self.max_length, self.batch_size) if pairs else []
        if self.threshold is None:
            return found
        return [float(value >= self.threshold) for value in found]
