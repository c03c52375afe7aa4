"""What one process's GPU will hold, part by part, estimated from the recipe: no weights, no GPU. All sizes in bytes.

    load.py         what it depends on
    states.py       weights, gradients, optimizer states, an engine's buffers
    activations.py  one forward and backward, logits
    generation.py   KV cache, gathered weights

Left out: the allocator's fragmentation beyond `Load.overhead`, and what a collator or a callback puts on the GPU. Held
against ten peaks published for another trainer on FSDP2 (tests/test_memory.py).
"""

from dataclasses import dataclass

from train.memory.activations import activations, last_layer, logits
from train.memory.generation import gathered, kv_cache, policy_copy
from train.memory.load import Load
from train.memory.states import buffers, gradients, optimizer, reference, weights


@dataclass(frozen=True)
class Estimate:
    """Parts of two phases that take turns: the update (gradients to logits) and generation (cache, gathered)."""

    weights: float
    reference: float
    rewards: float
    optimizer: float
    gradients: float
    buffers: float
    activations: float
    logits: float
    kv_cache: float
    policy_copy: float
    gathered: float
    vllm: float
    vllm_sleeps: bool
    overhead: float

    @property
    def always(self) -> float:
        return self.weights + self.reference + self.rewards + self.optimizer + self.overhead

    @property
    def update(self) -> float:
        own = self.gradients + self.buffers + self.activations + self.logits
        return self.always + own + (0.0 if self.vllm_sleeps else self.vllm)

    @property
    def generation(self) -> float:
        """0 without generation."""
        own = self.kv_cache + self.policy_copy + self.gathered + self.vllm
        return self.always + own if own else 0.0

    @property
    def peak(self) -> float:
        return max(self.update, self.generation)


def estimate(load: Load) -> Estimate:
    generation = load.generation
    kept, grads = activations(load), gradients(load)
    if not load.accumulates:
        # They come while activations go: what counts is how much more there is at the end of a backward than at its start.
        grads = max(0.0, min(grads, grads + last_layer(load) - kept))
    return Estimate(
        weights=weights(load),
        reference=reference(load),
        rewards=load.rewards,
        optimizer=optimizer(load),
        gradients=grads,
        buffers=buffers(load),
        activations=kept,
        logits=logits(load),
        kv_cache=kv_cache(load),
        policy_copy=policy_copy(load),
        gathered=gathered(load),
        vllm=generation.vllm * load.gpu_memory if generation else 0.0,
        vllm_sleeps=bool(generation and generation.sleeps),
        overhead=load.overhead,
    )
