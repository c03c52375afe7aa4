"""AdaptThink's importance sampling (https://arxiv.org/abs/2505.13417, section 4.2; THU-KEG/AdaptThink).

The sampler of the first token is not the old policy: with probability 0.5 each it is `</think>` (no thinking) or `start`,
a word that the model begins its thinking with; all later tokens are the old policy's. So a model that always thinks still
gets no-think rollouts to learn from, and the first token's importance ratio is pi(token) / 0.5.

Half of each group's completions, the first ones, begin with `</think>`, as in the authors' code (exactly half, not drawn).
Where the chat template does not open the thinking, all begin with a forced `<think>`, of log-probability 0, and the
second token is the one that is sampled. All tokens of `start` after its first are certain.

Different: both halves have the same maximal length (authors: 16k, no-think 4k). The authors' code takes the ratio as one
geometric mean per completion: `importance_sampling_level: sequence` with `loss_type: grpo` is that. With ratios per token
(TRL's default, and the formula at the first token) the push on `</think>` is proportional to its probability, and a policy
that never writes it learns it slowly: watch `openings/no_think/probability`.

The old policy's log-probabilities, which TRL leaves out when each generation batch is trained on within one optimizer
step (it then takes the current ones for them), are computed: one more forward pass, and ratios of the tokens that are not
forced are 1 up to rounding instead of exactly (tiny model: within 4e-6 in fp32; in bf16 0.001 off on average, 0.05 at most).

The reward part is `length_penalty: {name: adaptthink}`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trl import GRPOConfig

from data.response import CLOSE, OPEN
from data.tokenizer import Thinking
from recipes.schema import GRPORecipe
from train.methods import METHODS
from train.methods.base import Method, Opening

HALF = math.log(0.5)


@METHODS.register("adaptthink")
@dataclass(frozen=True, kw_only=True)
class AdaptThink(Method):
    """start: how the thinking half begins; "Alright" is what the authors' model begins with. Take your model's own."""

    start: str = "Alright"

    def __post_init__(self) -> None:
        if not self.start:
            raise ValueError("start: found ''; expected a word that thinking begins with")

    def check(self, recipe: GRPORecipe, config: GRPOConfig) -> None:
        if config.num_generations % 2:
            raise ValueError(
                f"trainer: num_generations: found {config.num_generations}; expected an even number: half of a group thinks"
            )
        if config.use_vllm and config.vllm_mode == "server":
            raise ValueError(
                "trainer: vllm_mode: found 'server'; expected 'colocate': a server gets each prompt once for its whole group"
            )
        if config.off_policy_mask_threshold is not None and not config.use_vllm:
            raise ValueError(
                "trainer: off_policy_mask_threshold: found a number; expected none: it would take forced tokens for drift"
            )

    def check_tokenizer(self, tokenizer: Any) -> None:
        no_think, think = self._both(tokenizer)
        branch = no_think.logps.index(HALF)
        if no_think.ids[branch] == think.ids[branch]:
            raise ValueError(
                f"start: found {self.start!r}, whose first token is that of {CLOSE!r}; expected another word"
            )

    def openings(
        self, members: Sequence[int], num_generations: int, tokenizer: Any
    ) -> list[Opening]:
        no_think, think = self._both(tokenizer)
        return [no_think if 2 * member < num_generations else think for member in members]

    def _both(self, tokenizer: Any) -> tuple[Opening, Opening]:
        opened = "" if Thinking.of(tokenizer).prefilled else OPEN

        def opening(name: str, text: str) -> Opening:
            before, ids = (
                tokenizer.encode(part, add_special_tokens=False) for part in (opened, text)
            )
            logps = [0.0] * len(before) + [HALF] + [0.0] * (len(ids) - 1)
            return Opening(name, (*before, *ids), tuple(logps))

        return opening("no_think", CLOSE), opening("think", self.start)
