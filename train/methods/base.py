"""What a method can change: how completions begin, and how much each token of a completion weighs in the loss.

Weights go into the advantages, which TRL takes per token too: every token loss is proportional to its advantage, and what
TRL logs (entropy, clip ratios, KL, lengths) does not read the advantages' size. A float `tool_mask` would weigh the loss
alike, but it is also the mask of the entropy, the entropy bonus, the KL term, the clip ratios and the sequence ratios.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from torch import Tensor
from trl import GRPOConfig

from recipes.schema import GRPORecipe
from train.samples import Sample


class Opening(NamedTuple):
    """Tokens that a completion is forced to begin with.

    name:  what the metric `openings/<name>/probability` is called after; "" for nothing forced
    logps: of each token, under the sampler that chose this opening: log 0.5 where it is one of two, 0 where it is certain
    """

    name: str = ""
    ids: tuple[int, ...] = ()
    logps: tuple[float, ...] = ()


@dataclass(frozen=True)
class Batch:
    """A generation batch after TRL has scored it: the rows of this process, and what they share with the others.

    advantages:      [rows, 1], or [rows, tokens] once a method has told tokens apart
    completion_mask: [rows, tokens], 1 on the tokens that are trained on
    num_tokens:      such tokens of all processes
    num_completions: completions of all processes that have such a token
    rewards:         [rows of all processes, functions], NaN where one does not apply; whole groups in order
    reward_names:    of the functions
    samples:         of the rows, as the rewards saw them
    num_generations: rows of a group
    first_row:       where this process's rows begin among all
    """

    advantages: Tensor
    completion_mask: Tensor
    num_tokens: int
    num_completions: int
    rewards: Tensor
    reward_names: Sequence[str]
    samples: Sequence[Sample]
    num_generations: int
    first_row: int


@dataclass(frozen=True, kw_only=True)
class Method:
    """Fields are the settings in the recipe; every hook does nothing by default. Evaluation is never changed."""

    name: ClassVar[str]

    def check(self, recipe: GRPORecipe, config: GRPOConfig) -> None:
        """Before anything is loaded. Raises ValueError (key: found; expected) where the method would not be exact."""

    def check_tokenizer(self, tokenizer: Any) -> None:
        """Before the model is loaded. Raises ValueError where the method cannot work with it."""

    def openings(
        self, members: Sequence[int], num_generations: int, tokenizer: Any
    ) -> list[Opening]:
        """One for each completion; members: its place in its group, in [0, num_generations).

        The ids are appended to the prompt for generation and counted as the completion's first tokens, within
        `max_completion_length`; their logps replace the old policy's in the importance ratio.
        """
        return [Opening()] * len(members)

    def advantages(self, batch: Batch) -> Tensor:
        """[rows, 1] or [rows, tokens]. TRL's own log of advantages shows those before any method."""
        return batch.advantages
