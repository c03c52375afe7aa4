"""Completions by `transformers` modules and data/decoding.py, in batches of similar prompt length."""

import hashlib
import json
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from data.chat import prompt_ids, stop_at_turn_end
from data.decoding import decode, eos_ids
from data.tokenizer import Thinking, load_chat_tokenizer
from eval.backends import BACKENDS, How
from eval.checkpoints import weights_of
from eval.generate import Batch, Generation, Prompt, batches, row_seed, uniforms
from eval.warm import WarmModel
from eval.weights import Weights, tokenizer_digest
from recipes.schema import Sampling


@BACKENDS.register("transformers")
@dataclass(frozen=True)
class Transformers:
    """No settings: what there is to set is `sampling`."""

    served = False

    def engine(self, how: How) -> "Generator":
        return Generator(how)

    def mark(self) -> str:
        return "transformers"


class Tokenizers:
    """Tokenizers by content, and prompts by tokenizer: a sweep tokenises a benchmark once, not once for every checkpoint."""

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


def _content(tokenizer: Any) -> str:
    """What decides ids and texts: the vocabulary with its rules, the template, the special tokens."""
    rules = tokenizer.backend_tokenizer.to_str() if tokenizer.is_fast else sorted(tokenizer.get_vocab().items())  # fmt: skip
    parts = [rules, tokenizer.chat_template, sorted(tokenizer.special_tokens_map.items())]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


class Generator:
    """One warm model, and the checkpoint that it has the weights of."""

    thinking: Thinking

    def __init__(self, how: How) -> None:
        self._how = how
        self.model = WarmModel(how.dtype, how.device, how.adapters)
        self.tokenizers = Tokenizers(how.chat_template_kwargs)
        self._module: Any = None
        self._digest = ""

    def load(self, weights: Weights, digest: str) -> None:
        self._module = self.model.show(weights)
        tokenizer = self.tokenizers.use(weights.tokenizer)
        stop_at_turn_end(self._module, tokenizer)
        self.thinking = Thinking.of(tokenizer)
        self._digest = digest

    @property
    def tokenizer(self) -> Any:
        return self.tokenizers.current

    def generate(self, prompts: Sequence[Prompt], done: Container[int] = ()) -> Iterator[Batch]:
        how, ids = self._how.sampling, self.tokenizers.ids(prompts)
        for batch in batches([len(one) for one in ids], how.batch_size):
            if all(index in done for index in batch):
                continue
            numbers = None
            if how.temperature > 0:
                seeds = [row_seed(self._how.seed, prompts[i], self._digest) for i in batch]
                numbers = uniforms(seeds, how.max_new_tokens)
            found = decode(
                self._module, self.tokenizer, [ids[index] for index in batch],
                how.max_new_tokens, how.temperature, how.top_p, numbers,
            )  # fmt: skip
            yield [(i, self._generation(one)) for i, one in zip(batch, found, strict=True)]

    def _generation(self, ids: list[int]) -> Generation:
        truncated = not ids or ids[-1] not in eos_ids(self._module, self.tokenizer)
        return Generation(self.tokenizer.decode(ids, skip_special_tokens=True), ids, truncated)


def one_model(
    path: str,
    sampling: Sampling,
    seed: int,
    dtype: str = "auto",
    chat_template_kwargs: dict[str, Any] | None = None,
) -> Generator:
    """A folder or a Hub name, loaded; `dtype` as in from_pretrained; on the GPU if there is one."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    found = Generator(How(sampling, seed, device, dtype, "merge", chat_template_kwargs or {}))
    weights = weights_of(path, "model")
    found.load(weights, weights.digest())
    return found
