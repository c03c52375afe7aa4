"""Completions by `transformers` modules and data/decoding.py, in batches of similar prompt length."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from data.chat import encoded, stop_at_turn_end
from data.decoding import decode, eos_ids, last_logits
from data.drafts import decode_with_drafts
from data.tokenizer import Thinking
from eval.backends import BACKENDS, How
from eval.checkpoints import weights_of
from eval.generate import Ask, Batch, Generation, Prompt, batches, generation, row_seed, uniforms
from eval.tokenizers import Tokenizers, ask_ids
from eval.warm import WarmModel
from eval.weights import Weights
from recipes.schema import Sampling

DRAFTED = 8  # batches of prompts with drafts at a time, of which a part is left to decode


@BACKENDS.register("transformers")
@dataclass(frozen=True)
class Transformers:
    """No settings: what there is to set is `sampling`."""

    served = False
    messages_only = False
    drafts = True

    def engine(self, how: How) -> "Generator":
        return Generator(how)

    def mark(self) -> str:
        return "transformers"


class Generator:
    """One warm model, and the checkpoint that it has the weights of."""

    thinking: Thinking

    def __init__(self, how: How) -> None:
        self._how, self.max_new_tokens = how, how.sampling.max_new_tokens
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
        drafts = [encoded(self.tokenizer, one.draft) for one in prompts]
        drafted = how.temperature == 0 and any(drafts)
        lengths = [len(one) + len(draft) for one, draft in zip(ids, drafts, strict=True)]
        for batch in batches(lengths, how.batch_size * (DRAFTED if drafted else 1)):
            if all(index in done for index in batch):
                continue
            asked = [ids[index] for index in batch]
            if drafted:
                found = decode_with_drafts(
                    self._module, self.tokenizer, asked, [drafts[index] for index in batch],
                    how.max_new_tokens, how.batch_size,
                )  # fmt: skip
            else:
                found = self._decoded(
                    asked, [prompts[index] for index in batch], how.max_new_tokens
                )
            yield [(i, self._generation(one)) for i, one in zip(batch, found, strict=True)]

    def write(self, asks: Sequence[Ask], stop_ids: Sequence[int] = ()) -> list[Generation]:
        budgets = [ask.max_new_tokens or self.max_new_tokens for ask in asks]
        ids = [ask_ids(self.tokenizer, ask) for ask in asks]
        found = self._decoded(ids, [ask.prompt for ask in asks], max(budgets), stop_ids)
        return [
            self._generation(one[:budget], stop_ids)
            for one, budget in zip(found, budgets, strict=True)
        ]

    def log_probs(self, asks: Sequence[Ask], words: Sequence[str]) -> list[list[float]]:
        starts = [ask_ids(self.tokenizer, ask) for ask in asks]
        columns = [self._log_probs(starts, encoded(self.tokenizer, word)) for word in words]
        return [list(row) for row in zip(*columns, strict=True)]

    def _log_probs(self, starts: list[list[int]], word: list[int]) -> list[float]:
        whole = [ids + word for ids in starts]
        logits = last_logits(self._module, self.tokenizer, whole, len(word) + 1)
        # What stands before each of the word's tokens says how probable it is.
        shares = logits[:, :-1].float().log_softmax(-1)
        sums: list[float] = shares[:, range(len(word)), word].sum(1).tolist()
        return sums

    def _decoded(
        self,
        ids: list[list[int]],
        prompts: Sequence[Prompt],
        max_new_tokens: int,
        stop_ids: Sequence[int] = (),
    ) -> list[list[int]]:
        how, numbers = self._how.sampling, None
        if how.temperature > 0:
            seeds = [row_seed(self._how.seed, prompt, self._digest) for prompt in prompts]
            numbers = uniforms(seeds, max_new_tokens)
        return decode(
            self._module, self.tokenizer, ids, max_new_tokens, how.temperature, how.top_p, numbers, stop_ids
        )  # fmt: skip

    def _generation(self, ids: list[int], stop_ids: Sequence[int] = ()) -> Generation:
        ends = {*eos_ids(self._module, self.tokenizer), *stop_ids}
        return generation(self.tokenizer, ids, ends)


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
