"""Batched decoding with `transformers`, shared by the sweep and by CPU rollouts.

`generate` keeps every row of a batch until the last one is done. Here finished rows leave every SEGMENT
tokens, with their part of the cache, so a batch does not pay for its longest completion; the tokens are the
same (tested against `generate`).
"""

from typing import Any

import torch

from data.attention import decoding_cache

SEGMENT = 16


def eos_ids(model: Any, tokenizer: Any) -> list[int]:
    """All ids that end a completion: the generation config's and the tokenizer's, sorted."""
    found = model.generation_config.eos_token_id
    ids = {*(found if isinstance(found, list) else [found]), tokenizer.eos_token_id}
    return sorted(token for token in ids if token is not None)


@torch.inference_mode()
def decode(
    model: Any,
    tokenizer: Any,
    prompts: list[list[int]],
    max_new_tokens: int,
    temperature: float = 0.0,
    top_p: float = 1.0,
) -> list[list[int]]:
    """Completion ids of one batch of prompt ids, in order; the end token is included when the model wrote it.

    temperature 0 is greedy; sampling draws from torch's global generator.
    """
    ends = eos_ids(model, tokenizer)
    settings: dict[str, Any] = {
        "return_dict_in_generate": True,
        "pad_token_id": tokenizer.pad_token_id,
        "eos_token_id": ends,
        "do_sample": temperature > 0,
    }
    if temperature > 0:
        settings |= {"temperature": temperature, "top_p": top_p, "top_k": 0}
    padded = tokenizer.pad({"input_ids": prompts}, return_tensors="pt").to(model.device)
    ids, mask = padded["input_ids"], padded["attention_mask"]
    cache = decoding_cache(model)
    width, eos = ids.shape[1], torch.tensor(ends, device=ids.device)
    rows = list(range(len(prompts)))
    completions: list[list[int]] = [[] for _ in prompts]
    for used in range(0, max_new_tokens, SEGMENT):
        out = model.generate(
            input_ids=ids,
            attention_mask=mask,
            past_key_values=cache,
            max_new_tokens=min(SEGMENT, max_new_tokens - used),
            **settings,
        )
        ids, cache = out.sequences, out.past_key_values
        mask = torch.nn.functional.pad(mask, (0, ids.shape[1] - mask.shape[1]), value=1)
        is_end = torch.isin(ids[:, width:], eos)
        for place, row in enumerate(rows):
            length = int(is_end[place].int().argmax()) + 1 if bool(is_end[place].any()) else None
            completions[row] = ids[place, width:].tolist()[:length]
        going = (~is_end.any(dim=1)).nonzero().squeeze(1)
        if len(going) == 0:
            break
        if len(going) < len(rows):
            rows = [rows[place] for place in going.tolist()]
            ids, mask = ids[going], mask[going]
            cache.batch_select_indices(going)
    return completions
