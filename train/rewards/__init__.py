"""Rewards: what `rewards:` in a recipe can name. One file each; a reward scores samples, TRL's
signature is served here.

Rewards stay separate functions: TRL weighs and adds them, and logs each under its name. A length
penalty is a reward too, with its own section in the recipe and its own registry (train/penalties).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from data.constraints.base import Constraint, loads
from data.response import Completion
from data.tokenizer import Thinking
from recipes.errors import UserError
from recipes.registry import Registry
from recipes.schema import GRPORecipe
from recipes.typed import build
from train.penalties import PENALTIES
from train.penalties.base import LengthReward

REWARDS = Registry("reward", "train.rewards")


class Reference(NamedTuple):
    """What a reference model does on the prompt: mean tokens, accuracy in [0, 1]."""

    num_tokens: float
    accuracy: float


@dataclass(frozen=True)
class Sample:
    """One completion as a reward sees it.

    gold:       the problem's answer, None where there is none to grade
    token counts as in data.response; tokens: the completion's ids
    group:      id of the prompt, shared by its `group_size` (num_generations) completions, on whichever process
    progress:   share of the training steps taken, in [0, 1]
    reference:  None where the data has no columns `reference_tokens` and `reference_accuracy`
    """

    completion: Completion
    gold: str | None
    constraints: tuple[Constraint, ...]
    num_reasoning_tokens: int
    num_tokens: int
    tokens: Sequence[int]
    group: str
    group_size: int
    progress: float
    reference: Reference | None = None


class Reward(Protocol):
    """A frozen dataclass whose fields are its settings. None means "does not apply to this
    sample"."""

    def score(self, samples: list[Sample]) -> list[float | None]: ...


@dataclass(frozen=True)
class WeightedReward:
    name: str
    weight: float
    reward: Reward

    def bind(self, thinking: Thinking, num_generations: int) -> "TRLReward":
        return TRLReward(self.name, self.reward, thinking, num_generations)


@dataclass
class TRLReward:
    """A reward with TRL's signature; picklable. Logs what no reward should hide: unterminated
    thinking and missing scores."""

    name: str
    reward: Reward
    thinking: Thinking
    num_generations: int

    def __post_init__(self) -> None:
        self.__name__ = self.name  # what TRL logs

    def __call__(
        self,
        completions: list[Any],
        completion_ids: list[list[int]],
        answer: list[str | None],
        constraints: list[str],
        trainer_state: Any = None,
        log_metric: Callable[[str, float], None] | None = None,
        **columns: Any,
    ) -> list[float | None]:
        progress = trainer_state.global_step / trainer_state.max_steps if trainer_state else 0.0
        groups, references = columns["id"], _references(columns, len(completions))
        samples = [
            self._sample(text, ids, gold, specs, group, progress, reference)
            for text, ids, gold, specs, group, reference in zip(
                completions, completion_ids, answer, constraints, groups, references, strict=True
            )
        ]
        scores = self.reward.score(samples)
        assert len(scores) == len(samples), (
            f"{self.name}: {len(scores)} scores for {len(samples)} samples"
        )
        if log_metric is not None:
            count = len(samples)
            log_metric(
                "completions/reasoning_tokens", sum(s.num_reasoning_tokens for s in samples) / count
            )
            log_metric(
                "completions/unterminated_rate",
                sum(s.completion.outcome == "unterminated" for s in samples) / count,
            )
            log_metric(
                f"rewards/{self.name}/not_applicable",
                sum(score is None for score in scores) / count,
            )
        return scores

    def _sample(
        self,
        message: str | list[dict[str, str]],
        ids: list[int],
        gold: str | None,
        specs: str,
        group: str,
        progress: float,
        reference: Reference | None,
    ) -> Sample:
        text = message if isinstance(message, str) else message[-1]["content"]
        completion, reasoning_tokens = self.thinking.read(text, ids)
        return Sample(
            completion=completion,
            gold=gold,
            constraints=loads(specs),
            num_reasoning_tokens=reasoning_tokens,
            num_tokens=len(ids),
            tokens=ids,
            group=group,
            group_size=self.num_generations,
            progress=progress,
            reference=reference,
        )


def _references(columns: dict[str, Any], count: int) -> list[Reference | None]:
    missing = [None] * count
    tokens = columns.get("reference_tokens", missing)
    accuracies = columns.get("reference_accuracy", missing)
    return [
        None if length is None or accuracy is None else Reference(length, accuracy)
        for length, accuracy in zip(tokens, accuracies, strict=True)
    ]


def require_columns(rewards: list[WeightedReward], found: list[str], where: str) -> None:
    """Raises UserError for a length penalty that needs a column which the data set lacks."""
    for entry in rewards:
        needed = entry.reward.columns if isinstance(entry.reward, LengthReward) else ()
        if missing := [column for column in needed if column not in found]:
            raise UserError(
                f"{where}: length_penalty: {entry.name} needs the columns {', '.join(missing)} in every row of the "
                f"data; found {', '.join(sorted(found))}"
            )


def build_rewards(recipe: GRPORecipe, where: str) -> list[WeightedReward]:
    """The rewards of a recipe and its length penalty, validated. `where` is the recipe's path."""
    found = [
        _weighted(REWARDS, entry, f"{where}: rewards.{index}")
        for index, entry in enumerate(recipe.rewards)
    ]
    if recipe.length_penalty is not None:
        found.append(_weighted(PENALTIES, recipe.length_penalty, f"{where}: length_penalty"))
    names = [reward.name for reward in found]
    if len(set(names)) < len(names):
        raise UserError(f"{where}: rewards: found {', '.join(names)}; expected each name once")
    return found


def _weighted(registry: Registry, entry: dict[str, Any], here: str) -> WeightedReward:
    settings = dict(entry)
    name, weight = settings.pop("name", None), settings.pop("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, (int, float)):
        raise UserError(f"{here}: weight: found {weight!r}; expected a number")
    try:
        cls = registry[name]
    except ValueError as error:
        raise UserError(f"{here}: name: {error}") from None
    return WeightedReward(name, float(weight), build(cls, settings, here))
