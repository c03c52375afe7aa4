"""Minerva's OCW courses (https://arxiv.org/abs/2206.14858): 272 problems."""

from dataclasses import dataclass

from eval.benchmarks import BENCHMARKS
from eval.benchmarks.base import ProblemSet


@BENCHMARKS.register("minerva")
@dataclass(frozen=True)
class Minerva(ProblemSet):
    questions = "minerva"
