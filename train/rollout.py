"""Rollouts on the CPU: a bf16 copy of the policy generates, as vLLM does on a GPU, while fp32 weights are
trained.

TRL's own path generates with the fp32 weights under autocast, which converts every weight for every token:
measured 4 to 5 times slower on a CPU with AMX (docs/log.md). Used through TRL's `rollout_func`.
"""

import copy
import os
from typing import Any

import torch
from trl import GRPOConfig

from data.attention import use_decoding_attention
from data.chat import prompt_ids
from data.decoding import decode
from train.engine_check import kind_of
from train.methods.apply import Methods, completed, opened, openings


class BF16Rollout:
    """`rollout_func` of GRPOTrainer: prompts arrive already repeated, one completion is returned for each.

    methods: may force how completions begin (train/methods)
    """

    def __init__(self, methods: Methods = ()) -> None:
        self._methods = methods
        self._copy: Any = None

    def __call__(self, prompts: list[Any], trainer: Any) -> dict[str, Any]:
        model, tokenizer, args = self._synced(trainer), trainer.processing_class, trainer.args
        ids = [prompt_ids(tokenizer, prompt) for prompt in prompts]
        forced, limit = openings(self._methods, trainer, len(ids)), args.max_completion_length
        written = decode(model, tokenizer, opened(ids, forced), limit, args.temperature, args.top_p)
        completions = completed(written, forced, limit)
        return {"prompt_ids": ids, "completion_ids": completions, "logprobs": None}

    def _synced(self, trainer: Any) -> Any:
        """The copy with the policy's current weights."""
        policy = trainer.accelerator.unwrap_model(trainer.model)
        if self._copy is None:
            # A fresh model, not a deepcopy: accelerate and TRL have patched the policy's forward.
            # Its initial weights are thrown away, and must not cost draws: a resumed run would sample differently.
            with torch.random.fork_rng(devices=[]):
                blank = type(policy)(policy.config)
            self._copy = blank.to(torch.bfloat16).eval().requires_grad_(False)
            self._copy.generation_config = copy.deepcopy(policy.generation_config)
            use_decoding_attention(self._copy)
        with torch.no_grad():
            for ours, theirs in zip(self._copy.parameters(), policy.parameters(), strict=True):
                ours.copy_(theirs)
        return self._copy


def cpu_rollout(config: GRPOConfig, use_peft: bool, methods: Methods = ()) -> BF16Rollout | None:
    """The rollout for this configuration, or None where TRL's own generation (or vLLM) serves."""
    on_cpu = config.use_cpu and config.bf16 and not config.use_vllm and not use_peft
    whole_weights = kind_of(config) in ("one process", "DDP")
    if not (on_cpu and whole_weights and not config.generation_kwargs):
        return None
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")  # rollout_func is marked experimental
    return BF16Rollout(methods)
