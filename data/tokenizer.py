"""The tokenizer of a checkpoint, and how it marks reasoning; one loader and one reader for training and evaluation."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, Self

from transformers import AutoTokenizer

from data.chat import encoded, opens_thinking, prompt_text, set_defaults
from data.response import CLOSE, Completion, num_reasoning_tokens, split
from recipes.errors import UserError


def load_tokenizer(name_or_path: str, where: str, revision: str = "main") -> Any:
    """Padding on the left, as generation needs it; the end-of-text token pads when there is no pad token.

    Raises UserError, starting with `where` (recipe and key), when there is no such model.
    """
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            name_or_path, revision=revision, padding_side="left"
        )
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(
            f"{where}: found {name_or_path!r}; expected a folder with a saved model or a Hub name ({reason})"
        ) from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_chat_tokenizer(
    name_or_path: str, where: str, chat_template_kwargs: dict[str, Any], revision: str = "main"
) -> Any:
    """`load_tokenizer`, with the recipe's `chat_template_kwargs` as defaults of its chat template, which it must have."""
    tokenizer = load_tokenizer(name_or_path, where, revision)
    set_defaults(tokenizer, chat_template_kwargs, where)
    return tokenizer


@dataclass(frozen=True)
class Thinking:
    """How a tokenizer and its chat template mark reasoning.

    prefilled: whether the template opens `<think>` itself
    close_id:  of `</think>`; None where it is several tokens
    tokens_of: the texts of ids, to find `</think>` by where it is several tokens; bytes may stand in for them
    """

    prefilled: bool
    close_id: int | None
    tokens_of: Callable[[list[int]], list[str]] | None = None

    @classmethod
    def of(cls, tokenizer: Any) -> Self:
        opened = opens_thinking(prompt_text(tokenizer, [{"role": "user", "content": "x"}]))
        ids = encoded(tokenizer, CLOSE)
        return cls(opened, ids[0] if len(ids) == 1 else None, tokenizer.convert_ids_to_tokens)

    def read(self, text: str, token_ids: list[int]) -> tuple[Completion, int]:
        """A completion split, and the number of its reasoning tokens."""
        completion = split(text, self.prefilled)
        if self.close_id is None and completion.outcome == "closed" and self.tokens_of is not None:
            return completion, tokens_through_close(self.tokens_of(token_ids))
        opened = completion.outcome == "unterminated"
        return completion, num_reasoning_tokens(token_ids, self.close_id, opened)

    @property
    def of_direct(self) -> Self:
        """Behind a direct prompt, which closes what the template opens."""
        return replace(self, prefilled=False)

    def before_close(self, token_ids: list[int]) -> int | None:
        """How many tokens there are before the one in which the first `</think>` starts; None without one."""
        if self.close_id is not None:
            return token_ids.index(self.close_id) if self.close_id in token_ids else None
        tokens = self.tokens_of(token_ids) if self.tokens_of is not None else []
        start = "".join(tokens).find(CLOSE)
        if start < 0:
            return None
        ends = accumulate(len(token) for token in tokens)
        return next(n for n, end in enumerate(ends) if end > start)


def tokens_through_close(tokens: list[str]) -> int:
    """How many tokens there are up to the one that ends the last `</think>`; 0 without one. Byte-level tokens spell ASCII
    as it is, whatever letters beside it are split into."""
    start = "".join(tokens).rfind(CLOSE)
    if start < 0:
        return 0
    reached = accumulate(len(token) for token in tokens)
    return next(n for n, end in enumerate(reached, start=1) if end >= start + len(CLOSE))
