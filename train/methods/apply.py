"""A recipe's methods at the seams of TRL's trainer: built, asked for openings, and applied to a scored generation batch."""

from collections.abc import Sequence
from statistics import fmean
from typing import Any

import torch
from accelerate.utils import gather_object
from torch import Tensor
from trl import GRPOConfig
from trl.models.utils import disable_gradient_checkpointing

from recipes.errors import UserError
from recipes.schema import GRPORecipe
from recipes.typed import build_named
from train.methods import METHODS
from train.methods.base import Batch, Method, Opening

Methods = tuple[Method, ...]


def build_methods(recipe: GRPORecipe, config: GRPOConfig, where: str) -> Methods:
    """Raises UserError for an unknown method or setting, and where one would not be exact. where: the recipe's path."""
    found: list[Method] = []
    for index, entry in enumerate(recipe.methods):
        here = f"{where}: methods.{index}"
        method: Method = build_named(METHODS, entry, here)
        if any(other.name == method.name for other in found):
            raise UserError(f"{here}: name: found {method.name} again; expected each method once")
        try:
            method.check(recipe, config)
        except ValueError as error:
            raise UserError(f"{here}: {method.name}: {error}") from None
        found.append(method)
    return tuple(found)


def check_tokenizer(methods: Methods, tokenizer: Any, where: str) -> None:
    """Raises UserError where a method cannot work with it."""
    for index, method in enumerate(methods):
        try:
            method.check_tokenizer(tokenizer)
        except ValueError as error:
            raise UserError(f"{where}: methods.{index}: {method.name}: {error}") from None


# ---------------------------------------------------------------------- generation


def openings(methods: Methods, trainer: Any, num_rows: int) -> list[Opening]:
    """Of this process's `num_rows` completions; those of several methods follow one another. Evaluation forces nothing."""
    if not methods or not trainer.model.training:
        return [Opening()] * num_rows
    start, size = trainer.accelerator.process_index * num_rows, trainer.num_generations
    members = [(start + row) % size for row in range(num_rows)]
    return _openings(methods, members, size, trainer.processing_class)


def _openings(methods: Methods, members: list[int], size: int, tokenizer: Any) -> list[Opening]:
    found = [Opening()] * len(members)
    for method in methods:
        more = method.openings(members, size, tokenizer)
        found = [
            Opening(a.name or b.name, a.ids + b.ids, a.logps + b.logps)
            for a, b in zip(found, more, strict=True)
        ]
    return found


def opened(prompts: list[list[int]], forced: Sequence[Opening]) -> list[list[int]]:
    """Prompt ids as the generating model gets them."""
    return [[*prompt, *opening.ids] for prompt, opening in zip(prompts, forced, strict=True)]


def completed(
    generated: list[list[int]], forced: Sequence[Opening], max_completion_length: int
) -> list[list[int]]:
    """Completion ids, openings included. As if generation had begun with the opening: cut at the same length."""
    return [
        [*opening.ids, *ids][:max_completion_length]
        for ids, opening in zip(generated, forced, strict=True)
    ]


def completed_logps(
    generated: list[list[float | None]], forced: Sequence[Opening], max_completion_length: int
) -> list[list[float | None]]:
    """vLLM's log-probabilities; None on forced tokens, which TRL takes for "no correction"."""
    return [
        [*[None] * len(opening.ids), *logps][:max_completion_length]
        for logps, opening in zip(generated, forced, strict=True)
    ]


# ---------------------------------------------------------------------- a scored batch


def apply_methods(
    methods: Methods, trainer: Any, rewards: Tensor, output: dict[str, Any]
) -> dict[str, float]:
    """Changes what TRL scored, in place; returns what is to be logged, the same on every process.

    rewards: [rows of all processes, functions]; output: of `_generate_and_score_completions`.
    """
    mask, advantages = output["completion_mask"], output["advantages"].unsqueeze(1)
    rows = len(advantages)
    for method in methods:
        advantages = method.advantages(
            Batch(
                advantages=advantages,
                completion_mask=mask,
                num_tokens=int(output["num_items_in_batch"]),
                num_completions=int(trainer.accelerator.gather(mask[:, 0].sum()).sum()),
                rewards=rewards,
                reward_names=trainer.reward_func_names,
                samples=trainer.extras.reader.samples,
                num_generations=trainer.num_generations,
                first_row=trainer.accelerator.process_index * rows,
            )
        )
    output["advantages"] = advantages
    forced = openings(methods, trainer, rows)
    if not any(opening.ids for opening in forced):
        return {}
    old = output.get("old_per_token_logps")
    old = _logps(trainer, output) if old is None else old
    output["old_per_token_logps"] = sampler_logps(old, forced)
    return _probabilities(old, forced)


def _logps(trainer: Any, output: dict[str, Any]) -> Tensor:
    """Of the policy that generated, [rows, tokens]."""
    ids, mask = (
        torch.cat([output[f"prompt_{key}"], output[f"completion_{key}"]], dim=1)
        for key in ("ids", "mask")
    )
    args = trainer.args
    with (
        torch.no_grad(),
        disable_gradient_checkpointing(trainer.model, args.gradient_checkpointing_kwargs),
    ):
        logps, _, _ = trainer._get_per_token_logps_and_entropies(
            trainer.model, ids, mask, output["completion_ids"].shape[1],
            batch_size=args.per_device_train_batch_size,
        )  # fmt: skip
    found: Tensor = logps
    return found


def sampler_logps(old: Tensor, forced: Sequence[Opening]) -> Tensor:
    """`old` with the openings' own log-probabilities. old: of the old policy, [rows, tokens]."""
    found = old.clone()
    for row, opening in zip(found, forced, strict=True):
        width = min(len(opening.logps), len(row))
        row[:width] = row.new_tensor(opening.logps[:width])
    return found


def _probabilities(old: Tensor, forced: Sequence[Opening]) -> dict[str, float]:
    """The old policy's mean probability, over all processes, of writing each opening by itself: what forcing hides."""
    chances = [float(row[: len(o.ids)].sum().exp()) for row, o in zip(old, forced, strict=True)]
    pairs = gather_object([(o.name, chance) for o, chance in zip(forced, chances, strict=True)])
    found: dict[str, list[float]] = {}
    for name, chance in pairs:
        found.setdefault(name, []).append(chance)
    return {f"openings/{name}/probability": fmean(values) for name, values in found.items() if name}
