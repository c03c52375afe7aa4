"""Budget forcing, stop (s1, https://arxiv.org/abs/2501.19393): thinking ends after a number of tokens, whatever it has come
to."""

from collections.abc import Sequence
from dataclasses import dataclass

from data.chat import encoded
from eval.backends import Engine
from eval.generate import Response
from eval.mitigations.base import MITIGATIONS, Mitigation
from eval.mitigations.reply import begin, close, go_on, reasons
from eval.records import Task
from recipes.ranges import above_zero


@MITIGATIONS.register("budget_stop")
@dataclass(frozen=True)
class BudgetStop(Mitigation):
    """max_reasoning_tokens: sampled ones, `<think>` included where the model writes it
    then: what a response starts with where thinking was cut, e.g. "Final answer:"; "" for nothing

    The decision is `stopped` or, of replies that ended their thinking within the budget or did not think, `none`.
    """

    max_reasoning_tokens: int
    then: str = ""

    name = "budget_stop"

    def __post_init__(self) -> None:
        above_zero(max_reasoning_tokens=self.max_reasoning_tokens)

    def respond(self, engine: Engine, tasks: Sequence[Task]) -> list[Response]:
        replies = begin(engine, tasks)
        go_on(engine, replies, lambda _: self.max_reasoning_tokens)
        for reply in replies:
            if reply.open and reasons(engine, reply):
                close(engine, reply)
                reply.force(encoded(engine.tokenizer, self.then))
                reply.decision = "stopped"
        go_on(engine, replies)
        return [reply.response(engine) for reply in replies]
