"""What a run pays at each moment: weights from the recipe, its ramps and its multipliers; and what they led to.

A callback, so that Trainer saves its state with every checkpoint (in trainer_state.json) and a resumed run goes on with the
same multipliers and alarms.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import TrainerCallback
from transformers.trainer_callback import ExportableState

from recipes.rl import Alarms, Bound
from train.alarms import Watch
from train.constrained import DualAscent
from train.group_signal import Aggregation, applies, combined, silent
from train.penalties.base import Monitored
from train.reward_functions import WeightedReward


class Objective(TrainerCallback, ExportableState):  # type: ignore[misc]
    """rewards: in the order of TRL's reward functions."""

    def __init__(
        self,
        rewards: list[WeightedReward],
        bounds: tuple[Bound, ...] = (),
        alarms: Alarms | None = None,
    ) -> None:
        self.rewards = rewards
        self.dual = DualAscent(bounds)
        self.watch = Watch(alarms or Alarms())
        self.monitored = {
            entry.name: entry.reward for entry in rewards if isinstance(entry.reward, Monitored)
        }

    def weights(self, progress: float) -> list[float]:
        """One for each reward. progress: share of the training steps taken, in [0, 1]."""
        found = []
        for entry in self.rewards:
            bounded = self.dual.weight(entry.name)
            fixed = entry.weight_at(progress)
            found.append(fixed if bounded is None else bounded * entry.ramp.at(progress))
        return found

    def observe(
        self,
        rewards: Tensor,
        weights: Tensor,
        num_generations: int,
        how: Aggregation,
        means: dict[str, float],
    ) -> dict[str, float]:
        """Moves the multipliers and looks for alarms; returns what is to be logged.

        rewards: [rows of all processes, functions]; means: of the completions of all processes (train/alarms.py).
        """
        self.dual.update(self._means(rewards))
        logged = signal_metrics(
            rewards, weights, num_generations, how, [r.name for r in self.rewards]
        )
        total = combined(rewards, weights, num_generations, "sum_then_normalize").nanmean()
        watched = {
            **means,
            "reward": float(total.nan_to_num()),
            "all_zero_groups": self._all_zero(rewards, num_generations),
        }
        for name, value in self.watch.look(watched).items():
            logged[f"alarms/{name}"] = value
        for name, value in self.dual.values.items():
            logged[f"multipliers/{name}"] = value
        for name, term in self.monitored.items():
            logged |= {f"monitoring/{name}/{key}": value for key, value in term.values.items()}
        return logged

    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """The monitoring set has been seen. Comes before the step's checkpoint is saved."""
        for term in self.monitored.values():
            term.monitored()

    def _means(self, rewards: Tensor) -> dict[str, float]:
        means = rewards.nanmean(dim=0).tolist()
        return {
            entry.name: mean
            for entry, mean in zip(self.rewards, means, strict=True)
            if mean == mean  # NaN: it applied to no completion
        }

    def _all_zero(self, rewards: Tensor, num_generations: int) -> float:
        tasks = [index for index, entry in enumerate(self.rewards) if not entry.is_penalty]
        paid = rewards[:, tasks].nan_to_num().abs().sum(dim=1).view(-1, num_generations)
        return float((paid.amax(dim=1) == 0).float().mean())

    # ------------------------------------------------------------------ saved with a checkpoint

    def state(self) -> dict[str, Any]:
        attributes = {
            "multipliers": self.dual.values,
            "watch": self.watch.state(),
            "monitored": {name: term.state() for name, term in self.monitored.items()},
        }
        return {"args": {}, "attributes": attributes}

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Takes up what the checkpoint holds. A new run's state holds what `state` gave."""
        saved = state.stateful_callbacks.get(type(self).__name__)
        if saved:
            self.dual.restore(saved["attributes"]["multipliers"])
            self.watch.restore(saved["attributes"]["watch"])
            for name, term in self.monitored.items():
                term.restore(saved["attributes"]["monitored"][name])


def signal_metrics(
    rewards: Tensor, weights: Tensor, num_generations: int, how: Aggregation, names: Sequence[str]
) -> dict[str, float]:
    """The share of groups without signal: for the advantages, and for each reward among the groups it applies to."""
    found = {}
    for name, column in zip(names, rewards.unbind(dim=1), strict=True):
        values = column.view(-1, num_generations)
        mask = applies(values)
        if mask.any():
            found[f"rewards/{name}/frac_groups_without_signal"] = float(
                silent(values)[mask].float().mean()
            )
    total = silent(combined(rewards, weights, num_generations, how))
    return found | {"frac_groups_without_signal": float(total.float().mean())}


def as_tensor(weights: list[float], like: Tensor) -> Tensor:
    return torch.tensor(weights, dtype=like.dtype, device=like.device)
