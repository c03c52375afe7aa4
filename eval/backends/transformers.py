"""Completions by `transformers` modules and data/decoding.py, in batches of similar prompt length."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from data.chat import stop_at_turn_end
from data.decoding import decode, eos_ids
from data.tokenizer import Thinking
from eval.backends import BACKENDS, How
from eval.checkpoints import weights_of
from eval.generate import Batch, Generation, Prompt, batches, row_seed, uniforms
from eval.tokenizers import Tokenizers
from eval.warm import WarmModel
from eval.weights import Weights
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
    def module(self) -> Any:
        """With the weights of the checkpoint that was loaded last."""
        return self._module

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
