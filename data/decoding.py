"""Batched decoding with a `transformers` model, shared by the sweep and by CPU rollouts.

`generate` keeps every row of a batch until the last one is done. Here finished rows leave every SEGMENT tokens, with
their part of the cache, and a step is one forward pass and one draw; the tokens are the same (tested against `generate`).
On a GPU a step is a CUDA graph (data/graphs.py).
What the model's generation config adds (penalties, top-k) is not applied: sampling is what the recipe says.
"""

from collections.abc import Sequence
from typing import Any

import torch
from transformers.generation import TemperatureLogitsWarper, TopPLogitsWarper

from data import graphs
from data.attention import decoding_cache, full_attention

SEGMENT = 16


def eos_ids(model: Any, tokenizer: Any) -> list[int]:
    """All ids that end a completion: the generation config's and the tokenizer's, sorted."""
    found = model.generation_config.eos_token_id
    ids = {*(found if isinstance(found, list) else [found]), tokenizer.eos_token_id}
    return sorted(token for token in ids if token is not None)


def draw(
    logits: torch.Tensor, temperature: float, top_p: float, uniforms: torch.Tensor | None = None
) -> torch.Tensor:
    """One token per row of logits, [rows, vocabulary]; temperature 0 is greedy.

    uniforms: [rows] in [0, 1), float64, each of which decides its own row's token alone; None: torch's global generator
    """
    if temperature == 0:
        return greedy(logits)
    no_ids: Any = None  # the warpers do not look at what was written so far
    scores = TemperatureLogitsWarper(temperature)(no_ids, logits.float())
    if top_p < 1:
        scores = TopPLogitsWarper(top_p)(no_ids, scores)
    probabilities = scores.softmax(-1)
    if uniforms is None:
        return torch.multinomial(probabilities, 1).squeeze(1)
    return inverted(probabilities, uniforms)


def greedy(logits: torch.Tensor) -> torch.Tensor:
    """The first of the largest of the last dimension. By `max`: on a CPU torch's argmax of bf16 takes four times as long."""
    return logits.max(-1).indices


def inverted(probabilities: torch.Tensor, uniforms: torch.Tensor) -> torch.Tensor:
    """Inverse transform sampling: the first token whose cumulative probability exceeds the row's uniform number.

    One number for a token, where noise for every entry of the vocabulary would be a tensor of the logits' size to be drawn
    row by row. Summed in float64: in float32 the sum over 150,000 entries would move the tail.
    """
    sums = probabilities.double().cumsum(-1)
    found = torch.searchsorted(sums, uniforms[:, None] * sums[:, -1:], right=True).squeeze(1)
    return found.clamp(max=probabilities.shape[1] - 1)  # a product that rounds up to the whole sum


def padded(
    model: Any, tokenizer: Any, rows: list[list[int]]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids, mask and positions of a batch on the model's device, each [rows, tokens], padded on the left."""
    batch = tokenizer.pad({"input_ids": rows}, return_tensors="pt").to(model.device)
    mask = batch["attention_mask"]
    return batch["input_ids"], mask, (mask.cumsum(1) - 1).clamp(min=0)


@torch.inference_mode()
def last_logits(model: Any, tokenizer: Any, rows: list[list[int]], count: int) -> torch.Tensor:
    """[rows, count, vocabulary]: what the model says behind each of the last `count` tokens of each row."""
    ids, mask, positions = padded(model, tokenizer, rows)
    found: torch.Tensor = model(
        input_ids=ids,
        attention_mask=mask,
        position_ids=positions,
        use_cache=False,
        logits_to_keep=count,
    ).logits
    return found


@torch.inference_mode()
def decode(
    model: Any,
    tokenizer: Any,
    prompts: list[list[int]],
    max_new_tokens: int,
    temperature: float = 0.0,
    top_p: float = 1.0,
    uniforms: torch.Tensor | None = None,
    stop_ids: Sequence[int] = (),
) -> list[list[int]]:
    """Completion ids of one batch of prompt ids, in order; the end token is included when the model wrote it.

    uniforms: [prompts, max_new_tokens], what each row draws by, so that it does not depend on its batch (see `draw`)
    stop_ids: what ends a completion beside the model's own ends
    """
    ids, mask, positions = padded(model, tokenizer, prompts)
    ends = torch.tensor([*eos_ids(model, tokenizer), *stop_ids], device=ids.device)
    numbers = None if uniforms is None else uniforms.to(ids.device)

    def pick(logits: torch.Tensor, rows: torch.Tensor, step: int) -> torch.Tensor:
        return draw(logits, temperature, top_p, None if numbers is None else numbers[rows, step])

    if graphs.serves(model) and full_attention(model):
        written = graphs.decode_by_graphs(model, ids, mask, max_new_tokens, pick, ends)
        return _cut(written, ends)
    cache = decoding_cache(model)
    written = torch.full((len(prompts), max_new_tokens), int(ends[0]), device=ids.device)
    rows = torch.arange(len(prompts), device=ids.device)  # those in the batch still
    done = torch.zeros_like(rows, dtype=torch.bool)
    for step in range(max_new_tokens):
        logits = model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        tokens = pick(logits, rows, step)
        written[rows, step] = tokens
        done |= torch.isin(tokens, ends)
        if done.all():
            break
        mask = torch.nn.functional.pad(mask, (0, 1), value=1)
        ids, positions = tokens[:, None], positions[:, -1:] + 1
        if (step + 1) % SEGMENT == 0 and done.any():
            going = (~done).nonzero().squeeze(1)
            cache.batch_select_indices(going)
            rows, done = rows[going], done[going]
            ids, mask, positions = ids[going], mask[going], positions[going]
    return _cut(written, ends)


def _cut(written: torch.Tensor, ends: torch.Tensor) -> list[list[int]]:
    """Each row up to and including its first end; all of it when there is none."""
    lasts = set(ends.tolist())
    rows = written.tolist()
    firsts = (
        next((at for at, token in enumerate(row) if token in lasts), len(row)) for row in rows
    )
    return [row[: first + 1] for row, first in zip(rows, firsts, strict=True)]
