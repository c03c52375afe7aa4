"""Training speed beside TRL's stock scripts: tokens per second and peak memory of `train/sft.py` against `trl sft`, and of
`train/grpo.py` against `trl grpo`, on the same model, rows and trainer settings, one after the other.

    python scripts/bench/train.py [sft|grpo] [--config R] [--steps 8] [--out baseline.json] [section.key=value ...]
    python scripts/bench/train.py grpo --against baseline.json

Each runs in a process of its own. The first two steps are left out, the figures are medians over the others. GRPO pays what
both have: a right answer and the thinking format. The peer is run as the recipe says, and with micro-batches of 16 rows,
which suit it better on a CPU. Peak memory: of the process, or of the GPU where there is one.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

# A script's own folder comes first on the path, where this file would be the package `train`.
sys.path = [
    folder
    for folder in sys.path
    if Path(folder or ".").resolve() != Path(__file__).resolve().parent
]

RECIPES = {
    "sft": "recipes/sft/tiny_long.yaml",
    "grpo": "recipes/grpo/tiny_answer_constraints_length.yaml",
}
REWARDS = {"accuracy_reward": "answer", "think_format_reward": "think_format"}
WARM_UP = 2  # steps
MICRO = 16  # rows


@dataclass(frozen=True)
class Speed:
    """tokens_per_s: prompt and completion, padding left out; peak_gb: 10^9 bytes."""

    tokens_per_s: float
    seconds_per_step: float
    peak_gb: float


# ---------------------------------------------------------------------- in the measured process


def watch() -> list[tuple[float, float]]:
    """(time, tokens seen) at every log of a Trainer that is built from now on."""
    from transformers import TrainerCallback, trainer

    seen: list[tuple[float, float]] = []

    class Watch(TrainerCallback):  # type: ignore[misc]
        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if logs and "num_tokens" in logs and "loss" in logs:
                seen.append((time.perf_counter(), float(logs["num_tokens"])))

    trainer.DEFAULT_CALLBACKS.append(Watch)
    return seen


def peak_gb() -> float:
    import resource

    import torch

    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def child(who: str, kind: str, config: str) -> None:
    seen = watch()
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
    print(json.dumps({"seen": seen, "peak_gb": peak_gb()}))


# ---------------------------------------------------------------------- the two configurations


def our_recipe(kind: str, config: str, overrides: list[str], steps: int, batch: int) -> Any:
    """The recipe as both run it. batch: rows of a process and step, over which the data are cut."""
    from recipes.schema import GRPORecipe, SFTRecipe, load_recipe

    fixed = [
        "name=bench", f"trainer.max_steps={steps}", f"trainer.save_steps={100 * steps}", "trainer.logging_steps=1",
        f"data.0.num_rows={max(64, steps * batch)}", "trainer.report_to=none",
    ]  # fmt: skip
    if kind == "grpo":
        rewards = ", ".join(f"{{name: {name}}}" for name in REWARDS.values())
        fixed += [f"rewards=[{rewards}]", "length_penalty=null"]
    cls = {"sft": SFTRecipe, "grpo": GRPORecipe}[kind]
    return load_recipe(config, cls, [*overrides, *fixed])


def stock_config(kind: str, recipe: Any, folder: Path, micro: int | None) -> Path:
    """The same for `trl`: its flat YAML, and the rows as a data set on disk."""
    from data.decontaminate import Decontaminator
    from data.sources import build_sources, load_mixture
    from recipes.run import RunDir
    from train.config import trainer_config

    sources = build_sources(recipe.data, "bench")
    rows = load_mixture(sources, recipe.seed, Decontaminator(recipe.decontaminate, "bench"))
    kept = ["prompt", "completion"] if kind == "sft" else ["prompt", "answer"]
    rows = rows.select_columns(kept)
    if kind == "grpo":
        rows = rows.rename_column("answer", "solution")
    (folder / "data").mkdir()
    rows.to_json(str(folder / "data/train.jsonl"))
    import trl

    cls = {"sft": trl.SFTConfig, "grpo": trl.GRPOConfig}[kind]
    resolved = trainer_config(cls, recipe, RunDir(folder / "run"), "bench")
    given = {key: getattr(resolved, key) for key in recipe.trainer}
    settings = given | recipe.model | {
        "output_dir": str(folder / "stock"), "dataset_name": str(folder / "data"), "use_cpu": resolved.use_cpu,
        "bf16": resolved.bf16, "gradient_checkpointing": resolved.gradient_checkpointing, "report_to": "none",
        "seed": recipe.seed,
    }  # fmt: skip
    if kind == "grpo":
        settings["reward_funcs"] = list(REWARDS)
    if micro is not None:
        size = settings.get("per_device_train_batch_size", 8)
        settings["per_device_train_batch_size"] = micro
        settings["gradient_accumulation_steps"] = (
            settings.get("gradient_accumulation_steps", 1) * size // micro
        )
    plain = {key: getattr(value, "value", value) for key, value in settings.items()}
    path = folder / "stock.yaml"
    path.write_text(yaml.safe_dump(plain), encoding="utf-8")
    return path


# ---------------------------------------------------------------------- measuring


def measure(who: str, kind: str, config: Path, runs: Path) -> Speed:
    environment = os.environ | {
        "TETHER_RUNS": str(runs), "WANDB_MODE": "disabled", "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_CACHE": str(runs / "cache"), "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }  # fmt: skip
    command = [sys.executable, __file__, "--child", who, kind, "--config", str(config)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{who} {kind}: exit status {done.returncode}\n{done.stderr[-3000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    seen = found["seen"][WARM_UP - 1 :]
    steps = [
        (later - earlier, after - before) for (earlier, before), (later, after) in pairwise(seen)
    ]
    return Speed(
        tokens_per_s=statistics.median(tokens / seconds for seconds, tokens in steps),
        seconds_per_step=statistics.median(seconds for seconds, _ in steps),
        peak_gb=found["peak_gb"],
    )


def compare(kind: str, args: argparse.Namespace) -> dict[str, Speed]:
    from recipes.schema import to_yaml

    config = args.config or RECIPES[kind]
    with open(config, encoding="utf-8") as file:
        batch = yaml.safe_load(file)["trainer"].get("per_device_train_batch_size", 8)
    found = {}
    with tempfile.TemporaryDirectory() as root:
        recipe = our_recipe(kind, config, args.overrides, args.steps, batch)
        ours = Path(root) / "ours.yaml"
        ours.write_text(to_yaml(recipe), encoding="utf-8")
        found["ours"] = measure("ours", kind, ours, Path(root))
        micros = [None] if batch <= MICRO else [None, MICRO]
        for micro in micros:
            folder = Path(root) / f"stock-{micro}"
            folder.mkdir()
            label = f"trl {kind}" + (f", micro-batches of {micro}" if micro else "")
            found[label] = measure("stock", kind, stock_config(kind, recipe, folder, micro), folder)
    return found


def show(kind: str, found: dict[str, Speed], before: dict[str, Any] | None) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", "tokens/s", "ours is", "s per step", "peak GB", title=kind)
    for name, speed in found.items():
        ratio = found["ours"].tokens_per_s / speed.tokens_per_s
        table.add_row(
            name, f"{speed.tokens_per_s:,.0f}", f"x{ratio:.2f}", f"{speed.seconds_per_step:.2f}", f"{speed.peak_gb:.2f}"
        )  # fmt: skip
    if before is not None:
        table.add_row("the baseline's ours", f"{before['tokens_per_s']:,.0f}",
                      f"x{found['ours'].tokens_per_s / before['tokens_per_s']:.2f}", f"{before['seconds_per_step']:.2f}",
                      f"{before['peak_gb']:.2f}")  # fmt: skip
    Console(width=100).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", nargs="?", choices=sorted(RECIPES), help="default: both")
    parser.add_argument("--config", help="a recipe of that kind; default: a tiny one")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument(
        "--out", type=Path, help="write the figures here, to be compared with later"
    )
    parser.add_argument("--against", type=Path, help="figures of an earlier --out")
    parser.add_argument("--child", choices=("ours", "stock"), help=argparse.SUPPRESS)
    args, overrides = parser.parse_known_args()
    args.overrides = overrides
    if args.child:
        child(args.child, args.kind, args.config)
        return
    baseline = json.loads(args.against.read_text(encoding="utf-8")) if args.against else {}
    figures = {}
    for kind in [args.kind] if args.kind else sorted(RECIPES):
        found = compare(kind, args)
        show(kind, found, baseline.get(kind, {}).get("ours"))
        figures[kind] = {name: asdict(speed) for name, speed in found.items()}
    if args.out:
        args.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
