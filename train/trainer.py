"""TRL's GRPOTrainer without paying for padding: the same loss, computed on rows of similar length.

TRL pads every row of a generation to the longest prompt and completion, so that one long chain of thought is paid for
by all. Here log-probabilities are computed in chunks of rows sorted by length, each cut to its own longest row, and
put back in place; the loss and everything else are TRL's.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
import trl

CHUNK = 16  # rows


class Span(NamedTuple):
    """Some rows of a padded batch and the columns that hold any of their tokens."""

    rows: torch.Tensor
    start: int
    end: int


def spans(attention_mask: torch.Tensor, chunk: int, multiple: int) -> Iterator[Span]:
    """Rows in chunks of similar length. attention_mask: [rows, columns], padded on both sides; widths are rounded up
    to `multiple` where the batch allows, since every new shape costs a CPU kernel its set-up."""
    width = attention_mask.shape[1]
    seen = attention_mask.bool()
    starts = seen.int().argmax(dim=1)
    ends = width - seen.flip(1).int().argmax(dim=1)
    for rows in torch.argsort(ends - starts, stable=True).split(chunk):
        start, end = int(starts[rows].min()), int(ends[rows].max())
        missing = -(end - start) % multiple
        start -= (before := min(missing, start))
        yield Span(rows, start, min(width, end + missing - before))


class GRPOTrainer(trl.GRPOTrainer):  # type: ignore[misc]
    """Where rows cannot be taken apart (several processes, images) batches go to TRL as they are."""

    def _get_per_token_logps_and_entropies(
        self,
        model: Any,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        logits_to_keep: int,
        batch_size: int | None = None,
        **kwargs: Any,
    ) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
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
            logps = _put(logps, rows, found)
            if entropies is not None:
                entropies = _put(entropies, rows, entropy)
        return logps, entropies, None


def _put(into: torch.Tensor, rows: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """`into` with `values` in the first columns of `rows`; differentiable."""
    padded = torch.nn.functional.pad(values, (0, into.shape[1] - values.shape[1]))
    return into.index_copy(0, rows, padded.to(into.dtype))
