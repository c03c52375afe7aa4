"""Muon (https://kellerjordan.github.io/posts/muon/) for the weight matrices of linear layers, AdamW for
everything else.

pytorch_optimizer's implementation, with Moonlight's scaling (https://arxiv.org/abs/2502.16982, Eq. 4): updates have
AdamW's size, so learning rates are in AdamW's units. From scratch it learns the tiny world's
arithmetic in fewer tokens than AdamW (docs/log.md).
"""

from typing import Any, TypeAlias

import torch
from trl import SFTConfig

from recipes.schema import Muon

# What Trainer's `optimizer_cls_and_kwargs` takes: a class that is called with the model, and its arguments.
OptimizerFactory: TypeAlias = tuple[type["MuonFactory"], dict[str, Any]]


class MuonFactory:
    def __call__(
        self, model: torch.nn.Module, muon: Muon, config: SFTConfig
    ) -> torch.optim.Optimizer:
        from pytorch_optimizer.optimizer import prepare_muon_parameters  # imports for 3 s

        return prepare_muon_parameters(
            model,
            "muon",
            lr=muon.learning_rate,
            weight_decay=muon.weight_decay,
            adamw_lr=config.learning_rate,
            adamw_wd=config.weight_decay,
            adamw_betas=(config.adam_beta1, config.adam_beta2),
            adamw_eps=config.adam_epsilon,
            use_adjusted_lr=True,
        )


def muon_factory(muon: Muon | None, config: SFTConfig) -> OptimizerFactory | None:
    """None without a `muon` section. Needs whole matrices on every process (train/rules/engines.py)."""
    return None if muon is None else (MuonFactory, {"muon": muon, "config": config})
