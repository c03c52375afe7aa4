"""What a soft scorer costs in a step: batches against one constraint at a time, as upstream asks its server, and the probe.

    python scripts/bench/soft_scorer.py [--model data/tiny/base_model] [--pairs 256] [--tokens 200] [--dtype bfloat16]

Responses have 20 to `tokens` words. The classifier has a new head; weights say nothing about its speed. One at a time is
given no price for a request: what is left is what batches save. Median of alternating passes in one process.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable

from data.adherence import load
from recipes.cli import described
from train.soft_scorers.classifier import Classifier
from train.soft_scorers.probe import probe

ROUNDS = 5
PROBED = 8
WORDS = ("the", "answer", "is", "a", "number", "that", "we", "find")


def pairs(num: int, tokens: int) -> list[tuple[str, str]]:
    rng = random.Random(0)
    return [
        ("Write in a formal tone.", " ".join(rng.choices(WORDS, k=rng.randint(20, tokens))))
        for _ in range(num)
    ]


def seconds(one: Callable[[], object]) -> float:
    start = time.perf_counter()
    one()
    return time.perf_counter() - start


def main() -> None:
    parser = described(__doc__)
    parser.add_argument("--model", default="data/tiny/base_model")
    parser.add_argument("--pairs", type=int, default=256)
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--dtype", default="float32")
    args: argparse.Namespace = parser.parse_args()
    asked = pairs(args.pairs, args.tokens)
    with tempfile.TemporaryDirectory() as folder:
        model, tokenizer = load(args.model, "--model", num_labels=2)
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        batched, single = (Classifier(folder, size, dtype=args.dtype) for size in (32, 1))
        ways = {
            "in batches": lambda: batched.score(asked),
            "one at a time": lambda: [single.score([one]) for one in asked],
            "probe": lambda: probe(batched, asked, PROBED),
        }
        for way in ways.values():
            way()
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                taken[name].append(seconds(way))
    median = {name: statistics.median(found) for name, found in taken.items()}
    print(
        f"{args.pairs} soft constraints, responses of 20 to {args.tokens} words, {args.model}, {args.dtype}"
    )
    for name in ("in batches", "one at a time"):
        print(f"{name:>14}: {median[name]:.3f} s, {args.pairs / median[name]:,.0f} constraints/s")
    print(f"one at a time / in batches: x{median['one at a time'] / median['in batches']:.2f}")
    print(f"the probe of {PROBED} adds {median['probe'] / median['in batches']:.0%}")


if __name__ == "__main__":
    main()
