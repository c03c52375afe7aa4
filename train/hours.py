"""How long a run will take, from the model's FLOPs and the share of the GPU's peak that is reached (MFU).

Per token, by the convention of the published figures (PrimeIntellect-ai/prime-rl, trainer/perf.py, which is PaLM's):

    forward and backward = 6 M + 12 L h s        full fine-tuning
                           4 M + 2 T + 6 A + 12 L h s    LoRA: no gradients of frozen weights
    forward              = 2 (M + A) + 4 L h s

M: weights in matrix products, head included; A: of adapters; T: trained otherwise; L, h: layers, hidden size; s: tokens of
the sequence. It takes attention for full where it is causal, and h for heads times head size, so an MFU belongs to it alone
(trl.trainer.utils.compute_flops_per_token counts 14.8 GFLOP per token for a model of 0.6 B at 16k, this 9.2). Published on
one H100 at 16k: 25,486 tokens/s at 23.7 % (SFT of 0.6 B), 6,229 at 21.7 % (RL of 4 B with LoRA), generation not counted.

transformers' generation is bound by launching kernels: 0.61 ms per layer and token step, whatever the model's size up to 8 B
(Qwen3's speed benchmark, qwen.readthedocs.io: 58.6, 59.8, 45.9 and 45.3 tokens/s for 28, 28, 36 and 36 layers, batch 1).
By CUDA graphs (data/graphs.py) it was 0.19 to 0.21 ms on an H100 with 64 rows of up to 640 tokens (docs/log.md).
A batch lasts as long as its longest completion. vLLM's generation is counted in FLOPs, at an assumed share of the peak.
"""

from dataclasses import dataclass

from train.shape import Shape

LAYER_STEP_S = 0.61e-3
GRAPH_LAYER_STEP_S = 0.2e-3


@dataclass(frozen=True)
class Assumptions:
    """peak_flops: of one GPU, dense bf16; mfu: of updates; generation_mfu: of vLLM. Shares, in (0, 1]."""

    peak_flops: float = 989e12
    mfu: float = 0.2
    generation_mfu: float = 0.1


@dataclass(frozen=True)
class Work:
    """Of one optimizer step, over all processes.

    tokens:      that pass through the model, prompts included; sequence: of one row of them
    forwards:    passes without a backward over the same tokens: reference, old policy
    generated:   tokens to be generated (0 in SFT); token_steps: of one process, where no vLLM generates
    graphs:      by CUDA graphs (train/rollout.py), not by TRL
    """

    tokens: float
    sequence: float
    forwards: float = 0.0
    generated: float = 0.0
    token_steps: float = 0.0
    uses_vllm: bool = False
    graphs: bool = False

    @property
    def layer_step_s(self) -> float:
        """Seconds for one layer and token step, where no vLLM generates."""
        return GRAPH_LAYER_STEP_S if self.graphs else LAYER_STEP_S


def update_flops(shape: Shape, sequence: float) -> float:
    """Per token, forward and backward."""
    attention = 12 * shape.layers * shape.hidden * sequence
    if not shape.adapters:
        return 6 * shape.matmul + attention
    others = shape.trained - shape.adapters
    return 4 * shape.matmul + 2 * others + 6 * shape.adapters + attention


def forward_flops(shape: Shape, sequence: float) -> float:
    """Per token."""
    return 2 * (shape.matmul + shape.adapters) + 4 * shape.layers * shape.hidden * sequence


def tokens_per_second(shape: Shape, sequence: float, gpus: int, assumed: Assumptions) -> float:
    """Of updates, all GPUs together."""
    return gpus * assumed.peak_flops * assumed.mfu / update_flops(shape, sequence)


def step_seconds(shape: Shape, work: Work, gpus: int, assumed: Assumptions) -> tuple[float, float]:
    """Of the update, other forward passes included, and of generation."""
    peak = gpus * assumed.peak_flops
    flops = update_flops(shape, work.sequence) + work.forwards * forward_flops(shape, work.sequence)
    update = work.tokens * flops / (peak * assumed.mfu)
    if work.uses_vllm:
        # A token is generated with half of its sequence behind it, on average.
        per_token = forward_flops(shape, work.sequence / 2)
        return update, work.generated * per_token / (peak * assumed.generation_mfu)
    return update, work.token_steps * shape.layers * work.layer_step_s
