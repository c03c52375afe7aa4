"""Does a response follow a constraint? The input and the output of the constraint-wise reward model ("Beyond the Trade-off",
https://arxiv.org/abs/2508.02150, section 3.3): one place for what trains it and what rewards by it.

Two labels, label 1 for "followed"; the score is softmax(logits)[1]. The constraint comes first, and of a response too long
the middle is left out, so that neither the constraint nor how the response begins and ends is lost. (Upstream's template
ends with the constraint, which plain truncation would cut off.) The prompt that the response answers is not shown.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple

import torch
from accelerate.utils import patch_environment
from transformers import AutoConfig, AutoModelForSequenceClassification
from transformers.integrations import deepspeed

from data.tokenizer import load_tokenizer
from recipes.errors import UserError

BEFORE = "Does the response follow the constraint?\nConstraint: {constraint}\nResponse:\n"
CUT = "\n[...]\n"
LEAST = 16  # tokens of a response that must have room beside its constraint


class Judge(NamedTuple):
    """A model with two labels, and its tokenizer."""

    model: Any
    tokenizer: Any


@contextmanager
def unsharded() -> Iterator[None]:
    """What is loaded inside is whole on this process, whatever the engine does with the model that is trained. Under ZeRO-3
    from_pretrained shards every model, whose forward passes then wait for processes that score fewer responses, for ever;
    under FSDP with cpu_ram_efficient_loading all processes but one get zeros."""
    held = deepspeed._hf_deepspeed_config_weak_ref
    config = held() if held is not None else None
    deepspeed.unset_hf_deepspeed_config()
    try:
        with patch_environment(fsdp_cpu_ram_efficient_loading=False):
            yield
    finally:
        if config is not None:
            deepspeed.set_hf_deepspeed_config(config)


def load(name_or_path: str, where: str, train: bool = False, **kwargs: Any) -> Judge:
    """From a folder or the Hub; a language model gets a new head. Raises UserError where there is none, or it has another
    number of labels. train: whether it is to be trained, and sharded as the engine wants; kwargs: of from_pretrained"""
    tokenizer = load_tokenizer(name_or_path, where, kwargs.get("revision") or "main")
    tokenizer.padding_side = "right"
    try:
        with nullcontext() if train else unsharded():
            model = AutoModelForSequenceClassification.from_pretrained(name_or_path, **kwargs)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(
            f"{where}: found {name_or_path!r}; expected a saved model ({reason})"
        ) from error
    if model.config.num_labels != 2:
        raise UserError(
            f"{where}: {name_or_path}: found {model.config.num_labels} labels; expected 2"
        )
    model.config.pad_token_id = tokenizer.pad_token_id  # where the last token is looked for
    return Judge(model, tokenizer)


def check(name_or_path: str, where: str) -> None:
    """Raises UserError where there is no classifier with two labels; loads no weights."""
    try:
        found = AutoConfig.from_pretrained(name_or_path)
    except (OSError, ValueError) as error:
        raise UserError(
            f"{where}: found {name_or_path!r}; expected the folder that train/reward_model.py wrote, or a Hub name"
        ) from error
    names = found.architectures or []
    if found.num_labels != 2 or not any("SequenceClassification" in name for name in names):
        raise UserError(
            f"{where}: {name_or_path}: found {', '.join(names) or 'no architecture'} with {found.num_labels} labels; "
            "expected a sequence classifier with 2"
        )


def weight_bytes(name_or_path: str, dtype: str, otherwise: int) -> int:
    """What a classifier's weights take. dtype: as in from_pretrained; otherwise: how many parameters to count where there is
    none yet, of which `check` complains when it is needed"""
    try:
        config = AutoConfig.from_pretrained(name_or_path)
    except (OSError, ValueError):
        kept, number = dtype, otherwise
    else:
        with torch.device("meta"):
            model = AutoModelForSequenceClassification.from_config(config)
        kept = str(config.dtype) if dtype == "auto" else dtype
        number = sum(weight.numel() for weight in model.parameters())
    return number * (2 if "16" in kept else 4)


def encode(tokenizer: Any, constraint: str, response: str, max_length: int) -> list[int]:
    """At most max_length ids. Raises UserError where the constraint alone leaves a response no room."""
    before: list[int] = tokenizer(BEFORE.format(constraint=constraint))["input_ids"]
    room = max_length - len(before)
    if room < LEAST:
        raise UserError(
            f"max_length: found {max_length}; expected at least {len(before) + LEAST} for the constraint {constraint[:50]!r}"
        )
    ids: list[int] = tokenizer(response, add_special_tokens=False)["input_ids"]
    if len(ids) > room:
        mark: list[int] = tokenizer(CUT, add_special_tokens=False)["input_ids"]
        left = room - len(mark)
        ids = [*ids[: left - left // 2], *mark, *ids[len(ids) - left // 2 :]]
    return before + ids


@torch.inference_mode()
def probabilities(
    judge: Judge, pairs: Sequence[tuple[str, str]], max_length: int, batch_size: int
) -> list[float]:
    """P(followed) of each (constraint, response), in order; in batches of one length, so that little is padding."""
    model, tokenizer = judge
    rows = [encode(tokenizer, constraint, response, max_length) for constraint, response in pairs]
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    found = [0.0] * len(rows)
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        inputs = tokenizer.pad(
            {"input_ids": [rows[index] for index in chosen]}, return_tensors="pt"
        )
        logits = model(**inputs.to(model.device)).logits.float()
        for index, value in zip(chosen, logits.softmax(-1)[:, 1].tolist(), strict=True):
            found[index] = value
    return found
