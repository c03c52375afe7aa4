"""GSM8K's test split (https://arxiv.org/abs/2110.14168): 1,319 problems; the gold follows `####`."""

from dataclasses import dataclass

from data.mirror import Row
from data.sources.gsm8k import solved
from eval.benchmarks import BENCHMARKS
from eval.benchmarks.base import ProblemSet


@BENCHMARKS.register("gsm8k")
@dataclass(frozen=True)
class GSM8K(ProblemSet):
    questions = "gsm8k"

    def gold(self, row: Row) -> str:
        return solved(row)[1]
