"""OlympiadBench (https://arxiv.org/abs/2402.14008), its open-ended, text-only problems of maths in English: 675."""

from dataclasses import dataclass

from eval.benchmarks import BENCHMARKS
from eval.benchmarks.base import ProblemSet


@BENCHMARKS.register("olympiad")
@dataclass(frozen=True)
class OlympiadBench(ProblemSet):
    questions = "olympiad"
    answer_key = "final_answer"
