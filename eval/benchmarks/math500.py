"""MATH-500 (https://arxiv.org/abs/2305.20050): 500 problems."""

from dataclasses import dataclass

from eval.benchmarks import BENCHMARKS
from eval.benchmarks.base import ProblemSet


@BENCHMARKS.register("math500")
@dataclass(frozen=True)
class MATH500(ProblemSet):
    questions = "math500"
