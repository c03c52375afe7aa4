"""Rows of similar length together: padding that is not computed."""

from collections.abc import Iterator
from typing import NamedTuple

import torch


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


def put(into: torch.Tensor, rows: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """`into` with `values` in the first columns of `rows`; differentiable."""
    padded = torch.nn.functional.pad(values, (0, into.shape[1] - values.shape[1]))
    return into.index_copy(0, rows, padded.to(into.dtype))
