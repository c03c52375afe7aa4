"""Rollouts by data/decoding.py, where no vLLM generates: on a GPU by CUDA graphs, on a CPU with finished rows leaving.

A bf16 copy of float32 weights generates, as vLLM does it: TRL's own path converts every weight for every token under
autocast, and on a GPU waits for kernels to be launched (docs/log.md). Used through TRL's `rollout_func`.
"""

import copy
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import torch
from peft import PeftModel
from peft.tuners.lora import LoraLayer
from transformers import AutoModelForCausalLM

from data.attention import DECODING
from data.chat import prompt_ids
from data.decoding import decode
from data.graphs import fuse_norms
from train.launch import Launch
from train.methods.apply import Methods, completed, opened, openings
from train.varlen import VARLEN


class Rollout:
    """`rollout_func` of GRPOTrainer: prompts arrive already repeated, one completion is returned for each.

    methods: may force how completions begin (train/methods)
    copies:  a bf16 copy of the policy generates, else the policy itself
    """

    def __init__(self, methods: Methods = (), copies: bool = True) -> None:
        self._methods = methods
        self._copies = copies
        self._copy: Any = None

    def __call__(self, prompts: list[Any], trainer: Any) -> dict[str, Any]:
        tokenizer, args = trainer.processing_class, trainer.args
        ids = [prompt_ids(tokenizer, prompt) for prompt in prompts]
        forced, limit = openings(self._methods, trainer, len(ids)), args.max_completion_length
        policy = trainer.accelerator.unwrap_model(trainer.model)
        with self._synced(policy) if self._copies else evaluating(policy) as model:
            written = decode(
                model, tokenizer, opened(ids, forced), limit, args.temperature, args.top_p
            )
        completions = completed(written, forced, limit)
        return {"prompt_ids": ids, "completion_ids": completions, "logprobs": None}

    @contextmanager
    def _synced(self, policy: Any) -> Iterator[Any]:
        """The copy with the policy's current weights, which on a GPU make room for the update afterwards."""
        if self._copy is None:
            self._copy = blank(policy)
        ours = dict(self._copy.named_parameters())
        for name, weight in weights(policy):
            ours.pop(name).data = weight.to(torch.bfloat16, copy=True)
        if ours:
            raise RuntimeError(f"no weights for {', '.join(ours)}")
        yield self._copy
        if policy.device.type == "cuda":
            for one in self._copy.parameters():
                one.data = torch.empty(0, dtype=one.dtype, device=one.device)


@torch.no_grad()
def weights(policy: Any) -> Iterator[tuple[str, torch.Tensor]]:
    """Every weight by its name without adapters, which are added to it. peft's `merge_adapter`, undone afterwards, would
    leave the policy's own weights rounded."""
    if not isinstance(policy, PeftModel):
        yield from ((name, weight.detach()) for name, weight in policy.named_parameters())
        return
    base = policy.get_base_model()
    adapted = {name: layer for name, layer in base.named_modules() if isinstance(layer, LoraLayer)}
    for name, weight in base.named_parameters():
        if "lora_" in name:
            continue
        owner, _, last = name.rpartition(".")
        layer = adapted.get(owner.removesuffix(".base_layer"))
        if layer is not None and last == "weight":
            changes = (layer.get_delta_weight(one) for one in layer.active_adapters)
            weight = sum((change.float() for change in changes), start=weight.float())
        yield name.replace(".base_layer.", "."), weight.detach()


def blank(policy: Any) -> Any:
    """A fresh bf16 model, not a deepcopy: accelerate and TRL have patched the policy's forward.

    Its config is its own, which names its attention. Its initial weights are thrown away, and must not cost draws: a resumed
    run would sample differently. Its buffers stay float32, as the policy's: rotary frequencies in bf16 would be other
    positions.
    """
    device = policy.device
    if isinstance(policy, PeftModel):
        policy = policy.get_base_model()
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), torch.device(device):
        found = AutoModelForCausalLM.from_config(copy.deepcopy(policy.config), dtype=torch.bfloat16)
    found.generation_config = copy.deepcopy(policy.generation_config)
    found.set_attn_implementation(DECODING)
    if device.type == "cuda":
        fuse_norms(found)
    return found.eval().requires_grad_(False)


@contextmanager
def evaluating(policy: Any) -> Iterator[Any]:
    """Without dropout and gradient checkpointing, which switches the cache off."""
    trained = policy.training
    policy.eval()
    yield policy
    policy.train(trained)


def who_generates(launch: Launch) -> Literal["copy", "itself"] | None:
    """The policy or a bf16 copy of it, by data/decoding.py; None where TRL's own generation (or vLLM) serves."""
    config, on_gpu = launch.config, not launch.on_cpu
    plain = not (config.use_vllm or config.use_transformers_continuous_batching)
    plain &= not (config.generation_kwargs or config.top_k or config.min_p)
    plain &= config.repetition_penalty == 1.0 and config.cache_implementation is None
    whole_weights = launch.engine.kind in ("single", "ddp")
    if not (config.bf16 and plain and whole_weights):
        return None
    model = launch.model
    # A policy in 16 bits needs no copy, unless adapters are to be merged: beside the weights they would cost more launches
    # than the model itself.
    copied = model.use_peft or not (on_gpu and model.dtype in ("bfloat16", "auto"))
    merges = not (launch.quantised_bits or model.use_dora or model.lora_modules_to_save)
    if copied and (merges or not model.use_peft):
        return "copy"
    # The policy's own attention has to take the masks of data/graphs.py.
    itself = on_gpu and not launch.quantised_bits and launch.attention in (VARLEN, "sdpa")
    return "itself" if itself else None


def own_rollout(launch: Launch, methods: Methods = ()) -> Rollout | None:
    """None where TRL generates."""
    who = who_generates(launch)
    if who is None:
        return None
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")  # rollout_func is marked experimental
    return Rollout(methods, copies=who == "copy")
