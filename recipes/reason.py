"""The recipe of train/classifier.py: does reasoning help this prompt?"""

from dataclasses import dataclass, field
from typing import Any, Literal

from recipes.ranges import above_zero, require
from recipes.schema import Recipe


@dataclass(frozen=True)
class Part:
    """Some of a sweep's prompts: of these benchmarks and sources, with constraints of these kinds alone; () for any."""

    benchmarks: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cross:
    """A classifier that is trained on one distribution and measured on another; no problem is in both."""

    train: Part
    test: Part


@dataclass(frozen=True)
class ClassifierRecipe(Recipe):
    """Whether reasoning helps, from the prompt alone: `train/classifier.py`, one classifier for each checkpoint of a sweep.

    sweep:       whose records it learns from: those without a mitigation, and those of `direct`
    checkpoints: `run/step` as in its `records/`, e.g. [base/0]; () for all that have both
    part:        the prompts that are used
    model_name_or_path: a folder or a Hub name, which gets a head with two classes
    max_length:  in tokens, from a prompt's end, where constraints stand
    train_share: of the problems; the others measure
    ties:        drop: prompts where both meet as much are not trained on; zero: they count as "answer directly". Either way
        they measure nothing
    class_weights: weigh the classes in the loss by the inverse of their numbers
    num_splits:  of the Monte-Carlo cross-validation; the first one's classifier is kept
    trainer:     transformers.TrainingArguments keys
    cross:       name -> Cross
    """

    sweep: str
    model_name_or_path: str
    checkpoints: tuple[str, ...] = ()
    part: Part = field(default_factory=Part)
    max_length: int = 512
    train_share: float = 0.5
    ties: Literal["drop", "zero"] = "drop"
    class_weights: bool = False
    num_splits: int = 5
    trainer: dict[str, Any] = field(default_factory=dict)
    cross: dict[str, Cross] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        above_zero(max_length=self.max_length)
        require(0 < self.train_share < 1, "train_share", self.train_share, "a number in (0, 1)")
        require(self.num_splits > 1, "num_splits", self.num_splits, "at least 2")
