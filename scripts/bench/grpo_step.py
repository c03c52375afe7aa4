"""Where a GRPO step of a recipe goes: generation, rewards, loss, the rest; the peer is stock TRL, i.e. its
trainer, its generation and micro-batches of 16.

python scripts/bench/grpo_step.py [--config R] [--steps 6] [section.key=value ...]
"""

import argparse
import os
import statistics
import tempfile
import time
from collections import defaultdict

from trl import GRPOTrainer

import train.grpo

PARTS = {
    "generation": "_generate",
    "rewards": "_calculate_rewards",
    "loss forward": "_compute_loss",
    "step": "training_step",
}


def timed(seconds: dict[str, list[float]]) -> None:
    """Wrap the methods of GRPOTrainer, so that each call's duration is kept."""
    for part, name in PARTS.items():
        method = getattr(GRPOTrainer, name)

        def wrapper(*args, part=part, method=method, **kwargs):
            started = time.perf_counter()
            result = method(*args, **kwargs)
            seconds[part].append(time.perf_counter() - started)
            return result

        setattr(GRPOTrainer, name, wrapper)


def measure(config: str, steps: int, overrides: list[str]) -> dict[str, float]:
    """Median seconds per optimizer step, the first two steps left out."""
    seconds: dict[str, list[float]] = defaultdict(list)
    original = {name: getattr(GRPOTrainer, name) for name in PARTS.values()}
    timed(seconds)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TETHER_RUNS"] = folder
        run = [
            "name=bench",
            f"trainer.max_steps={steps}",
            f"trainer.save_steps={10 * steps}",
            "data.0.num_rows=400",
        ]
        train.grpo.main(
            argparse.Namespace(config=config, overrides=[*overrides, *run], dry_run=False)
        )
    for name, method in original.items():
        setattr(GRPOTrainer, name, method)
    found = {}
    for part, values in seconds.items():
        per_step = len(values) // steps
        sums = [sum(values[i * per_step : (i + 1) * per_step]) for i in range(2, steps)]
        found[part] = statistics.median(sums)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", default="recipes/grpo/tiny_answer_constraints_length.yaml")
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("overrides", nargs="*")
    args = parser.parse_args()
    os.environ.update(WANDB_MODE="disabled")
    ours = measure(args.config, args.steps, args.overrides)
    train.grpo.cpu_rollout = lambda *_: None
    train.grpo.GRPOTrainer = GRPOTrainer
    micro = ["trainer.per_device_train_batch_size=16", "trainer.gradient_accumulation_steps=4"]
    peer = measure(args.config, args.steps, [*args.overrides, *micro])
    for part in PARTS:
        print(
            f"{part:13s} ours {ours[part]:6.2f} s   TRL {peer[part]:6.2f} s   x{peer[part] / ours[part]:.2f}"
        )


if __name__ == "__main__":
    main()
