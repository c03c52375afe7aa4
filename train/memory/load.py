"""What the memory of one process depends on."""

from dataclasses import dataclass
from typing import Literal

from recipes.engine import Engine
from train.shape import Shape

OVERHEAD = 1.5e9  # CUDA context, NCCL, cuBLAS workspaces, fragmentation: assumed
Attention = Literal["flash", "sdpa", "eager"]


@dataclass(frozen=True)
class Generation:
    """Completions that a process generates at a time.

    rows:     prompts times completions
    tokens:   prompt and completion, at most
    vllm:     share of the GPU's memory that vLLM takes; 0 where transformers generates
    sleeps:   vLLM gives it back while the policy is trained
    own:      train/rollout.py generates, with a bf16 copy of the policy or the policy itself; None: TRL or vLLM
    """

    rows: int
    tokens: int
    vllm: float = 0.0
    sleeps: bool = False
    own: Literal["copy", "itself"] | None = None


@dataclass(frozen=True)
class Load:
    """weight_bytes:  of the recipe's dtype; compute_bytes: 2 with bf16 or fp16
    rows, tokens:  of one forward and backward
    quantised_bits: 4, 8 or None; nested: bitsandbytes quantises its constants again
    states:        of the optimizer, per trained parameter and in its precision: 2 for AdamW
    masked:        rows are padded or packed, so that sdpa gets a mask
    checkpointing: gradient checkpointing; selective: attention's outputs are kept too
    offloads:      activations go to the host's memory
    accumulates:   gradients of an earlier micro-batch are there when a backward begins
    liger:         its kernels for norms and the MLP
    all_logits:    a loss that needs them all at once
    reference:     a frozen copy of the model, for a KL term
    rewards:       bytes of the models that rewards hold
    generation:    None without one on this GPU
    gpu_memory:    of one GPU; overhead: what is on it whatever runs
    """

    shape: Shape
    engine: Engine
    weight_bytes: int
    compute_bytes: int
    rows: int
    tokens: int
    quantised_bits: int | None = None
    nested: bool = False
    states: float = 2.0
    attention: Attention = "sdpa"
    masked: bool = True
    checkpointing: bool = True
    selective: bool = False
    offloads: bool = False
    accumulates: bool = True
    liger: bool = False
    all_logits: bool = False
    reference: bool = False
    rewards: float = 0.0
    generation: Generation | None = None
    gpu_memory: float = 80e9
    overhead: float = OVERHEAD

    @property
    def deepspeed(self) -> bool:
        return self.engine.kind in ("zero2", "zero3")

    @property
    def full(self) -> bool:
        """Every weight is trained."""
        return self.shape.adapters == 0

    @property
    def mixed(self) -> bool:
        return self.compute_bytes < 4

    @property
    def checkpointed(self) -> bool:
        return self.checkpointing or self.engine.activation_checkpointing

    @property
    def stream_bytes(self) -> int:
        """Of the residual stream: DeepSpeed and FSDP2 cast the weights themselves, autocast only the products."""
        casts = self.engine.kind not in ("single", "ddp")
        return self.compute_bytes if casts and self.mixed else self.weight_bytes

    @property
    def trained_bytes(self) -> int:
        """Of one trained parameter."""
        if self.deepspeed:
            return self.compute_bytes
        if self.quantised_bits:
            return 2  # grpo_trainer.py and sft_trainer.py cast the adapters of quantised weights
        adapters_or_fsdp2 = not self.full or (self.engine.kind == "fsdp2" and self.mixed)
        return 4 if adapters_or_fsdp2 else self.weight_bytes

    @property
    def processed_tokens(self) -> float:
        """By one process in one forward and backward."""
        shared = self.engine.context_parallel * self.engine.sequence_parallel
        return self.rows * self.tokens / shared

    @property
    def weight_shards(self) -> int:
        return self.engine.num_processes if self.engine.kind in ("zero3", "fsdp2") else 1

    @property
    def state_shards(self) -> int:
        return 1 if self.engine.kind in ("single", "ddp") else self.engine.num_processes
