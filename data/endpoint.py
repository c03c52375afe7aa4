"""Answers of an OpenAI-compatible server to single prompts, each paid for once: a judge, or a writer of descriptions.

The client repeats what failed for the moment (connections, 408, 409, 429, 5xx) with growing pauses or the server's
Retry-After. Whoever samples from a model uses eval/backends/openai.py, which has seeds, many prompts and no memory.
"""

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
from joblib import Memory  # type: ignore[import-untyped]

from recipes.errors import UserError

KEY = "OPENAI_API_KEY"  # the environment variable that holds the key; servers of one's own take any
MAX_RETRIES = 6


@dataclass
class Spent:
    """Of the answers that were not in the cache."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def cost(self, per_million_in: float, per_million_out: float) -> float:
        return (
            self.prompt_tokens * per_million_in + self.completion_tokens * per_million_out
        ) / 1e6


class Endpoint:
    """url: None for OpenAI's own; cache: a folder of answers by model, prompt and temperature

    temperature: None is not sent: reasoning models of OpenAI take none
    """

    def __init__(
        self, model: str, url: str | None, cache: Path, temperature: float | None = 0.0
    ) -> None:
        self.spent = Spent()
        self.asked = 0
        self._model, self._temperature, self._lock = model, temperature, threading.Lock()
        self._where = f"{url or 'the default server'}: {model}"
        self._client = openai.OpenAI(
            base_url=url, api_key=os.environ.get(KEY, "none"), max_retries=MAX_RETRIES
        )

        def answer(model: str, prompt: str, temperature: float | None) -> str:
            return self._answered(model, prompt, temperature)

        answer.__module__, answer.__qualname__ = __name__, "answer"  # where joblib files it
        self._cached = Memory(cache, verbose=0).cache(answer)

    def ask(self, prompt: str) -> str:
        """From the cache, or the server. Raises UserError where it refuses, or fails for longer than it is asked again."""
        with self._lock:
            self.asked += 1
        return str(self._cached(self._model, prompt, self._temperature)).strip()

    def _answered(self, model: str, prompt: str, temperature: float | None) -> str:
        messages: Any = [{"role": "user", "content": prompt}]
        more: Any = {} if temperature is None else {"temperature": temperature}
        try:
            found = self._client.chat.completions.create(model=model, messages=messages, **more)
        except openai.APIError as error:
            raise UserError(f"{self._where}: {error}") from error
        with self._lock:
            self.spent.requests += 1
            if found.usage is not None:
                self.spent.prompt_tokens += found.usage.prompt_tokens
                self.spent.completion_tokens += found.usage.completion_tokens
        return found.choices[0].message.content or ""
