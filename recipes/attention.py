"""Recipe section `attention:` of a sweep: how much answers attend to the constraints of their prompt (eval/attention)."""

from dataclasses import dataclass

from recipes.ranges import above_zero


@dataclass(frozen=True)
class Attention:
    """benchmark: label of one of the sweep's, which asks with constraints
    num_prompts:    of them, spread evenly over the benchmark; all where it has fewer
    max_new_tokens: of each of the two generations, greedy whatever `sampling` says; batches are those of `sampling`
    per_head:       keep every head's number beside the mean over heads
    spans:          a file of the passages that state the constraints (eval/attention/located.py), for prompts that are
        worded by their source; None for our own prompts, whose builder knows
    """

    benchmark: str
    num_prompts: int = 64
    max_new_tokens: int = 512
    per_head: bool = False
    spans: str | None = None

    def __post_init__(self) -> None:
        above_zero(num_prompts=self.num_prompts, max_new_tokens=self.max_new_tokens)
