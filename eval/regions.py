"""Which part of an output the reference implementations check. Ours is data/response.py's, everywhere.

mathif:      the MathIF repository, in this order, each on what the one before left: after the first `<think>` (up to a
             second), after the first `</think>` (up to a second), after the first `<answer>`, before the first `</answer>`.
             Without `</think>` the chain of thought is checked (https://arxiv.org/abs/2505.14810, code/).
last_think:  what follows the last `</think>`, without blanks around it; all of it where there is none. IFEval's and
             IFBench's drivers strip nothing and leave it to the caller; this is the rule of open-instruct
             (https://arxiv.org/abs/2507.02833).
reasoning:   the chain of thought alone (ReasonIF, https://arxiv.org/abs/2510.15211).
"""

from collections.abc import Callable
from typing import Literal

from data.response import CLOSE, split

Region = Literal["mathif", "last_think", "reasoning"]


def mathif(text: str) -> str:
    for tag in ("<think>", CLOSE, "<answer>"):
        if tag in text:
            text = text.split(tag)[1]
    return text.split("</answer>")[0]


def last_think(text: str) -> str:
    return text.rpartition(CLOSE)[2].strip()


def reasoning(text: str) -> str:
    return split(text).reasoning


REGIONS: dict[Region, Callable[[str], str]] = {
    "mathif": mathif,
    "last_think": last_think,
    "reasoning": reasoning,
}
