"""Benchmarks: what `benchmarks:` in a sweep recipe can name. One file each: a frozen dataclass that
yields problems.

Scoring is the same for all (`eval.records.judge`): every problem has a gold answer and, usually,
constraints.
"""

from functools import cache
from typing import Any, Protocol

from data.example import Example
from eval.records import Condition, Task
from recipes.errors import UserError
from recipes.registry import Registry
from recipes.typed import build_named

BENCHMARKS = Registry("benchmark", "eval.benchmarks")


class Benchmark(Protocol):
    """label: the name of its slice in tables and files. conditions: with constraints, without, or
    both."""

    label: str
    conditions: tuple[Condition, ...]

    def examples(self, seed: int) -> list[Example]: ...

    def __hash__(self) -> int: ...


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
        Task(example, condition) for condition in benchmark.conditions for example in examples
    )
