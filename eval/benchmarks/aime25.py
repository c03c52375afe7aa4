"""AIME 2025, I and II (MAA): 30 problems; report avg@k with k of at least 16."""

from dataclasses import dataclass

from eval.benchmarks import BENCHMARKS
from eval.benchmarks.base import ProblemSet


@BENCHMARKS.register("aime25")
@dataclass(frozen=True)
class AIME25(ProblemSet):
    questions = "aime25"
