"""Training speed and memory beside TRL's stock scripts: tokens per second and peak memory of `train/sft.py` against `trl
sft`, and of `train/grpo.py` against `trl grpo`, on the same model, rows and trainer settings, one after the other.

    python scripts/bench/train.py [sft|grpo] [--config R] [--steps 8] [--out figures.json] [section.key=value ...]
    python scripts/bench/train.py --cases scripts/bench/gpu.yaml [--only NAME ...] [--against scripts/bench/gpu_h100.json]

Each runs in a process of its own. The first two steps are left out, the figures are medians over the others. GRPO pays what
both have: a right answer and the thinking format. On a CPU the peer is run as the recipe says, and with micro-batches of 16
rows, which suit it better. Memory: the most that tensors took, on a GPU beside what train/preflight.py foretells; of the
process on a CPU. MFU: of updates, by train/hours.py.
"""

import argparse
import atexit
import cProfile
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from recipes.cli import described

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
GPU_RECIPES = {
    "sft": "recipes/sft/qwen3_1.7b_gsm8k.yaml",
    "grpo": "recipes/grpo/qwen3_1.7b_gsm8k.yaml",
}
REWARDS = {"accuracy_reward": "answer", "think_format_reward": "think_format"}
TOKENIZER = "data/tiny/base_model"
WARM_UP = 2  # steps
MICRO = 16  # rows
PROFILES = "TETHER_BENCH_PROFILES"  # a folder for cProfile's files; they slow a run down
PROMPT_TOKENS = 128  # at most, of the tiny world's problems


@dataclass(frozen=True)
class Case:
    """model: of recipes/architectures.yaml, with random weights; None: the recipe's
    tokens: shortest and longest row of SFT; accelerate: a config, for one process; peer: TRL's script too
    """

    kind: str
    config: str
    overrides: list[str]
    model: str | None = None
    tokens: list[int] | None = None
    accelerate: str | None = None
    peer: bool = True


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


# ---------------------------------------------------------------------- in the measured process


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


# ---------------------------------------------------------------------- model, rows and configurations


def random_model(name: str, folder: Path) -> str:
    """A published shape with random weights and the tiny world's tokenizer; a saved one is used again."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from recipes.architectures import config_of

    if not (folder / "config.json").is_file():
        tokenizer: Any = AutoTokenizer.from_pretrained(TOKENIZER)
        with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
            model = AutoModelForCausalLM.from_config(config_of(name), dtype=torch.bfloat16)
        model.generation_config.eos_token_id = tokenizer.eos_token_id
        model.generation_config.pad_token_id = tokenizer.pad_token_id
        tokenizer.save_pretrained(folder)
        model.save_pretrained(folder)
        del model
        torch.cuda.empty_cache()
    return str(folder)


def write_rows(path: Path, tokens: list[int], number: int) -> None:
    """Traces of that many tokens, to a handful: a digit is one."""
    draw = random.Random(0)
    with path.open("w", encoding="utf-8") as file:
        for index in range(number):
            length = max(1, draw.randint(*tokens) - (0 if tokens[0] == tokens[1] else 30))
            thought = "".join(draw.choices("0123456789", k=length))
            row = {
                "id": index,
                "question": "1 + 2?",
                "completion": f"<think>\n{thought}\n</think>\n\n\\boxed{{3}}",
            }
            file.write(json.dumps(row) + "\n")


def our_recipe(case: Case, folder: Path, steps: int) -> Any:
    """The recipe as both run it."""
    from recipes.schema import GRPORecipe, SFTRecipe, load_recipe

    cls = {"sft": SFTRecipe, "grpo": GRPORecipe}[case.kind]
    trainer = load_recipe(case.config, cls, case.overrides).trainer
    rows = trainer.get("per_device_train_batch_size", 8) * trainer.get(
        "gradient_accumulation_steps", 1
    )
    number = max(64, steps * rows)
    fixed = [
        "name=bench", f"trainer.max_steps={steps}", f"trainer.save_steps={100 * steps}", "trainer.logging_steps=1",
        "trainer.report_to=none", 'trainer.save_strategy="no"',
    ]  # fmt: skip
    if case.model is not None:
        shape = folder.parent / case.model.replace("/", "--")
        fixed += [
            f"model.model_name_or_path={random_model(case.model, shape)}",
            "decontaminate=null",
        ]
        fixed += [f"data=[{{name: tiny, num_rows: {number}}}]"]
    if case.tokens is not None:
        write_rows(folder / "rows.jsonl", case.tokens, number)
        fixed += [f"data=[{{name: traces, path: {folder / 'rows.jsonl'}}}]"]
    if case.model is None:
        fixed += [f"data.0.num_rows={number}"]
    if case.kind == "grpo":
        rewards = ", ".join(f"{{name: {name}}}" for name in REWARDS.values())
        fixed += [f"rewards=[{rewards}]", "length_penalty=null"]
    return load_recipe(case.config, cls, [*case.overrides, *fixed])


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
    command = [*launcher, __file__, "--child", who, case.kind, "--config", str(config)]
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


# ---------------------------------------------------------------------- reporting


def device() -> str:
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"


def show(title: str, found: dict[str, dict[str, float]], before: dict[str, Any] | None) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(
        "",
        "tokens/s",
        "ours is",
        "s per step",
        "generation",
        "MFU",
        "peak GB",
        "foretold",
        title=title,
    )
    ours = found["ours"]
    rows = dict(found) | ({"ours, baseline": before} if before else {})
    for name, one in rows.items():
        ratio = ours["tokens_per_s"] / one["tokens_per_s"]
        mfu, gb = one.get("mfu"), one.get("foretold_gb")
        table.add_row(
            name, f"{one['tokens_per_s']:,.0f}", f"x{ratio:.2f}", f"{one['seconds_per_step']:.2f}",
            f"{one['generation_share']:.0%}", f"{mfu:.1%}" if mfu else "", f"{one['peak_gb']:.2f}",
            f"{gb:.2f}" if gb else "",
        )  # fmt: skip
    Console(width=100).print(table)


def run(name: str, case: Case, steps: int, root: Path) -> dict[str, dict[str, float]]:
    folder = root / name
    folder.mkdir()
    speeds = compare(case, steps, folder)
    found = {who: asdict(speed) for who, speed in speeds.items()}
    found["ours"] |= foretold(case, folder, speeds["ours"])
    return found


def cases_of(args: argparse.Namespace) -> dict[str, Case]:
    from recipes.typed import build

    if args.cases is None:
        kinds = [args.kind] if args.kind else sorted(RECIPES)
        return {kind: Case(kind, args.config or RECIPES[kind], args.overrides) for kind in kinds}
    found = {}
    for name, keys in yaml.safe_load(args.cases.read_text(encoding="utf-8")).items():
        keys = {"config": GPU_RECIPES[keys["kind"]], "peer": False, **keys}
        keys["overrides"] = [*keys["overrides"], *args.overrides]
        found[name] = build(Case, keys, f"{args.cases}: {name}")
    return {name: case for name, case in found.items() if not args.only or name in args.only}


def main() -> None:
    parser = described(__doc__)
    add = parser.add_argument
    add("kind", nargs="?", choices=sorted(RECIPES), help="default: both")
    add("--config", help="a recipe of that kind; default: a tiny one")
    add("--steps", type=int, default=8)
    add("--cases", type=Path, help="a file of cases, instead of kind and --config")
    add("--only", nargs="+", metavar="NAME", help="of these cases")
    add("--out", type=Path, help="write the figures here, to be compared with later")
    add("--against", type=Path, help="figures of an earlier --out")
    add("--child", choices=("ours", "stock"), help=argparse.SUPPRESS)
    args, args.overrides = parser.parse_known_args()
    if args.child:
        child(args.child, args.kind, args.config)
        return
    baseline = json.loads(args.against.read_text(encoding="utf-8")) if args.against else {}
    figures: dict[str, Any] = {"device": device(), "torch": version("torch")}
    failed = []
    with tempfile.TemporaryDirectory() as root:
        for name, case in cases_of(args).items():
            try:
                figures[name] = run(name, case, args.steps, Path(root))
            except RuntimeError as error:
                print(f"{name}: {error}", file=sys.stderr, flush=True)
                failed.append(name)
                continue
            show(name, figures[name], baseline.get(name, {}).get("ours"))
            if args.out:  # so that an interrupted run leaves what it has
                args.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
