"""Benchmarks: what `benchmarks:` in a sweep recipe can name. One file each: a frozen dataclass that
yields problems.

Scoring is the same for all (`eval.records.judge`), by the benchmark's rules: a gold answer, constraints, or both.
"""

from functools import cache
from typing import Any

from eval.benchmarks.base import Benchmark
from eval.records import Task
from recipes.errors import UserError
from recipes.registry import Registry
from recipes.typed import build_named

__all__ = ["BENCHMARKS", "Benchmark", "build_benchmarks", "tasks"]
BENCHMARKS = Registry("benchmark", "eval.benchmarks")


def build_benchmarks(entries: tuple[dict[str, Any], ...], where: str) -> list[Benchmark]:
    found: list[Benchmark] = []
    for index, entry in enumerate(entries):
        here = f"{where}: benchmarks.{index}"
        found.append(build_named(BENCHMARKS, entry, here))
    labels = [benchmark.label for benchmark in found]
    if len(set(labels)) < len(labels):
        raise UserError(
            f"{where}: benchmarks: found labels {', '.join(labels)}; expected each once (set `label`)"
        )
    return found


@cache
def tasks(benchmark: Benchmark, seed: int) -> tuple[Task, ...]:
    """Every problem under every condition of the benchmark; made once per process, for all checkpoints."""
    examples = benchmark.examples(seed)
    return tuple(
        Task(example, condition, benchmark.rules)
        for condition in benchmark.conditions
        for example in examples
    )
