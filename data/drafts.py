"""Greedy decoding with drafts: completions that a similar model wrote for the same prompts.

Speculative decoding (https://arxiv.org/abs/2211.17192) with the draft model's work done already: one forward pass over
prompt and draft says up to where the model writes the same, and only what comes after the first difference is decoded
token by token. The tokens are those of `decode`, except where another shape of the sums rounds a tie otherwise.
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

from data.decoding import decode, eos_ids, greedy, last_logits

VERIFY_TOKENS = 4096  # of a forward pass, padding included
VERIFY_LOGITS = 2**27  # entries that exist at a time


def decode_with_drafts(
    model: Any,
    tokenizer: Any,
    prompts: list[list[int]],
    drafts: list[list[int]],
    max_new_tokens: int,
    batch_size: int,
) -> list[list[int]]:
    """Completion ids of prompt ids, in order, as from `decode` with temperature 0.

    drafts: one for each prompt, [] for none. batch_size: rows that are decoded together
    """
    ends = set(eos_ids(model, tokenizer))
    tried = [
        list(takewhile(lambda token: token not in ends, draft))[:max_new_tokens] for draft in drafts
    ]
    written: list[list[int]] = [[] for _ in prompts]
    for rows in _verified_together(prompts, tried, model.config.get_text_config().vocab_size):
        found = _verified(model, tokenizer, [prompts[r] for r in rows], [tried[r] for r in rows])
        for row, tokens in zip(rows, found, strict=True):
            written[row] = tokens[:max_new_tokens]
    left = [
        row
        for row, tokens in enumerate(written)
        if len(tokens) < max_new_tokens and tokens[-1] not in ends
    ]
    # Those with about as much of their draft left end together.
    left.sort(key=lambda row: len(written[row]) - len(tried[row]))
    for start in range(0, len(left), batch_size):
        rows = left[start : start + batch_size]
        room = [max_new_tokens - len(written[row]) for row in rows]
        rest = decode(model, tokenizer, [prompts[r] + written[r] for r in rows], max(room))
        for row, tokens, most in zip(rows, rest, room, strict=True):
            written[row] += tokens[:most]
    return written


def _verified_together(
    prompts: Sequence[Sequence[int]], drafts: Sequence[Sequence[int]], vocabulary: int
) -> Iterator[list[int]]:
    """Rows of a forward pass, longest first, so that little of it is padding."""
    lengths = [len(prompt) + len(draft) for prompt, draft in zip(prompts, drafts, strict=True)]
    rows: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        if rows:
            width = (len(rows) + 1) * lengths[rows[0]]
            kept = (len(rows) + 1) * (1 + max(len(drafts[r]) for r in (*rows, row)))
            if width > VERIFY_TOKENS or kept * vocabulary > VERIFY_LOGITS:
                yield rows
                rows = []
        rows.append(row)
    if rows:
        yield rows


def _verified(
    model: Any, tokenizer: Any, prompts: list[list[int]], drafts: list[list[int]]
) -> list[list[int]]:
    """The tokens of each draft that the model writes too, and its own next one."""
    whole = [prompt + draft for prompt, draft in zip(prompts, drafts, strict=True)]
    logits = last_logits(model, tokenizer, whole, 1 + max(map(len, drafts)))
    found: list[list[int]] = []
    for row, draft in zip(greedy(logits).tolist(), drafts, strict=True):
        own = row[len(row) - 1 - len(draft) :]  # padding is on the left
        same = next((n for n, (a, b) in enumerate(zip(own, draft, strict=False)) if a != b), len(draft))  # fmt: skip
        found.append(own[: same + 1])
    return found
