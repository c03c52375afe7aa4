"""Runs of train/sft.py and train/grpo.py in processes that can be killed, and that start in a second: forked from one that
has imported everything."""

import argparse
import multiprocessing
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from tests.support import free_port

CONTEXT = multiprocessing.get_context("forkserver")
# With what they import later, when it is used.
CONTEXT.set_forkserver_preload([
    "train.sft", "train.grpo", "deepspeed", "peft", "math_verify", "data.sources.deepscaler", "data.sources.tiny",
    "data.constraints.existence", "transformers.models.llama.modeling_llama",
])  # fmt: skip


def _main(kind, config, overrides, environment, log):
    os.environ.pop("WANDB_DIR", None)  # of an earlier test's run
    os.environ.update(environment)
    import torch

    import train.grpo
    import train.sft

    torch.set_num_threads(1)
    module = {"sft": train.sft, "grpo": train.grpo}[kind]
    arguments = argparse.Namespace(config=config, overrides=overrides, dry_run=False)
    with open(log, "a", encoding="utf-8") as file, redirect_stdout(file), redirect_stderr(file):
        try:
            module.main(arguments)
        except Exception as error:  # the launcher's view of it is the exit status
            print(f"{type(error).__name__}: {error}", file=file)
            sys.exit(3)


def start(runs, kind, config, *overrides, processes=1, wandb="disabled"):
    """The processes of one launch; what they print goes to `runs/log-<rank>`."""
    shared = {"TETHER_RUNS": str(runs), "OMP_NUM_THREADS": "1", "WANDB_MODE": wandb}
    if processes > 1:
        shared |= {
            "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port(), "WORLD_SIZE": str(processes),
            "LOCAL_WORLD_SIZE": str(processes), "ACCELERATE_USE_CPU": "true",
        }  # fmt: skip
    started = []
    for rank in range(processes):
        environment = shared | (
            {"RANK": str(rank), "LOCAL_RANK": str(rank)} if processes > 1 else {}
        )
        log = str(Path(runs) / f"log-{rank}")
        process = CONTEXT.Process(
            target=_main,
            args=(kind, config, [*overrides, "trainer.use_cpu=true"], environment, log),
        )
        process.start()
        started.append(process)
    return started


def finish(started):
    """Their exit codes."""
    for process in started:
        process.join(240)
    return [process.exitcode for process in started]


def kill(started):
    """As `kill -9` of one process and what its launcher then does to the others."""
    for process in started:
        process.kill()
    for process in started:
        process.join()
