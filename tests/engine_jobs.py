"""Training runs inside one launched process, one after the other: start-up costs more than the steps.

    accelerate launch ... tests/engine_jobs.py '[["sft", "recipes/sft/x.yaml", ["name=a"]], ["drop", "a/checkpoint-2", []]]'

A job is a run, or "drop" with a folder of `runs/` to remove, so that the same run after it resumes.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import DistributedType
from transformers import GenerationMixin

import train.grpo
import train.launch
import train.sft
from recipes.run import runs_root

MAINS = {"sft": train.sft.main, "grpo": train.grpo.main}
Job = tuple[str, str, list[str]]  # kind, recipe, overrides


@contextmanager
def sampling_by_row() -> Iterator[None]:
    """Every row of a generation draws from generators of its own, seeded by the row's place among those of all processes,
    so that two processes sample what one does. argmax of p / e with e exponential is a draw from p."""
    generate, multinomial = GenerationMixin.generate, torch.multinomial
    generations = 0

    def seeded_generate(self: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal generations
        generations += 1
        position = 0

        def seeded_multinomial(probs: torch.Tensor, num_samples: int) -> torch.Tensor:
            nonlocal position
            position += 1
            first = PartialState().process_index * len(probs)
            noise = torch.empty_like(probs)
            for index, row in enumerate(noise):
                seed = hash(
                    (generations, position, first + index)
                )  # of numbers: the same everywhere
                row.exponential_(generator=torch.Generator().manual_seed(seed))
            return (probs / noise).argmax(dim=-1, keepdim=True)

        torch.multinomial = seeded_multinomial
        try:
            return generate(self, *args, **kwargs)
        finally:
            torch.multinomial = multinomial

    GenerationMixin.generate = seeded_generate
    try:
        yield
    finally:
        GenerationMixin.generate = generate


def take_cpus_for_gpus() -> None:
    """accelerate turns FSDP on for GPUs only, though FSDP2 itself runs over gloo. So that it can be tested: these processes
    are said to have GPUs, and ACCELERATE_TORCH_DEVICE=cpu says where those are."""

    def backend(*_: Any, **__: Any) -> tuple[str, DistributedType]:
        if not torch.distributed.is_initialized():
            torch.distributed.init_process_group("gloo")
        return "gloo", DistributedType.MULTI_GPU

    PartialState._prepare_backend = backend
    train.launch.trains_on_cpu = lambda *_: False  # or train/rules would refuse it


def drop(folder: str) -> None:
    state = PartialState()
    state.wait_for_everyone()
    if state.is_main_process:
        shutil.rmtree(runs_root() / folder)
    state.wait_for_everyone()


def run(jobs: list[Job]) -> None:
    for kind, what, overrides in jobs:
        if kind == "drop":
            drop(what)
            continue
        with sampling_by_row():
            MAINS[kind](argparse.Namespace(config=what, overrides=overrides, dry_run=False))


if __name__ == "__main__":
    if os.environ.get("ACCELERATE_TORCH_DEVICE") == "cpu":
        take_cpus_for_gpus()
    run(json.loads(sys.argv[1]))
