"""Backends: what `backend:` in a sweep recipe can name. One file each: a frozen dataclass of settings.

Its `engine` generates: a worker opens one engine and shows it one checkpoint after another.
"""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from data.tokenizer import Thinking
from eval.generate import Batch, Prompt
from eval.weights import Weights
from recipes.registry import Registry
from recipes.schema import Sampling
from recipes.typed import build_named

BACKENDS = Registry("backend", "eval.backends")


@dataclass(frozen=True)
class How:
    """What generating needs to know beside the checkpoint; device: e.g. "cuda:0". The rest as in SweepRecipe."""

    sampling: Sampling
    seed: int
    device: str
    dtype: str = "auto"
    adapters: Literal["swap", "merge"] = "swap"
    chat_template_kwargs: dict[str, Any] = field(default_factory=dict)


class Engine(Protocol):
    thinking: Thinking  # of the checkpoint that was loaded last

    def load(self, weights: Weights, digest: str) -> None:
        """digest: of the weights, which seeds are made from."""
        ...

    def generate(self, prompts: Sequence[Prompt], done: Container[int] = ()) -> Iterator[Batch]:
        """Every prompt that is not done once, and perhaps others of its batch again."""
        ...


class Backend(Protocol):
    """served: a checkpoint is a name at a server, and no file here. drafts: it makes use of `Prompt.draft`."""

    served: bool
    drafts: bool

    def engine(self, how: How) -> Engine:
        """Raises UserError where a package is missing."""
        ...

    def mark(self) -> str:
        """What of the settings decides the completions."""
        ...


def build_backend(entry: dict[str, Any], where: str) -> Backend:
    found: Backend = build_named(BACKENDS, entry, f"{where}: backend")
    return found
