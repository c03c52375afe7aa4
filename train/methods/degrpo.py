"""Thinkless's decoupled loss, DeGRPO (https://arxiv.org/abs/2505.13379; VainF/Thinkless).

    loss = alpha * L(first tokens) + L(other tokens)

each L a mean over the tokens of the batch. Without it the weight of the choice of mode depends on the completions' lengths,
and the paper reports that the modes collapse into one.

How: TRL's loss_type dapo sums the token losses of a generation batch and divides by its N tokens, F of which are first
tokens of a completion. A token loss is proportional to its advantage, so advantages weighed by alpha * N / F (first
tokens) and N / (N - F) (others) give the formula exactly, over the generation batch of all processes. Where that batch
is trained on in several optimizer steps, TRL divides by its mean number of tokens per step, and the formula is the mean of
their losses. A KL term or an entropy bonus stays a mean over all tokens.

Different: the authors take the means over each micro-batch and average those. The first token is the first one that the
policy writes, as there; it chooses the mode if the chat template opens the thinking (`</think>` or not) or if the model
has tokens for it. Where every completion begins with `<think>`, nothing is chosen there.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from trl import GRPOConfig

from recipes.schema import GRPORecipe
from train.methods import METHODS
from train.methods.base import Batch, Method


@METHODS.register("degrpo")
@dataclass(frozen=True, kw_only=True)
class DeGRPO(Method):
    """alpha: weight of the first tokens' mean loss, above 0."""

    alpha: float = 1e-3

    def __post_init__(self) -> None:
        if self.alpha <= 0:
            raise ValueError(f"alpha: found {self.alpha}; expected a number above 0")

    def check(self, recipe: GRPORecipe, config: GRPOConfig) -> None:
        if config.loss_type != "dapo":
            raise ValueError(
                f"trainer: loss_type: found {config.loss_type!r}; expected 'dapo' (TRL's default), whose denominator the "
                "token weights are made for"
            )

    def advantages(self, batch: Batch) -> Tensor:
        first = self.alpha * batch.num_tokens / max(1, batch.num_completions)
        others = batch.num_tokens / max(1, batch.num_tokens - batch.num_completions)
        weights = torch.full_like(batch.completion_mask, others, dtype=batch.advantages.dtype)
        weights[:, 0] = first
        return batch.advantages * weights
