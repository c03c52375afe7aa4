"""A run that is about to start, or is planned for another machine: all that is known before a model or data is touched."""

from dataclasses import dataclass
from typing import Any, Self

from transformers import PretrainedConfig
from trl import GRPOConfig, ModelConfig, SFTConfig

from recipes.architectures import config_of
from recipes.engine import Engine
from recipes.schema import GRPORecipe, SFTRecipe, TrainRecipe
from train import varlen
from train.arithmetic import Arithmetic, arithmetic
from train.config import trains_on_cpu
from train.model import change
from train.reward_functions import WeightedReward
from train.varlen import VARLEN


@dataclass(frozen=True)
class Launch:
    """where:   the recipe's path
    on_cpu:  where it trains; `config.use_cpu` is also set for a plan that is made on a machine without a GPU
    planned: for another machine, so that what is installed here says nothing
    """

    where: str
    recipe: TrainRecipe
    model: ModelConfig
    config: SFTConfig | GRPOConfig
    engine: Engine
    sizes: Arithmetic
    on_cpu: bool
    planned: bool = False
    rewards: tuple[WeightedReward, ...] = ()

    @classmethod
    def of(
        cls,
        where: str,
        recipe: TrainRecipe,
        model: ModelConfig,
        config: SFTConfig | GRPOConfig,
        rows: int,
        planned: Engine | None,
        rewards: tuple[WeightedReward, ...] = (),
    ) -> Self:
        """rows: that are trained on; planned: None for the processes of this launch."""
        engine = planned or Engine.of_environment()
        return cls(
            where, recipe, model, config, engine, arithmetic(config, rows, engine),
            trains_on_cpu(recipe, planned), planned is not None, rewards,
        )  # fmt: skip

    @property
    def given(self) -> dict[str, Any]:
        """What the recipe's section `trainer` says itself."""
        return self.recipe.trainer

    @property
    def is_grpo(self) -> bool:
        return isinstance(self.recipe, GRPORecipe)

    @property
    def uses_vllm(self) -> bool:
        return self.is_grpo and bool(self.config.use_vllm)

    @property
    def colocated(self) -> bool:
        """vLLM runs on the GPUs of this run, not on a server."""
        return self.uses_vllm and self.config.vllm_mode == "colocate"

    @property
    def corrects_vllm(self) -> bool:
        """The loss weighs completions by what vLLM and the policy make of them."""
        return self.uses_vllm and bool(self.config.vllm_importance_sampling_correction)

    @property
    def model_config(self) -> PretrainedConfig | None:
        """As it will be trained; None where there is none yet, as for the checkpoint of a stage before."""
        try:
            found = config_of(str(self.model.model_name_or_path), self.model.model_revision)
        except OSError:
            return None
        if isinstance(self.recipe, SFTRecipe):
            change(found, self.recipe.config_overrides, self.where)
        return found.get_text_config()

    @property
    def quantised_bits(self) -> int | None:
        if self.model.load_in_4bit:
            return 4
        return 8 if self.model.load_in_8bit else None

    @property
    def optimizer(self) -> str:
        """As transformers names it."""
        return str(self.config.optim.value)

    @property
    def attention(self) -> str:
        """As transformers names it. Where the recipe says nothing: train/varlen.py on a GPU that has its kernel."""
        if self.model.attn_implementation is not None:
            return str(self.model.attn_implementation)
        divided = self.engine.context_parallel > 1 or self.engine.sequence_parallel > 1
        if (
            self.on_cpu
            or divided
            or not self.sixteen_bit
            or not (self.planned or varlen.on_this_gpu())
        ):
            return "sdpa"
        model = self.model_config
        return VARLEN if model is None or varlen.serves(model) else "sdpa"

    @property
    def flash(self) -> bool:
        """Attention that reads where packed sequences begin, and computes in 16 bits only."""
        return "flash" in self.attention or self.attention == VARLEN

    @property
    def sixteen_bit(self) -> bool:
        """Attention is computed in bf16 or fp16."""
        return self.mixed or self.model.dtype in ("bfloat16", "float16", "auto")

    @property
    def mixed(self) -> bool:
        return bool(self.config.bf16 or self.config.fp16)

    @property
    def padding_free(self) -> bool:
        """TRL turns it on for the strategies that keep documents apart (sft_trainer.py)."""
        if self.is_grpo:
            return False
        packed = self.config.packing and self.config.packing_strategy in ("bfd", "bfd_split")
        return bool(self.config.padding_free or packed)
