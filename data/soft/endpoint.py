"""Soft constraints written for each instruction by an OpenAI-compatible server, as the paper had GPT-4o write them; each
answer is paid for once (data/endpoint.py)."""

import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tqdm import tqdm

from data.endpoint import Endpoint
from data.families import Instruction
from data.soft import SOFT_WRITERS, Asked
from recipes.errors import UserError
from recipes.ranges import above_zero

KIND = "soft:written"
PROMPT = """Below is an instruction that somebody gives to an assistant. Write {count} further constraints on the reply. \
Each is one sentence, addresses the assistant, can be met together with all others, concerns something that has to be \
judged by reading (tone, audience, perspective, emphasis, structure of the argument), and is nothing that a program could \
count. \
{again}Answer with a JSON list of {count} strings and nothing else.

Instruction:
{instruction}"""
AGAIN = "An earlier answer to this request was refused, because {why}. "


@SOFT_WRITERS.register("endpoint")
@dataclass(frozen=True)
class Written:
    """model, url: of the server, url None for OpenAI's own (the key is in OPENAI_API_KEY); cache: a folder of answers

    tries: how often a constraint list that cannot be used is asked for
    num_concurrent: requests at a time
    """

    model: str
    url: str | None = None
    cache: str = "runs/.soft"
    temperature: float | None = 0.7
    tries: int = 3
    num_concurrent: int = 8

    most = None

    def __post_init__(self) -> None:
        above_zero(tries=self.tries, num_concurrent=self.num_concurrent)

    @cached_property
    def endpoint(self) -> Endpoint:
        return Endpoint(self.model, self.url, Path(self.cache), self.temperature)

    def write(self, asked: Sequence[Asked]) -> list[tuple[Instruction, ...]]:
        """Raises UserError where the server refuses, or `tries` answers in a row are no such list."""
        with ThreadPoolExecutor(self.num_concurrent) as threads:
            found = threads.map(self._one, asked)
            written = list(tqdm(found, "soft constraints", len(asked), leave=False))
        spent = self.endpoint.spent
        print(
            f"soft constraints by {self.model}: {self.endpoint.asked} requests, {spent.requests} not in {self.cache}: "
            f"{spent.prompt_tokens:,} tokens in, {spent.completion_tokens:,} out",
            file=sys.stderr,
        )
        return written

    def _one(self, asked: Asked) -> tuple[Instruction, ...]:
        if not asked.count:
            return ()
        again, answer, why = "", "", ""
        for _ in range(self.tries):
            answer = self.endpoint.ask(
                PROMPT.format(count=asked.count, again=again, instruction=asked.instruction)
            )
            found, why = read(answer, asked.count)
            if found:
                return tuple(Instruction(KIND, text) for text in found)
            again += AGAIN.format(why=why)
        raise UserError(
            f"soft: {self.model}: found {answer[:120]!r} ({why}) for {asked.instruction[:60]!r}; expected a JSON list of "
            f"{asked.count} different sentences"
        )


def read(answer: str, count: int) -> tuple[list[str], str]:
    """The list that an answer holds, fences around it left out; else [] and why it is none."""
    start, end = answer.find("["), answer.rfind("]")
    try:
        found: Any = json.loads(answer[start : end + 1]) if 0 <= start < end else None
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        return [], "it held no JSON list of strings"
    texts = list(dict.fromkeys(" ".join(text.split()) for text in found if text.strip()))
    if len(texts) < count:
        return [], f"it held {len(texts)} different constraints"
    return texts[:count], ""
