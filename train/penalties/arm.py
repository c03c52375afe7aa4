"""ARM's format diversity, Ada-GRPO (https://arxiv.org/abs/2505.20258; TEAM-ARM/ARM, verl/trainer/ppo/core_algos.py).

    f = 1 + 0.5 * (G / count - 1) * (1 + cos(pi * progress))     count: completions of the group in this one's format
    r = f * c

Rare formats are amplified at first, by up to G; f falls to 1 at the end of training. The term is r - c, 0 for wrong answers.

The formats are ARM's four. There the model names its own with a tag (<ANSWER>, <COT>, <CODE>, <LONG_COT>), learnt in an SFT
stage; here they are told from the completion: no reasoning is a direct answer, a fenced block in the reasoning is code, and
`long_tokens` divides short from long chains of thought. Wrong answers count in their format too, as there.
"""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from recipes.ranges import above_zero
from train.penalties import PENALTIES
from train.penalties.base import Group, PerGroup
from train.penalties.formats import has_code_block, is_no_think
from train.samples import Sample


@PENALTIES.register("arm")
@dataclass(frozen=True, kw_only=True)
class ARM(PerGroup):
    """In [0, G - 1]. long_tokens: the most tokens of a short chain of thought."""

    needs_answer = False
    limited_by = "long_tokens"
    long_tokens: int
    condition: Literal["correct", "satisfied"] = "correct"

    def __post_init__(self) -> None:
        above_zero(long_tokens=self.long_tokens)

    def reasoning_format(self, sample: Sample) -> str:
        if is_no_think(sample.completion):
            return "direct"
        if has_code_block(sample.completion.reasoning):
            return "code"
        return "long_cot" if self.length(sample) > self.long_tokens else "short_cot"

    def terms(self, group: Group, progress: float) -> list[float]:
        decay = 0.5 * (1 + math.cos(math.pi * progress))
        counts = Counter(group.formats)
        size = len(group.formats)
        return [decay * (size / counts[name] - 1) for name in group.formats]
