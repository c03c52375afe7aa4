"""Recipes of self-supervised RL before its RL: pairs from the policy's own responses, and the reward model that learns from
them ("Beyond the Trade-off", https://arxiv.org/abs/2508.02150; docs/ssrl.md)."""

from dataclasses import dataclass, field
from typing import Any, Literal

from recipes.ranges import above_zero, require
from recipes.schema import Decontaminate, Dtype, Recipe, Sampling


@dataclass(frozen=True)
class PairsRecipe(Recipe):
    """Which responses show that a constraint is followed, and which do not: `scripts/pairs.py`.

    policy:    a folder or a Hub name, which answers every level of every family; dtype: of its weights
    data:      sources of families (`levels`); chat_template_kwargs, decontaminate: as in a training recipe
    sampling:  num_samples: responses to each prompt, paired in order
    """

    policy: str
    data: tuple[dict[str, Any], ...]
    dtype: Dtype = "auto"
    sampling: Sampling = field(
        default_factory=lambda: Sampling(max_new_tokens=8192, temperature=1.0)
    )
    chat_template_kwargs: dict[str, Any] = field(default_factory=dict)
    decontaminate: Decontaminate | None = field(default_factory=Decontaminate)


@dataclass(frozen=True)
class RewardModelRecipe(Recipe):
    """Does a response follow a constraint? `train/reward_model.py`.

    pairs:      runs of scripts/pairs.py, or files of pairs
    model:      trl.ModelConfig keys; LoRA by `use_peft` and `lora_...`, merged when it is saved
    trainer:    transformers.TrainingArguments keys
    max_length: in tokens, the constraint first; of a response too long the middle is left out
    held_out_share: of the seeds, which measure and are not trained on
    held_out_kinds: kinds of constraints that are not trained on either
    learn_from: all pairs, or those of soft constraints only
    drop_contradicted: not trained on are pairs of hard constraints where the checker says otherwise than the label
    drop_identical: nor are pairs whose two responses are the same text: one text cannot be both
    """

    pairs: tuple[str, ...]
    model: dict[str, Any]
    trainer: dict[str, Any] = field(default_factory=dict)
    max_length: int = 4096
    held_out_share: float = 0.1
    held_out_kinds: tuple[str, ...] = ()
    learn_from: Literal["all", "soft"] = "all"
    drop_contradicted: bool = True
    drop_identical: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        above_zero(max_length=self.max_length)
        require(bool(self.pairs), "pairs", [], "runs of scripts/pairs.py, or files of pairs")
        ok = 0 < self.held_out_share < 1
        require(ok, "held_out_share", self.held_out_share, "a number in (0, 1)")
