"""Runs of a case, each in a process of its own, and what preflight foretold of ours."""

import json
import os
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from speed.cases import Case, our_recipe, stock_config

WARM_UP = 2  # steps
MICRO = 16  # rows
PROMPT_TOKENS = 128  # at most, of the tiny world's problems
SCRIPT = Path(__file__).resolve().parents[1] / "training.py"


@dataclass(frozen=True)
class Speed:
    """tokens_per_s: prompt and completion, padding left out; generation_share: of a step's time, 0 for SFT.

    peak_gb: 10^9 bytes in tensors; reserved_gb: with what the allocator keeps
    """

    tokens_per_s: float
    seconds_per_step: float
    peak_gb: float
    reserved_gb: float = 0.0
    generation_share: float = 0.0


def measure(who: str, case: Case, config: Path, runs: Path) -> Speed:
    """Raises RuntimeError with the end of what the process said."""
    environment = os.environ | {
        "TETHER_RUNS": str(runs), "WANDB_MODE": "disabled", "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_CACHE": str(runs / "cache"), "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }  # fmt: skip
    launcher = [sys.executable]
    if case.accelerate is not None:
        launcher += ["-m", "accelerate.commands.launch", "--config_file", case.accelerate]
        launcher += ["--num_processes", "1"]
    command = [*launcher, str(SCRIPT), "--child", who, case.kind, "--config", str(config)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{who}: exit status {done.returncode}\n{done.stderr[-2500:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    seen = found.pop("seen")[WARM_UP - 1 :]
    steps = [
        (b["time"] - a["time"], b["tokens"] - a["tokens"], b["share"]) for a, b in pairwise(seen)
    ]
    return Speed(
        tokens_per_s=statistics.median(tokens / seconds for seconds, tokens, _ in steps),
        seconds_per_step=statistics.median(seconds for seconds, _, _ in steps),
        generation_share=statistics.median(share for _, _, share in steps),
        **found,
    )


def compare(case: Case, steps: int, folder: Path) -> dict[str, Speed]:
    from recipes.schema import to_yaml

    recipe = our_recipe(case, folder, steps)
    ours = folder / "ours.yaml"
    ours.write_text(to_yaml(recipe), encoding="utf-8")
    found = {"ours": measure("ours", case, ours, folder)}
    if not case.peer:
        return found
    size = recipe.trainer.get("per_device_train_batch_size", 8)
    micros = [None, MICRO] if size > MICRO and case.model is None else [None]
    for micro in micros:
        stock = folder / f"stock-{micro}"
        stock.mkdir()
        label = f"trl {case.kind}" + (f", micro-batches of {micro}" if micro else "")
        found[label] = measure("stock", case, stock_config(case.kind, recipe, stock, micro), stock)
    return found


def foretold(case: Case, folder: Path, found: Speed) -> dict[str, float]:
    """What preflight says of this run, and its MFU: nothing without a GPU."""
    import torch
    from trl.trainer.utils import get_peak_flops

    import train.grpo
    import train.sft
    from recipes.engine import Engine
    from train.hours import update_flops
    from train.memory import estimate
    from train.needs import Assumed, load_of
    from train.shape import shape_of

    if not torch.cuda.is_available():
        return {}
    engine = Engine("single") if case.accelerate is None else Engine.load(case.accelerate)
    engine = Engine(**{**asdict(engine), "num_processes": 1})
    module = {"sft": train.sft, "grpo": train.grpo}[case.kind]
    launch = module.plan(str(folder / "ours.yaml"), [], engine).launch
    model = launch.model_config
    assert model is not None
    shape = shape_of(model, launch.model)
    needed = estimate(load_of(launch, model, shape, Assumed(prompt_tokens=PROMPT_TOKENS)))
    rows = launch.sizes.samples_per_step
    sequence = found.tokens_per_s * found.seconds_per_step / rows
    updating = found.tokens_per_s / (1 - found.generation_share)
    peak = get_peak_flops(torch.cuda.get_device_name(), "bfloat16") or 989e12
    return {
        "foretold_gb": (needed.peak - needed.overhead) / 1e9,
        "tokens_per_row": sequence,
        "mfu": updating * update_flops(shape, sequence) / peak,
    }
