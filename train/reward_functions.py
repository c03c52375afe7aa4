"""Rewards with TRL's signature, and how a recipe's `rewards:` and `length_penalty:` become them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from recipes.errors import UserError
from recipes.registry import Registry, did_you_mean
from recipes.rl import Ramp
from recipes.schema import GRPORecipe
from recipes.typed import build, build_named
from train.penalties import PENALTIES
from train.penalties.base import Monitored
from train.rewards import REWARDS, Reward
from train.samples import SampleReader


@dataclass
class TRLReward:
    """A reward with TRL's signature; picklable. `reader` is shared by the rewards of a run."""

    name: str
    reward: Reward
    reader: SampleReader

    def __post_init__(self) -> None:
        self.__name__ = self.name  # what TRL logs

    def __call__(
        self,
        completions: list[Any],
        completion_ids: list[list[int]],
        trainer_state: Any = None,
        log_metric: Callable[[str, float], None] | None = None,
        **columns: Any,
    ) -> list[float | None]:
        samples = self.reader.read(completions, completion_ids, columns, trainer_state, log_metric)
        scores = self.reward.score(samples)
        assert len(scores) == len(samples), (
            f"{self.name}: {len(scores)} scores for {len(samples)} samples"
        )
        if log_metric is not None:
            log_metric(
                f"rewards/{self.name}/not_applicable",
                sum(score is None for score in scores) / len(samples),
            )
            if facts := getattr(self.reward, "facts", None):
                for name, value in facts(samples).items():
                    log_metric(f"rewards/{self.name}/{name}", value)
        return scores


@dataclass(frozen=True)
class WeightedReward:
    """weight: of the reward in the sum (or, with GDPO, of its normalised advantage), when its ramp is over."""

    name: str
    weight: float
    reward: Reward
    ramp: Ramp = field(default_factory=Ramp)
    is_penalty: bool = False

    def bind(self, reader: SampleReader) -> TRLReward:
        return TRLReward(self.name, self.reward, reader)

    def weight_at(self, progress: float) -> float:
        """progress: share of the training steps taken, in [0, 1]."""
        return self.weight * self.ramp.at(progress)


def require_columns(rewards: list[WeightedReward], found: list[str], where: str) -> None:
    """Raises UserError for a reward or length penalty that needs a column which the data set lacks."""
    for entry in rewards:
        needed = getattr(entry.reward, "columns", ())
        if missing := [column for column in needed if column not in found]:
            section = "length_penalty" if entry.is_penalty else "rewards"
            raise UserError(
                f"{where}: {section}: {entry.name} needs the columns {', '.join(missing)} in every row of the "
                f"data; found {', '.join(sorted(found))}"
            )


def check_ready(rewards: list[WeightedReward], where: str) -> None:
    """Raises UserError for a reward that needs a model which is not there."""
    for entry in rewards:
        ready = getattr(entry.reward, "ready", None)
        if ready is None:
            continue
        try:
            ready()
        except UserError as error:
            raise UserError(f"{where}: rewards: {entry.name}: {error}") from error


def check_names(recipe: GRPORecipe, rewards: list[WeightedReward], where: str) -> None:
    """Raises UserError where `constrained:`, `dynamic_sampling:` or `curriculum:` name a reward that the recipe has not."""
    names = [reward.name for reward in rewards]
    for index, bound in enumerate(recipe.constrained):
        _known(bound.reward, names, f"{where}: constrained.{index}")
    bounded = [bound.reward for bound in recipe.constrained]
    if len(set(bounded)) < len(bounded):
        raise UserError(
            f"{where}: constrained: found {', '.join(bounded)}; expected each reward once"
        )
    if rewards and len(bounded) == len(rewards):
        raise UserError(
            f"{where}: constrained: found a bound on every reward; expected one reward to maximise"
        )
    for entry in (*recipe.rewards, *recipe.length_penalties):
        if entry.get("name") in bounded and "weight" in entry:
            raise UserError(
                f"{where}: {entry['name']}: found a weight and a bound; remove the weight, which is the multiplier's"
            )
    sampling = recipe.dynamic_sampling
    if sampling is not None and sampling.reward is not None:
        _known(sampling.reward, names, f"{where}: dynamic_sampling")
    if recipe.curriculum is not None and recipe.curriculum.gate is not None:
        _known(recipe.curriculum.gate.reward, names, f"{where}: curriculum.gate")


def check_monitoring(recipe: GRPORecipe, rewards: list[WeightedReward], where: str) -> None:
    """Raises UserError for a length term that needs `monitoring:`, or does not know that it is to use it."""
    monitored = recipe.monitoring is not None
    for entry in rewards:
        if not isinstance(entry.reward, Monitored):
            continue
        key = entry.reward.monitored_by
        value = getattr(entry.reward, key)
        if (value is not None) is not monitored:
            found = "a section `monitoring:`" if monitored else "no section `monitoring:`"
            remedy = "set it" if monitored else "add `monitoring: {num_prompts: ...}`, or remove it"
            raise UserError(
                f"{where}: length_penalty: {entry.name}: {key}: found {value} with {found}; {remedy}"
            )


def _known(name: str, names: list[str], here: str) -> None:
    if name not in names:
        raise UserError(
            f"{here}: reward: found {name!r}, which pays nothing.{did_you_mean(name, names)}"
        )


def build_rewards(recipe: GRPORecipe, where: str) -> list[WeightedReward]:
    """The rewards of a recipe and its length penalty, validated. `where` is the recipe's path."""
    found = [
        _weighted(REWARDS, entry, f"{where}: rewards.{index}")
        for index, entry in enumerate(recipe.rewards)
    ]
    found += [
        _weighted(PENALTIES, entry, f"{where}: length_penalty") for entry in recipe.length_penalties
    ]
    names = [reward.name for reward in found]
    if len(set(names)) < len(names):
        raise UserError(f"{where}: rewards: found {', '.join(names)}; expected each name once")
    return found


def _weighted(registry: Registry, entry: dict[str, Any], here: str) -> WeightedReward:
    settings = dict(entry)
    weight = settings.pop("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, (int, float)):
        raise UserError(f"{here}: weight: found {weight!r}; expected a number")
    ramp = build(Ramp, settings.pop("ramp", {}), f"{here}: ramp")
    reward: Reward = build_named(registry, settings, here, ("weight", "ramp"))
    return WeightedReward(entry["name"], float(weight), reward, ramp, registry is PENALTIES)
