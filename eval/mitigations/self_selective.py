"""Self-selective reasoning: the model says from the prompt alone whether reasoning helps ("When Thinking Fails",
https://arxiv.org/abs/2505.11423; the wording is ours)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from data.prompt import messages
from data.sweep_records import DIRECT
from eval.backends import Engine
from eval.generate import UNPARSED, Ask, Response
from eval.mitigations.base import MITIGATIONS, Mitigation, prompt_of
from eval.mitigations.selecting import REASON, Choice, select
from eval.records import Task

YES, NO = "YES", "NO"
MOST_TOKENS = 8  # of an answer in one word
ASKED = f"""Below is a request. Decide whether writing out step-by-step reasoning before replying would make the reply \
follow the request's requirements better. Do not reply to the request. Answer with one word, {YES} or {NO}.
{{request}}"""


def answer(text: str) -> str:
    """Of a reply in one word: REASON, DIRECT or UNPARSED."""
    word = re.search(r"[^\W\d_]+", text)
    return {YES: REASON, NO: DIRECT}.get(word[0].upper() if word else "", UNPARSED)


@MITIGATIONS.register("self_selective")
@dataclass(frozen=True)
class SelfSelective(Mitigation):
    """by: log_probs: of the two words, the one that is more probable as a whole, deterministic at any temperature, and both
    noted; word: what the model writes, without thinking

    A first word that is neither reasons, and is counted as unparsed. The first call costs no tokens by log_probs.
    """

    by: Literal["log_probs", "word"] = "log_probs"

    name = "self_selective"

    def mark(self) -> str:
        return repr((self, ASKED))

    def respond(self, engine: Engine, tasks: Sequence[Task]) -> list[Response]:
        # The second key: the reply itself draws by the first, as with and without reasoning alone.
        asks = [
            Ask(prompt_of(task, 1, messages(ASKED.format(request=task.prompt))), True, (), MOST_TOKENS)
            for task in tasks
        ]  # fmt: skip
        if self.by == "log_probs":
            choices = [_more_probable(*row) for row in engine.log_probs(asks, (YES, NO))]
        else:
            written = engine.write(asks)
            choices = [
                Choice(answer(one.text), 1, len(one.token_ids), repr(one.text)) for one in written
            ]
        return select(engine, tasks, choices)


def _more_probable(yes: float, no: float) -> Choice:
    note = f"log p({YES}) {yes:.3f}, log p({NO}) {no:.3f}"
    return Choice(REASON if yes >= no else DIRECT, 1, 0, note)
