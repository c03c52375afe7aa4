"""IFBench (https://arxiv.org/abs/2507.02833): 300 prompts with 58 kinds of instruction that no training data has; no
answers. Its headline is the loose accuracy of prompts."""

from dataclasses import dataclass

from eval.benchmarks import BENCHMARKS
from eval.benchmarks.ifeval import Instructions


@BENCHMARKS.register("ifbench")
@dataclass(frozen=True)
class IFBench(Instructions):
    questions = "ifbench"
