"""Tokenizers of checkpoints by their content, so that a sweep tokenises a benchmark once for all that share one."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from data.chat import conversation_text, direct_prompt_text, encoded, prompt_ids
from data.tokenizer import load_chat_tokenizer
from eval.generate import Ask, Prompt
from eval.weights import tokenizer_digest
from recipes.errors import UserError


class Tokenizers:
    """current: of the checkpoint that was used last"""

    def __init__(self, chat_template_kwargs: dict[str, Any]) -> None:
        self._told = chat_template_kwargs
        self._loaded: dict[str, tuple[str, Any]] = {}  # by the digest of the files
        self._by_content: dict[str, Any] = {}
        self._ids: dict[tuple[str, str], list[int]] = {}
        self._content = ""
        self.current: Any = None

    def use(self, folder: str) -> Any:
        """The tokenizer of a folder; one object where files differ and the tokenizer does not."""
        digest = tokenizer_digest(folder)
        if digest not in self._loaded:
            found = load_chat_tokenizer(folder, "checkpoint", self._told)
            content = _content(found)
            self._loaded[digest] = content, self._by_content.setdefault(content, found)
        self._content, self.current = self._loaded[digest]
        return self.current

    def ids(self, prompts: Sequence[Prompt]) -> list[list[int]]:
        return [self._ids_of(prompt) for prompt in prompts]

    def _ids_of(self, prompt: Prompt) -> list[int]:
        key = self._content, json.dumps(prompt.messages)
        if key not in self._ids:
            self._ids[key] = prompt_ids(self.current, prompt.messages)
        return self._ids[key]


def ask_ids(tokenizer: Any, ask: Ask) -> list[int]:
    """Everything before what is to be written. What stands there already is not decoded and read again: other ids might come
    back. Raises UserError where the chat template loses earlier turns."""
    try:
        render = direct_prompt_text if ask.direct else conversation_text
        return encoded(tokenizer, render(tokenizer, ask.prompt.messages)) + list(ask.written)
    except ValueError as error:
        raise UserError(f"checkpoint: {tokenizer.name_or_path}: {error}") from None


def _content(tokenizer: Any) -> str:
    """What decides ids and texts: the vocabulary with its rules, the template, the special tokens."""
    rules = tokenizer.backend_tokenizer.to_str() if tokenizer.is_fast else sorted(tokenizer.get_vocab().items())  # fmt: skip
    parts = [rules, tokenizer.chat_template, sorted(tokenizer.special_tokens_map.items())]
    return hashlib.sha256(repr(parts).encode()).hexdigest()
