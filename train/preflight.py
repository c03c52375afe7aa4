"""Will it run, will it fit, how long will it take: a recipe on an engine, without weights and without a GPU.

    python -m train.preflight --config recipes/grpo/x.yaml --accelerate recipes/accelerate/zero2.yaml --gpus 8

Refuses with one line for each combination that cannot work (train/rules); otherwise prints batches, memory of one GPU by
part, likely overflows with the key to change, expected hours and cautions. Without --accelerate and --gpus it is about
`python train/...` on this machine. Every launch makes the same checks; its --dry-run prints the same report.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from trl.trainer.utils import get_peak_flops

import train.grpo
import train.sft
from recipes import cli
from recipes.engine import Engine
from recipes.errors import UserError
from recipes.extends import read
from train.hours import Assumptions
from train.needs import Assumed
from train.report import preflight

PLANS: dict[str, Callable[..., Any]] = {"sft": train.sft.plan, "grpo": train.grpo.plan}
NUMBERS = (
    ("--gpus", int, None, "N", "processes, one per GPU (default: the accelerate config's)"),
    ("--gpu-memory", float, 80, "GB", "of one GPU (default: 80)"),
    ("--mfu", float, 0.2, "SHARE", "of the GPU's peak, reached in updates (default: 0.2)"),
    ("--generation-mfu", float, 0.1, "SHARE", "of it, reached by vLLM (default: 0.1)"),
    ("--prompt-tokens", int, 512, "N", "of the longest prompt, GRPO (default: 512)"),
    ("--mean-tokens", int, None, "N", "of a completion or an SFT row (default: the most allowed)"),
)


def arguments() -> argparse.ArgumentParser:
    parser = cli.described(__doc__, "python -m train.preflight")
    add = parser.add_argument
    add("--config", required=True, metavar="RECIPE.yaml", help="of recipes/sft or recipes/grpo")
    add("--accelerate", metavar="A.yaml", help="an accelerate config, see recipes/accelerate/")
    add("--gpu", default="H100", metavar="NAME", help="H100, H200, A100, B200 ... (default: H100)")
    for name, kind, default, metavar, text in NUMBERS:
        add(name, type=kind, default=default, metavar=metavar, help=text)
    add("overrides", nargs="*", metavar="section.key=value", help="e.g. trainer.use_vllm=true")
    return parser


def engine_of(accelerate: str | None, gpus: int | None) -> Engine | None:
    """None for a launch of one process on this machine. Raises UserError for GPUs that nothing would use."""
    if gpus is not None and gpus < 1:
        raise UserError(f"--gpus: found {gpus}; expected at least 1")
    if accelerate is not None:
        engine = Engine.load(accelerate)
        return engine if gpus is None else replace(engine, num_processes=gpus)
    if gpus is not None and gpus > 1:
        raise UserError(
            f"--gpus: found {gpus} without --accelerate; expected a file such as recipes/accelerate/ddp.yaml"
        )
    return None if gpus is None else Engine("single")


def assumed_of(args: argparse.Namespace) -> Assumed:
    """Raises UserError for a number out of range, or a GPU that TRL knows no peak of."""
    for key in ("gpu_memory", "mfu", "generation_mfu", "prompt_tokens", "mean_tokens"):
        value, is_share = getattr(args, key), "mfu" in key
        if value is not None and not (0 < value <= 1 if is_share else value > 0):
            expected = "a number above 0" + (", at most 1" if is_share else "")
            raise UserError(f"--{key.replace('_', '-')}: found {value:g}; expected {expected}")
    peak = get_peak_flops(args.gpu, "bfloat16")
    if peak is None:
        known = "a name that TRL knows the peak of, such as H100, H200, A100, B200, L40S"
        raise UserError(f"--gpu: found {args.gpu!r}; expected {known}")
    speed = Assumptions(peak, args.mfu, args.generation_mfu)
    return Assumed(args.gpu_memory * 1e9, args.prompt_tokens, args.mean_tokens, speed)


def kind_of(path: str) -> str:
    """A recipe with rewards is one for GRPO. Raises UserError for a file that is none."""
    sections, _ = read(path)
    return "grpo" if "rewards" in sections else "sft"


def main(args: argparse.Namespace) -> None:
    engine, assumed = engine_of(args.accelerate, args.gpus), assumed_of(args)
    plan = PLANS[kind_of(args.config)](args.config, args.overrides, engine)
    preflight(plan.launch, plan.sources, assumed)


if __name__ == "__main__":
    parsed = arguments().parse_intermixed_args()
    cli.guard(lambda: main(parsed))
