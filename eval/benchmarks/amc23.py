"""AMC 12 of 2023 (MAA): 40 problems."""

from dataclasses import dataclass

from eval.benchmarks import BENCHMARKS
from eval.benchmarks.base import ProblemSet


@BENCHMARKS.register("amc23")
@dataclass(frozen=True)
class AMC23(ProblemSet):
    questions = "amc23"
