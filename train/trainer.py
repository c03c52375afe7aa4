"""TRL's GRPOTrainer with what TRL lacks, at its own seams; losses, advantages and generation stay TRL's.

- Log-probabilities without paying for padding: TRL pads every row of a generation to the longest prompt and completion, so
  that one long chain of thought is paid for by all. Here they are computed in chunks of rows sorted by length, each cut to
  its own longest row, and put back in place.
- Weights that move: ramps, and the multipliers of a constrained objective (train/objective.py).
- Groups without signal, counted truthfully, and refilled by dynamic sampling (train/dynamic_sampling.py).
- Context stages, and prompts that open level by level (train/curriculum.py).
- Where the time goes: `time/generation_share`, `time/rewards_share`, `completions/padding_share` (before the chunks).
- Methods: forced openings of completions and weights of their tokens (train/methods).
"""

import random
from dataclasses import dataclass
from typing import Any

import torch
import trl

from recipes.rl import DynamicSampling, Stage
from train.alarms import MEASURES, measure
from train.checkpoints import WholeCheckpoints
from train.clock import Clock
from train.curriculum import Levels
from train.dynamic_sampling import Generated, Group, refill, split_groups
from train.group_signal import combined, silent
from train.methods.apply import (
    Methods,
    apply_methods,
    completed,
    completed_logps,
    opened,
    openings,
)
from train.objective import Objective, as_tensor
from train.samples import SampleReader, progress_of
from train.spans import put, spans

CHUNK = 16  # rows


@dataclass(frozen=True)
class Extras:
    """What a recipe asks for beyond TRL's own settings. reader: the one that the rewards share."""

    objective: Objective
    reader: SampleReader
    dynamic_sampling: DynamicSampling | None = None
    stages: tuple[Stage, ...] = ()
    methods: Methods = ()
    levels: Levels | None = None


class GRPOTrainer(WholeCheckpoints, trl.GRPOTrainer):  # type: ignore[misc]
    """extras: None is TRL's trainer with cheaper log-probabilities."""

    def __init__(self, *args: Any, extras: Extras | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.extras = extras
        self._kept: Generated | None = None
        self._screening = False
        self._silent = 0.0
        self._rewards = torch.empty(0)
        self._clock = Clock()
        if extras is not None:
            self.add_callback(extras.objective)
            if extras.levels is not None:
                self.add_callback(extras.levels)

    @property
    def progress(self) -> float:
        """Share of the training steps taken, in [0, 1]."""
        return progress_of(self.state)

    # ------------------------------------------------------------------ one generation batch

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        if self.extras is None or not self.model.training:
            output: dict[str, Any] = super()._generate_and_score_completions(inputs)
            return output
        self._enter_stage(self.extras.stages)
        inputs = self._opened(inputs)
        if self.extras.dynamic_sampling is not None:
            seed = f"{self.args.seed}/{self.state.global_step}"
            found = refill(self, self.extras.dynamic_sampling, inputs, seed)
            inputs, self._kept = found.inputs, found.generated
            self._log_global(found.metrics)
        output = super()._generate_and_score_completions(inputs)
        self._metrics["train"]["frac_reward_zero_std"][-1] = self._silent
        if self.extras.methods:
            metrics = apply_methods(self.extras.methods, self, self._rewards, output)
            for name, value in metrics.items():
                self._metrics["train"][name].append(value)
        return output

    def _generate(self, prompts: list[Any]) -> Any:
        if self._kept is None:
            return self._timed_generate(prompts)
        kept, self._kept = self._kept, None
        return kept

    def _timed_generate(self, prompts: list[Any]) -> Any:
        with self._clock.measuring("generation"):
            return super()._generate(prompts)

    def _generate_single_turn(self, prompt_ids: list[list[int]], *args: Any, **kwargs: Any) -> Any:
        """Not called where a `rollout_func` generates, which forces openings itself (train/rollout.py)."""
        forced = openings(self.extras.methods if self.extras else (), self, len(prompt_ids))
        limit = self.args.max_completion_length
        ids, logps = super()._generate_single_turn(opened(prompt_ids, forced), *args, **kwargs)
        logps = logps and completed_logps(logps, forced, limit)
        return completed(ids, forced, limit), logps

    def _calculate_rewards(
        self, inputs: Any, prompts: Any, completions: Any, completion_ids_list: Any
    ) -> torch.Tensor:
        """[rows of all processes, functions]. Sets the weights that TRL is about to use."""
        if self.extras is not None:
            training, reader = self.model.training, self.extras.reader
            reader.held_out = not training
            reader.num_generations = self.num_generations if training else self.num_generations_eval
        with self._clock.measuring("rewards"):
            rewards: torch.Tensor = super()._calculate_rewards(
                inputs, prompts, completions, completion_ids_list
            )
        if self.model.training and not self._screening:
            lengths = [len(ids) for ids in completion_ids_list]
            waste = 1 - sum(lengths) / max(1, max(lengths) * len(lengths))
            self._log_global({"completions/padding_share": waste})
        if self.extras is None:
            return rewards
        rewards = rewards.masked_fill(self._undecided(rewards), torch.nan)
        if self._screening or not self.model.training:
            return rewards
        self._pay_gate(inputs, rewards)
        objective = self.extras.objective
        self.reward_weights = as_tensor(objective.weights(self.progress), rewards)
        self._rewards = rewards
        means = self._means(self.extras.reader)
        metrics = objective.observe(
            rewards,
            self.reward_weights,
            self.num_generations,
            self.multi_objective_aggregation,
            means,
        )
        self._silent = metrics.pop("frac_groups_without_signal")
        for name, value in metrics.items():
            self._metrics["train"][name].append(value)
        return rewards

    def _undecided(self, rewards: torch.Tensor) -> torch.Tensor:
        """[rows of all processes, 1]: completions that could not be graded though a reward asked. TRL adds up what is left
        of a row, which would pay an undecided answer like a wrong one; without any reward a row trains nothing."""
        assert self.extras is not None
        samples = self.extras.reader.samples
        own = [sample.gold is not None and sample.correct is None for sample in samples]
        mask = self.accelerator.gather(torch.tensor(own, device=rewards.device))
        return (mask & rewards.isnan().any(dim=1)).unsqueeze(1)

    def _means(self, reader: SampleReader) -> dict[str, float]:
        """Of the completions of all processes (train/alarms.py)."""
        sums = torch.tensor(measure(reader.samples), dtype=torch.float64).to(
            self.accelerator.device
        )
        totals = self.accelerator.gather(sums.unsqueeze(0)).sum(dim=0).tolist()
        names = (values.__name__ for values in MEASURES)
        return {
            name: total / count for name, (total, count) in zip(names, totals, strict=True) if count
        }

    # ------------------------------------------------------------------ dynamic sampling's seams

    def generate_groups(self, inputs: list[dict[str, Any]]) -> list[Group]:
        """Generates for these rows of whole groups and looks which have a signal."""
        assert self.extras is not None and self.extras.dynamic_sampling is not None
        prompts = [row["prompt"] for row in inputs]
        generated = Generated(*self._timed_generate(prompts))
        if (
            generated.extra_fields
            or generated.tool_mask is not None
            or generated.images is not None
        ):
            raise NotImplementedError(
                "dynamic_sampling: not with tools, images or a rollout's extra fields"
            )
        self._screening = True
        try:
            rewards = self._calculate_rewards(
                inputs, prompts, generated.completions, generated.completion_ids
            )
        finally:
            self._screening = False
            self._pending_metrics.clear()  # the batch that is trained on logs its own
        here = self._signal(rewards, self.extras.dynamic_sampling.reward)
        count = len(inputs) // self.num_generations
        start = self.accelerator.process_index * count
        return split_groups(inputs, generated, here[start : start + count], self.num_generations)

    def _signal(self, rewards: torch.Tensor, name: str | None) -> torch.Tensor:
        """[groups of all processes]: whether the rewards (or the one that is named) differ within a group."""
        assert self.extras is not None
        if name is not None:
            values = rewards[:, self.reward_func_names.index(name)].view(-1, self.num_generations)
            return ~silent(values)
        weights = as_tensor(self.extras.objective.weights(self.progress), rewards)
        how = self.multi_objective_aggregation
        return ~silent(combined(rewards, weights, self.num_generations, how))

    def draw(self, order: random.Random, num_groups: int) -> list[dict[str, Any]]:
        """Rows for `num_groups` groups of this process; other processes draw others."""
        data, world = self.train_dataset, self.accelerator.num_processes
        indices = order.sample(range(len(data)), min(len(data), num_groups * world))
        mine = [
            indices[(self.accelerator.process_index * num_groups + k) % len(indices)]
            for k in range(num_groups)
        ]
        return self._opened([data[index] for index in mine for _ in range(self.num_generations)])

    def most(self, number: int) -> int:
        """The largest of the processes' numbers."""
        own = torch.tensor([number], device=self.accelerator.device)
        return int(self.accelerator.gather(own).max())

    # ------------------------------------------------------------------ stages and logs

    def _enter_stage(self, stages: tuple[Stage, ...]) -> None:
        """The generation length of the last stage that has started, wherever TRL keeps it."""
        started = [stage for stage in stages if stage.start <= self.progress]
        if not started:
            return
        length = started[-1].max_completion_length
        self.max_completion_length = self.args.max_completion_length = length
        for holder, name in ((getattr(self, "generation_config", None), "max_new_tokens"),
                             (getattr(self, "vllm_generation", None), "max_completion_length")):  # fmt: skip
            if holder is not None:
                setattr(holder, name, length)

    def _opened(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Without prompts of levels that are still closed."""
        levels = self.extras.levels if self.extras else None
        if levels is None:
            return rows
        found = levels.opened(rows, self.state.global_step, self.progress)
        replaced = sum(new is not old for new, old in zip(found, rows, strict=True)) / len(rows)
        num_open = float(levels.num_open(self.progress))
        self._log_global({"curriculum/levels": num_open, "curriculum/replaced": replaced})
        return found

    def _pay_gate(self, inputs: Any, rewards: torch.Tensor) -> None:
        """rewards: [rows of all processes, functions]"""
        assert self.extras is not None
        levels = self.extras.levels
        if levels is None or levels.settings.gate is None:
            return
        start = self.accelerator.process_index * len(inputs)
        column = rewards[:, self.reward_func_names.index(levels.settings.gate.reward)]
        own = column[start : start + len(inputs)].tolist()
        paid = [
            reward
            for row, reward in zip(inputs, own, strict=True)
            if levels.newest(row["source"], row["difficulty"], self.progress) and reward == reward  # not NaN
        ]  # fmt: skip
        sums = torch.tensor([[sum(paid), len(paid)]], dtype=torch.float64, device=self.accelerator.device)  # fmt: skip
        levels.observe(*self.accelerator.gather(sums).sum(dim=0).tolist())

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        if self.model.training:
            logs |= self._clock.shares()
        super().log(logs, start_time)

    def _log_global(self, metrics: dict[str, float]) -> None:
        """Means over the processes, which all call this."""
        for name, value in metrics.items():
            own = torch.tensor([value], device=self.accelerator.device)
            self._metrics["train"][name].append(float(self.accelerator.gather(own).mean()))

    # ------------------------------------------------------------------ log-probabilities

    def _get_per_token_logps_and_entropies(
        self,
        model: Any,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        logits_to_keep: int,
        batch_size: int | None = None,
        **kwargs: Any,
    ) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
        """Where rows cannot be taken apart (several processes, images) batches go to TRL as they are."""
        whole = super()._get_per_token_logps_and_entropies
        flags = {"compute_entropy", "compute_aux_loss"}
        images = any(value is not None for key, value in kwargs.items() if key not in flags)
        if images or kwargs.get("compute_aux_loss") or self.accelerator.num_processes > 1:
            return whole(model, input_ids, attention_mask, logits_to_keep, batch_size, **kwargs)
        shape, first = (len(input_ids), logits_to_keep), input_ids.shape[1] - logits_to_keep
        logps = torch.zeros(shape, device=input_ids.device)
        entropies = torch.zeros_like(logps) if kwargs.get("compute_entropy") else None
        multiple = self.args.pad_to_multiple_of or 1
        for rows, start, end in spans(attention_mask, min(batch_size or CHUNK, CHUNK), multiple):
            # Completions that are masked as truncated end with their prompt.
            end = max(end, first + 1)
            part, mask = input_ids[rows, start:end], attention_mask[rows, start:end]
            found, entropy, _ = whole(model, part, mask, end - first, **kwargs)
            logps = put(logps, rows, found)
            if entropies is not None:
                entropies = put(entropies, rows, entropy)
        return logps, entropies, None
