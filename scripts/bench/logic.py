"""How fast logic instances are drawn on one core, and how hard they are.

    OMP_NUM_THREADS=1 python scripts/bench/logic.py [--instances 2000] [--tier tiny]
    OMP_NUM_THREADS=1 python scripts/bench/logic.py --distribution [--instances 3000] [--tier tiny]

Every instance is verified: gold by the interpreter, all rules of data.logic.rules, its gold scored as a response. The run of
its Python in the sandbox is not counted; tests do that. --distribution prints the scores of instances drawn with no regard
to their level, whose terciles are the cut points of data.logic.levels.
"""

import argparse
import statistics
import time
from collections import Counter
from itertools import islice

from data.logic import program as ir
from data.logic.difficulty import LEVELS
from data.logic.generate import Generator
from data.logic.instance import Instance
from data.logic.levels import level_of
from data.logic.tiers import TierName


def speed(tier: TierName, count: int) -> None:
    print("| levels | instances/s of CPU | drafts per instance |\n|---|---|---|")
    for levels in (LEVELS, *((level,) for level in LEVELS)):
        generator = Generator(tier, levels=levels)
        start = time.process_time()
        for _ in islice(generator.instances("speed"), count):
            pass
        rate = count / (time.process_time() - start)
        drafts = 1 + generator.rejected.total() / count
        print(f"| {', '.join(levels)} | {rate:,.0f} | {drafts:.2f} |")
        if levels == LEVELS:
            dropped = generator.rejected.most_common()
    print("\nDropped, of all levels: " + "; ".join(f"{n:,} {reason}" for reason, n in dropped))


def distribution(tier: TierName, count: int) -> None:
    found = list(islice(Generator(tier).instances("distribution"), count))
    scores = [instance.complexity.score for instance in found]
    low, high = statistics.quantiles(scores, n=3, method="inclusive")
    print(
        f"{count:,} instances, terciles of the score: {low:.2f}, {high:.2f}; {min(scores)} to {max(scores)}"
    )
    print("by the fixed cut points: " + told(Counter(level_of(score, tier) for score in scores)))
    for name in ("nesting", "calls", "cyclomatic"):
        values = Counter(getattr(instance.target, name) for instance in found)
        print(f"{name}: {told(values)}")
    print(f"trackers: {told(Counter(len(instance.program.trackers) for instance in found))}")
    print(
        "constructs: "
        + told(Counter(k for instance in found for k in ir.constructs(instance.program)))
    )
    print(f"words of the description: {words(found)}")


def told(counts: Counter[object]) -> str:
    return ", ".join(
        f"{key} {count:,}"
        for key, count in sorted(counts.items(), key=lambda c: str(c[0]).zfill(9))
    )


def words(found: list[Instance]) -> str:
    lengths = [len(instance.description.split()) for instance in found]
    return f"mean {statistics.mean(lengths):.0f}, {min(lengths)} to {max(lengths)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=2000)
    parser.add_argument("--tier", choices=("full", "tiny"), default="full")
    parser.add_argument("--distribution", action="store_true")
    arguments = parser.parse_args()
    (distribution if arguments.distribution else speed)(arguments.tier, arguments.instances)


if __name__ == "__main__":
    main()
