"""The tokenizer of a checkpoint, and how it marks reasoning; one loader and one reader for training and evaluation."""

from dataclasses import dataclass
from typing import Any, Self

from transformers import AutoTokenizer

from data.response import CLOSE, OPEN, Completion, num_reasoning_tokens, split
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


@dataclass(frozen=True)
class Thinking:
    """Whether the chat template opens `<think>` itself, and the id of `</think>` (None: several tokens)."""

    prefilled: bool
    close_id: int | None

    @classmethod
    def of(cls, tokenizer: Any) -> Self:
        prompt = tokenizer.apply_chat_template(
            [{"role": "user", "content": "x"}], add_generation_prompt=True, tokenize=False
        )
        ids = tokenizer.encode(CLOSE, add_special_tokens=False)
        # Some templates write a closed, empty block to switch thinking off: that is not open.
        return cls(OPEN in prompt.rpartition(CLOSE)[2], ids[0] if len(ids) == 1 else None)

    def read(self, text: str, token_ids: list[int]) -> tuple[Completion, int]:
        """A completion split, and the number of its reasoning tokens."""
        completion = split(text, self.prefilled)
        opened = completion.outcome == "unterminated"
        return completion, num_reasoning_tokens(token_ids, self.close_id, opened)
