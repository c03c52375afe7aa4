"""The constraints once more, inside of the chain of thought (MathIF, https://arxiv.org/abs/2505.14810, section 5.3).

MathIF publishes neither its text nor its code; both are ours. It finds compliance to rise and correctness to fall.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from data.chat import encoded
from data.response import CLOSE
from eval.backends import Engine
from eval.benchmarks import Benchmark
from eval.generate import Response
from eval.mitigations.base import MITIGATIONS, Mitigation
from eval.mitigations.reply import Reply, begin, close, finish, reasons, think
from eval.records import Task
from recipes.ranges import above_zero, require

WAIT = "Wait."
AGAIN = "Before I answer, the requirements again:"
# Says nothing; as much of it, in tokens, as the constraints have.
NEUTRAL = "So far this was a way of going through it, one part after another, and there is nothing to add to that here. "


@MITIGATIONS.register("repeat_constraints")
@dataclass(frozen=True)
class RepeatConstraints(Mitigation):
    """where: end_of_reasoning: in place of `</think>`, and the model thinks on; start_of_response: behind it, as a part of
             the response; every: each `every` reasoning tokens
    num_repeats: at the end of the reasoning one after the other; with `every`, at most that many
    wait:  whether the text starts with "Wait."
    text:  constraints, or a control: the word alone, or a sentence that says nothing and has as many tokens
    max_extra_tokens: that the model thinks on after each; then `</think>` is forced

    Prompts without constraints are answered as they are. The decision is `repeated` or `none`.
    """

    where: Literal["end_of_reasoning", "start_of_response", "every"] = "end_of_reasoning"
    text: Literal["constraints", "wait", "neutral"] = "constraints"
    wait: bool = True
    num_repeats: int = 1
    every: int | None = None
    max_extra_tokens: int = 512

    name = "repeat_constraints"

    def __post_init__(self) -> None:
        above_zero(num_repeats=self.num_repeats, max_extra_tokens=self.max_extra_tokens)
        fits = (self.every or 0) > 0 if self.where == "every" else self.every is None
        require(fits, "every", self.every, "a number above 0 with `where: every`, and none else")
        single = self.where != "start_of_response" or self.num_repeats == 1
        require(single, "num_repeats", self.num_repeats, "1 with `where: start_of_response`")
        require(self.wait or self.text != "wait", "wait", self.wait, "true with `text: wait`")

    def mark(self) -> str:
        return repr((self, WAIT, AGAIN, NEUTRAL))

    def refuse(self, benchmark: Benchmark) -> str | None:
        if benchmark.rules.reasoning:
            return "its constraints are on the reasoning, and restating them there may break them"
        return None

    def respond(self, engine: Engine, tasks: Sequence[Task]) -> list[Response]:
        replies = begin(engine, tasks)
        if self.where == "every":
            return finish(engine, replies, self._in_pieces(engine, replies))
        closed = think(engine, replies)
        if self.where == "start_of_response":
            return self._in_response(engine, replies, closed)
        for _ in range(self.num_repeats):
            closed = self._once_more(engine, closed)
        return finish(engine, replies, closed)

    def _once_more(self, engine: Engine, closed: list[Reply]) -> list[Reply]:
        told = [reply for reply in closed if reply.open and reply.task.constraints]
        for reply in told:
            self._repeat(engine, reply)
        again = think(engine, told, lambda _: self.max_extra_tokens)
        for reply in told:
            if reply.open and reply not in again:
                close(engine, reply)
        return [reply for reply in closed if reply not in told] + again

    def _in_pieces(self, engine: Engine, replies: list[Reply]) -> list[Reply]:
        closed: list[Reply] = []
        going = [reply for reply in replies if reply.task.constraints]
        for _ in range(self.num_repeats):
            closed += think(engine, going, lambda _: self.every or 0)
            going = [r for r in going if r.open and r not in closed and reasons(engine, r)]
            for reply in going:
                self._repeat(engine, reply)
        return closed + think(engine, [reply for reply in replies if reply not in closed])

    def _in_response(
        self, engine: Engine, replies: list[Reply], closed: list[Reply]
    ) -> list[Response]:
        told = [reply for reply in closed if reply.open and reply.task.constraints]
        for reply in told:
            reply.ids += encoded(engine.tokenizer, CLOSE)
            reply.force(encoded(engine.tokenizer, "\n"))
            self._repeat(engine, reply)
        return finish(engine, replies, [reply for reply in closed if reply not in told])

    def _repeat(self, engine: Engine, reply: Reply) -> None:
        reply.force(self._ids(engine, reply.task))
        reply.decision = "repeated"

    def _ids(self, engine: Engine, task: Task) -> list[int]:
        if self.text == "wait":
            return encoded(engine.tokenizer, f"{WAIT}\n")
        ids = encoded(engine.tokenizer, self.restated(task))
        if self.text == "constraints":
            return ids
        start = f"{WAIT} " if self.wait else ""
        filler = start + NEUTRAL * (
            1 + len(ids) // len(NEUTRAL.split())
        )  # a word is at least a token
        return encoded(engine.tokenizer, filler)[: len(ids)]

    def restated(self, task: Task) -> str:
        """As the prompt words them; IFEval's wording where the prompt has words of its own."""
        lines = [
            f"- {text.strip()}\n"
            for one in task.constraints
            for text in (
                one.describe() if one.describe() in task.prompt else one.describe_ifeval(),
            )
        ]
        return (f"{WAIT} " if self.wait else "") + f"{AGAIN}\n" + "".join(lines)
