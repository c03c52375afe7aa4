"""From places in a user's text to tokens of the prompt that a model reads.

Places are found in our own prompts by their builder (data/prompt.py), in others by substrings that occur exactly once. They
are moved through the chat template: the text stands in the rendered prompt exactly once, and its characters are mapped to
tokens by the tokenizer's offsets. A token that straddles an end of a place is part of it, whatever else it spells.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from data.prompt import Span


class PromptTokens(NamedTuple):
    """ids: (T0,) of the whole rendered prompt. constraints: (number of constraints, T0) bool; text: (T0,) bool, tokens of
    the user's text."""

    ids: list[int]
    constraints: np.ndarray
    text: np.ndarray

    @property
    def union(self) -> np.ndarray:
        """(T0,) bool: tokens of any constraint; a token of two counts once."""
        return np.asarray(self.constraints.any(axis=0))


def find(text: str, substrings: Sequence[str]) -> tuple[Span, ...]:
    """Raises ValueError for a substring that does not stand in the text exactly once."""
    found = []
    for part in substrings:
        # Overlapping places too: "aa" is twice in "aaa".
        start = text.find(part) if part else -1
        if start < 0 or text.find(part, start + 1) >= 0:
            count = "not at all" if start < 0 else "more than once"
            raise ValueError(
                f"constraint {part!r}: found {count} in the prompt; expected once: give more of the text around it"
            )
        found.append(Span(start, start + len(part)))
    return tuple(found)


def locate(tokenizer: Any, rendered: str, text: str, spans: Sequence[Span]) -> PromptTokens:
    """rendered: the prompt as the chat template writes it; text: the user's, in which `spans` are.

    Raises ValueError for a template that changes the text or repeats it, a tokenizer without offsets, and a span without
    tokens.
    """
    start = _only_place(rendered, text)
    if not tokenizer.is_fast:
        raise ValueError(
            f"{type(tokenizer).__name__}: found a tokenizer without offsets; expected a fast one"
        )
    encoding = tokenizer(rendered, return_offsets_mapping=True, add_special_tokens=False)
    ids: list[int] = encoding["input_ids"]
    assert ids == tokenizer.encode(rendered, add_special_tokens=False), "ids that the model is sent"
    edges = np.array(encoding["offset_mapping"]).reshape(-1, 2)
    masks = [_covered(edges, start + span.start, start + span.end) for span in spans]
    for span, mask in zip(spans, masks, strict=True):
        if not mask.any():
            raise ValueError(
                f"constraint {text[span.start : span.end]!r}: found no token for it; expected at least one"
            )
    constraints = np.array(masks, dtype=bool).reshape(len(spans), len(ids))
    return PromptTokens(ids, constraints, _covered(edges, start, start + len(text)))


def _covered(edges: np.ndarray, start: int, end: int) -> np.ndarray:
    """(T0,) bool: tokens with characters in text[start:end]; one without characters is in nothing."""
    return np.asarray((edges[:, 0] < end) & (edges[:, 1] > start) & (edges[:, 1] > edges[:, 0]))


def _only_place(rendered: str, text: str) -> int:
    first = rendered.find(text)
    if first < 0:
        # Templates often strip what users write; spans keep their places unless it is at the front.
        stripped = text.strip()
        first = rendered.find(stripped) if stripped else -1
        if first >= 0 and rendered.find(stripped, first + 1) < 0:
            return first - (len(text) - len(text.lstrip()))
    if first < 0 or rendered.find(text, first + 1) >= 0:
        count = "no" if first < 0 else "more than one"
        raise ValueError(
            f"prompt {text[:40]!r}: found {count} copy in the rendered chat; expected one"
        )
    return first
