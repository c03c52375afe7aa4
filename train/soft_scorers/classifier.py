"""P(followed) by a frozen two-label classifier, the constraint-wise reward model of https://arxiv.org/abs/2508.02150
(section 3.3), trained by train/reward_model.py; its input is that of data/adherence.py.

TRL's own use of a model as reward function takes logits[:, 0] of prompt and completion: the wrong label of the wrong text.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from data.adherence import Judge, check, load, probabilities, weight_bytes
from recipes.ranges import above_zero, require
from recipes.schema import Dtype
from train.config import cpu_has_bf16
from train.soft_scorers import SOFT_SCORERS


@SOFT_SCORERS.register("classifier")
@dataclass(frozen=True)
class Classifier:
    """model_name_or_path: a saved classifier with two labels, label 1 for "followed". Loaded at the first score, once per
    process, on its device; max_length in tokens, as it was trained with.

    dtype: of the weights; auto: as they were saved, which is float32 where it was trained in that. A CPU without bf16 in
        hardware computes in float32 instead
    threshold: scores from there on are 1, others 0; None for the probability itself
    """

    model_name_or_path: str
    batch_size: int = 32
    max_length: int = 4096
    dtype: Dtype = "auto"
    threshold: float | None = None

    def __post_init__(self) -> None:
        above_zero(batch_size=self.batch_size, max_length=self.max_length)
        ok = self.threshold is None or 0 < self.threshold < 1
        require(ok, "threshold", self.threshold, "a number in (0, 1), or null for the probability")

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "loaded"}

    @cached_property
    def loaded(self) -> Judge:
        on_gpu = torch.cuda.is_available()
        device = f"cuda:{torch.cuda.current_device()}" if on_gpu else "cpu"
        slow = self.dtype == "bfloat16" and not on_gpu and not cpu_has_bf16()
        dtype = "float32" if slow else self.dtype
        judge = load(self.model_name_or_path, "soft: model_name_or_path", dtype=dtype)
        return Judge(judge.model.to(device).eval().requires_grad_(False), judge.tokenizer)

    def ready(self) -> None:
        check(self.model_name_or_path, "soft: model_name_or_path")

    def weight_bytes(self, otherwise: int) -> int:
        return weight_bytes(self.model_name_or_path, self.dtype, otherwise)

    def score(self, pairs: list[tuple[str, str]]) -> list[float]:
        found = probabilities(self.loaded, pairs, self.max_length, self.batch_size) if pairs else []
        if self.threshold is None:
            return found
        return [float(value >= self.threshold) for value in found]
