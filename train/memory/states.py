"""Model states, by ZeRO's accounting (https://arxiv.org/abs/1910.02054, section 3.1 and Figure 1).

Per parameter 2 bytes of weights, 2 of gradients and 12 of optimizer states (float32 copy, momentum, variance); stage 2
divides gradients and states by the processes, stage 3 the weights too. What holds them here:

    single, ddp   weights in the recipe's dtype, gradients and AdamW's two states in the same; float32 gives 4 + 4 + 8
    zero2, zero3  with bf16 or fp16 the paper's 2 + 2 + 12, whatever the dtype (deepspeed/runtime/zero); else 4 + 4 + 12
    fsdp2         with bf16 or fp16 what is trained is float32 (accelerate, fsdp2_prepare_model): 4 + 4 + 8, all divided

LoRA: gradients and states of the adapters only, which PEFT keeps in float32, TRL in bf16 on quantised weights. Quantised
weights as in QLoRA (https://arxiv.org/abs/2305.14314, section 3): 4 bits and a float32 constant per 64 of them (0.5 bits),
0.127 bits where the constants are quantised again.
"""

from train.memory.load import Load

# deepspeed/runtime/zero/config.py: `reduce_bucket_size`, in elements; accelerate leaves it at its default.
REDUCE_BUCKET = 5e8
# States per trained parameter in its own precision; other optimizers of transformers are taken for AdamW.
STATES = {"8bit": 0.5, "adafactor": 0.0, "sgd": 0.0, "adagrad": 1.0, "lion": 1.0, "muon": 1.0}
CONSTANT_BITS, NESTED_BITS = 0.5, 0.127


def weights(load: Load) -> float:
    if load.engine.offload_params:
        return 0.0
    adapters = 0 if load.full else load.shape.trained * load.trained_bytes
    return (base_weights(load) + adapters) / load.weight_shards


def base_weights(load: Load) -> float:
    """Without adapters, before they are divided."""
    shape = load.shape
    if load.quantised_bits:
        constants = NESTED_BITS if load.nested else CONSTANT_BITS
        bits = load.quantised_bits + (constants if load.quantised_bits == 4 else 0)
        rest = shape.params - shape.quantised
        return shape.quantised * bits / 8 + rest * load.weight_bytes
    if load.full:
        return shape.params * load.trained_bytes
    return shape.params * (load.compute_bytes if load.deepspeed else load.weight_bytes)


def reference(load: Load) -> float:
    """PEFT switches the adapters off instead."""
    return base_weights(load) / load.weight_shards if load.reference and load.full else 0.0


def optimizer(load: Load) -> float:
    if load.engine.offload_optimizer:
        return 0.0
    # DeepSpeed updates a float32 copy that it keeps.
    per_param = 4 + 4 * load.states if load.deepspeed else load.trained_bytes * load.states
    return load.shape.trained * per_param / load.state_shards


def gradients(load: Load) -> float:
    """Offloaded with the states."""
    if load.engine.offload_optimizer:
        return 0.0
    return load.shape.trained * load.trained_bytes / load.state_shards


def buffers(load: Load) -> float:
    """What an engine copies while it works."""
    shape, kind, c = load.shape, load.engine.kind, load.compute_bytes
    if kind in ("single", "ddp"):
        # torch's DDP copies gradients into buckets (`gradient_as_bucket_view` is off).
        buckets = shape.trained * load.trained_bytes if kind == "ddp" else 0
        return _autocast_copies(load) + buckets
    bucket = REDUCE_BUCKET * c
    if kind == "zero2":
        return bucket
    ends = shape.head * (1 if shape.tied else 2)  # embedding and head
    gathered = c * (2 * shape.layer + ends)  # the layer at work and the next
    if kind == "zero3":
        return gathered + bucket
    return gathered + (c * (shape.layer + ends) if load.full else 0)


def _autocast_copies(load: Load) -> float:
    """Of each trained weight until the forward ends; autograd keeps those of frozen ones, a layer at a time where layers are
    checkpointed."""
    if load.weight_bytes <= load.compute_bytes or load.quantised_bits:
        return 0.0
    whole = load.full or not load.checkpointed
    return load.compute_bytes * (load.shape.quantised if whole else load.shape.layer)
