"""In the measured process: a trainer that says when each step ended, and what it held in memory."""

import argparse
import atexit
import cProfile
import json
import os
import time
from pathlib import Path
from typing import Any

PROFILES = "TETHER_BENCH_PROFILES"  # a folder for cProfile's files; they slow a run down


def watch() -> list[dict[str, float]]:
    """Time, tokens seen and share of generation at every log of a Trainer that is built from now on."""
    from transformers import TrainerCallback, trainer

    seen: list[dict[str, float]] = []

    class Watch(TrainerCallback):  # type: ignore[misc]
        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if logs and "num_tokens" in logs and "loss" in logs:
                share = float(logs.get("time/generation_share", 0.0))
                seen.append({"time": time.perf_counter(), "tokens": float(logs["num_tokens"]), "share": share})  # fmt: skip

    trainer.DEFAULT_CALLBACKS.append(Watch)
    return seen


def memory() -> dict[str, float]:
    import resource

    import torch

    if not torch.cuda.is_available():
        return {"peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9}
    return {
        "peak_gb": torch.cuda.max_memory_allocated() / 1e9,
        "reserved_gb": torch.cuda.max_memory_reserved() / 1e9,
    }


def child(who: str, kind: str, config: str) -> None:
    seen = watch()
    if folder := os.environ.get(PROFILES):
        profile = cProfile.Profile()
        profile.enable()
        atexit.register(profile.dump_stats, f"{folder}/{Path(config).parent.name}_{who}.pstats")
    if who == "ours":
        import train.grpo
        import train.sft

        module = {"sft": train.sft, "grpo": train.grpo}[kind]
        module.main(argparse.Namespace(config=config, overrides=[], dry_run=False))
    else:
        import trl.scripts.grpo
        import trl.scripts.sft

        script = {"sft": trl.scripts.sft, "grpo": trl.scripts.grpo}[kind]
        script.main(*script.make_parser().parse_args_and_config(args=["--config", config]))
    print(json.dumps({"seen": seen, **memory()}))
