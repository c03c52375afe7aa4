"""Training speed and memory beside TRL's stock scripts: tokens per second and peak memory of `train/sft.py` against `trl
sft`, and of `train/grpo.py` against `trl grpo`, on the same model, rows and trainer settings, one after the other.

    python scripts/bench/training.py [sft|grpo] [--config R] [--steps 8] [--out figures.json] [section.key=value ...]
    python scripts/bench/training.py --cases scripts/bench/gpu.yaml [--only NAME ...] [--against scripts/bench/gpu_h100.json]

Each runs in a process of its own. The first two steps are left out, the figures are medians over the others. GRPO pays what
both have: a right answer and the thinking format. On a CPU the peer is run as the recipe says, and with micro-batches of 16
rows, which suit it better. Memory: the most that tensors took, on a GPU beside what train/preflight.py foretells; of the
process on a CPU. MFU: of updates, by train/hours.py.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
from speed.cases import Case
from speed.child import child
from speed.measure import compare, foretold

from recipes.cli import described

RECIPES = {
    "sft": "recipes/sft/tiny_long.yaml",
    "grpo": "recipes/grpo/tiny_answer_constraints_length.yaml",
}
GPU_RECIPES = {
    "sft": "recipes/sft/qwen3_1.7b_gsm8k.yaml",
    "grpo": "recipes/grpo/qwen3_1.7b_gsm8k.yaml",
}


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
