"""Budget forcing, extend (s1, https://arxiv.org/abs/2501.19393): where the model wants to end its thinking, the end is taken
away and "Wait" is put in its place.

MathIF's figure 7 finds compliance to fall with it: this is the arm that should hurt.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from data.chat import encoded
from eval.backends import Engine
from eval.generate import Response
from eval.mitigations.base import MITIGATIONS, Mitigation
from eval.mitigations.reply import Reply, begin, finish, think
from eval.records import Task
from recipes.ranges import above_zero


@MITIGATIONS.register("budget_extend")
@dataclass(frozen=True)
class BudgetExtend(Mitigation):
    """num_waits: at most that many times
    min_reasoning_tokens: only where there are fewer, forced ones included; None: always
    """

    num_waits: int
    min_reasoning_tokens: int | None = None
    text: str = "Wait"

    name = "budget_extend"

    def __post_init__(self) -> None:
        above_zero(num_waits=self.num_waits)
        if self.min_reasoning_tokens is not None:
            above_zero(min_reasoning_tokens=self.min_reasoning_tokens)

    def respond(self, engine: Engine, tasks: Sequence[Task]) -> list[Response]:
        replies = begin(engine, tasks)
        text = encoded(engine.tokenizer, self.text)
        closed = think(engine, replies)
        for _ in range(self.num_waits):
            again = [reply for reply in closed if reply.open and self._short(reply)]
            for reply in again:
                reply.force(text)
                reply.decision = "extended"
            left = [reply for reply in closed if reply not in again]
            closed = left + think(engine, again)
        return finish(engine, replies, closed)

    def _short(self, reply: Reply) -> bool:
        return self.min_reasoning_tokens is None or len(reply.ids) < self.min_reasoning_tokens
