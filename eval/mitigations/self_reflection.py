"""Self-reflection: the model sees its own reply once more and keeps or corrects it ("When Thinking Fails",
https://arxiv.org/abs/2505.11423; the wording is ours)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from data.chat import encoded
from data.prompt import messages
from eval.backends import Engine
from eval.generate import UNPARSED, Ask, Generation, Response
from eval.mitigations.base import MITIGATIONS, Mitigation, prompt_of
from eval.records import Task
from recipes.ranges import above_zero

KEEP, REVISED = "KEEP", "REVISED"
ASKED = f"""Here is a request and the reply you drafted for it.
[Request]
{{request}}
[Your reasoning]
{{reasoning}}
[Your reply]
{{reply}}
List each requirement of the request and say whether the reply meets it. If all are met, write {KEEP} on the last line. \
Otherwise write {REVISED} on a line of its own, followed by the full corrected reply and nothing else."""
LEFT_OUT = "\n[...]\n"


class Reflection(NamedTuple):
    """revised: the new response, "" unless the decision is `revised`"""

    decision: Literal["keep", "revised", "unparsed"]
    revised: str = ""


def reflection(text: str) -> Reflection:
    """What a second reply, its own reasoning taken out, decides: `keep` where its last line is KEEP, else what follows the
    last line that is REVISED."""
    lines = text.rstrip().split("\n")
    if lines[-1].strip() == KEEP:
        return Reflection("keep")
    at = [number for number, line in enumerate(lines) if line.strip() == REVISED]
    revised = "\n".join(lines[at[-1] + 1 :]).removeprefix("\n") if at else ""
    return Reflection("revised", revised) if revised.strip() else Reflection("unparsed")


@MITIGATIONS.register("self_reflection")
@dataclass(frozen=True)
class SelfReflection(Mitigation):
    """max_quoted_tokens: of the first reasoning, as the model is shown it; more is left out from the middle, and noted

    The decision is `keep`, `revised` or `unparsed`, which keeps the first reply.
    """

    max_quoted_tokens: int = 1024

    name = "self_reflection"
    messages_only = True

    def __post_init__(self) -> None:
        above_zero(max_quoted_tokens=self.max_quoted_tokens)

    def mark(self) -> str:
        return repr((self, ASKED))

    def respond(self, engine: Engine, tasks: Sequence[Task]) -> list[Response]:
        firsts = engine.write([Ask(prompt_of(task)) for task in tasks])
        asked, notes = [], []
        for task, first in zip(tasks, firsts, strict=True):
            completion, _ = engine.thinking.read(first.text, first.token_ids)
            reasoning, note = self._quoted(engine, completion.reasoning)
            text = ASKED.format(request=task.prompt, reasoning=reasoning, reply=completion.response)
            asked.append(Ask(prompt_of(task, 1, messages(text))))
            notes.append(note)
        return [
            _decided(engine, *parts)
            for parts in zip(firsts, engine.write(asked), notes, strict=True)
        ]

    def _quoted(self, engine: Engine, reasoning: str) -> tuple[str, str]:
        """The reasoning as the model is shown it, and a note of what is left out."""
        ids = encoded(engine.tokenizer, reasoning)
        if len(ids) <= self.max_quoted_tokens:
            return reasoning, ""
        head = self.max_quoted_tokens // 2
        tail = self.max_quoted_tokens - head
        parts = (ids[:head], ids[-tail:])
        text = LEFT_OUT.join(
            engine.tokenizer.decode(part, skip_special_tokens=True) for part in parts
        )
        return text, f"quoted {self.max_quoted_tokens} of {len(ids)} reasoning tokens"


def _decided(engine: Engine, first: Generation, second: Generation, note: str) -> Response:
    sampled = len(first.token_ids) + len(second.token_ids)
    judged, _ = engine.thinking.read(second.text, second.token_ids)
    found = reflection(judged.response)
    if found.decision != "revised":
        decision = UNPARSED if found.decision == "unparsed" else found.decision
        return Response(first, 2, sampled, decision=decision, note=note)
    # Under the first reasoning, so that lengths of chains of thought stay comparable; what was thought of both is counted in
    # `generated_tokens`.
    completion, num_reasoning = engine.thinking.read(first.text, first.token_ids)
    closed = completion.outcome == "closed"
    kept = first.token_ids[:num_reasoning] if closed else []
    ids = kept + encoded(engine.tokenizer, "\n" * closed + found.revised)
    text = engine.tokenizer.decode(ids, skip_special_tokens=True)
    revised = Generation(text, ids, second.truncated)
    return Response(revised, 2, sampled, direct=not closed, decision="revised", note=note)
