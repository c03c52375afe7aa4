"""Completions from any OpenAI-compatible server (vLLM, SGLang, llama.cpp, a provider): a checkpoint is a name it knows.

The client repeats what failed for the moment (connections, 408, 409, 429, 5xx) with growing pauses or the server's
Retry-After. Requests carry seeds, which servers honour as far as they can.
"""

import os
from collections.abc import Container, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from typing import Any, Literal

import openai
from aiolimiter import AsyncLimiter
from anyio import CapacityLimiter
from anyio.from_thread import start_blocking_portal

from data.chat import encoded
from data.response import CLOSE, OPEN
from data.tokenizer import Thinking, load_chat_tokenizer
from eval.backends import BACKENDS, How
from eval.generate import Batch, Generation, Prompt, row_seed
from eval.weights import Weights
from recipes.errors import UserError
from recipes.ranges import above_zero


@BACKENDS.register("openai")
@dataclass(frozen=True)
class OpenAI:
    """base_url: e.g. http://localhost:8000/v1

    tokenizer:           a folder or a Hub name, whose tokens are counted; None where the checkpoint's name is one
    api_key_env:         the environment variable that holds the key; servers of one's own take any
    max_concurrency:     requests that are open at the same time
    requests_per_minute: None for no limit; what the client repeats is not counted
    token_limit:         the name of the token budget in a request; newer models of OpenAI take max_completion_tokens alone
    extra_body:          more for the server, e.g. {top_k: 20}
    """

    base_url: str
    tokenizer: str | None = None
    api_key_env: str = "OPENAI_API_KEY"
    max_concurrency: int = 32
    requests_per_minute: float | None = None
    max_retries: int = 8
    timeout_s: float = 600.0
    token_limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    extra_body: dict[str, Any] = field(default_factory=dict)

    served = True
    drafts = False

    def __post_init__(self) -> None:
        above_zero(max_concurrency=self.max_concurrency, timeout_s=self.timeout_s)
        if self.requests_per_minute is not None:
            above_zero(requests_per_minute=self.requests_per_minute)

    def engine(self, how: How) -> "Server":
        return Server(self, how)

    def mark(self) -> str:
        return f"openai {self.base_url} {self.tokenizer} {self.extra_body}"


class Server:
    thinking: Thinking

    def __init__(self, settings: OpenAI, how: How) -> None:
        self._settings, self._how = settings, how
        self._model, self._digest = "", ""
        self._tokenizer: Any = None

    def load(self, weights: Weights, digest: str) -> None:
        self._model, self._digest = weights.path, digest
        name = self._settings.tokenizer or weights.path
        told = self._how.chat_template_kwargs
        self._tokenizer = load_chat_tokenizer(name, "backend: tokenizer", told)
        self.thinking = Thinking.of(self._tokenizer)

    def generate(self, prompts: Sequence[Prompt], done: Container[int] = ()) -> Iterator[Batch]:
        """As they arrive. Raises UserError where the server refuses, or fails for longer than it is asked again."""
        s = self._settings
        client = openai.AsyncOpenAI(
            base_url=s.base_url, api_key=os.environ.get(s.api_key_env, "none"),
            max_retries=s.max_retries, timeout=s.timeout_s,
        )  # fmt: skip
        # One at a time: a bucket of a minute's requests would let all of them out at once.
        rate = AsyncLimiter(1, 60 / s.requests_per_minute) if s.requests_per_minute else None
        with start_blocking_portal() as portal:
            slots = portal.call(CapacityLimiter, s.max_concurrency)

            async def ask(prompt: Prompt) -> Generation:
                async with slots:
                    if rate is not None:
                        await rate.acquire()
                    return await self._ask(client, prompt)

            waiting: dict[Future[Generation], int] = {
                portal.start_task_soon(ask, prompt): index
                for index, prompt in enumerate(prompts)
                if index not in done
            }
            try:
                while waiting:
                    arrived, _ = wait(waiting, return_when=FIRST_COMPLETED)
                    yield [(waiting.pop(one), one.result()) for one in arrived]
            except openai.APIError as error:
                raise UserError(f"backend: {s.base_url}: {self._model}: {error}") from error
            finally:
                for one in waiting:
                    one.cancel()
                portal.call(client.close)

    async def _ask(self, client: openai.AsyncOpenAI, prompt: Prompt) -> Generation:
        how, s = self._how.sampling, self._settings
        told = self._how.chat_template_kwargs
        body = {s.token_limit: how.max_new_tokens, **({"chat_template_kwargs": told} if told else {})}  # fmt: skip
        messages: Any = prompt.messages
        found = await client.chat.completions.create(
            model=self._model, messages=messages, temperature=how.temperature, top_p=how.top_p,
            seed=row_seed(self._how.seed, prompt, self._digest) % 2**31, extra_body=body | s.extra_body,
        )  # fmt: skip
        choice = found.choices[0]
        text = _text(choice.message)
        return Generation(text, encoded(self._tokenizer, text), choice.finish_reason == "length")


def _text(message: Any) -> str:
    """As the model wrote it, where the server has taken the reasoning out of it."""
    content = message.content or ""
    reasoning = getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None)
    if not reasoning:
        return content
    if not content:
        return f"{OPEN}\n{reasoning}"  # cut off while thinking
    return f"{OPEN}\n{reasoning.strip()}\n{CLOSE}\n\n{content.strip()}"
