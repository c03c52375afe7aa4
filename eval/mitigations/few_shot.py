"""In-context examples: demonstrations as earlier turns, their reasoning included ("When Thinking Fails",
https://arxiv.org/abs/2505.11423, which corrects the model's own failures by hand: 4 for IFEval, 3 for ComplexBench; ours are
written by hand, and none is a benchmark's)."""

from collections.abc import Sequence
from dataclasses import dataclass

from data.chat import Message
from data.prompt import messages
from eval.backends import Engine
from eval.generate import Ask, Response
from eval.mitigations.base import MITIGATIONS, Mitigation, prompt_of
from eval.mitigations.demonstrations import Source, demonstrations
from eval.records import Task
from recipes.ranges import above_zero


@MITIGATIONS.register("few_shot")
@dataclass(frozen=True)
class FewShot(Mitigation):
    """source: simple: four requests with one or two constraints; complex: three with three or four; tiny: training problems
    of the tiny world, which its tokenizer can read

    A server's chat template may take the reasoning of earlier turns out; here it stays.
    """

    source: Source = "simple"
    num_demonstrations: int = 4

    name = "few_shot"
    messages_only = True

    def __post_init__(self) -> None:
        above_zero(num_demonstrations=self.num_demonstrations)
        demonstrations(self.source, self.num_demonstrations)

    def mark(self) -> str:
        return repr((self, self.turns()))

    def turns(self) -> list[Message]:
        return [
            turn
            for one in demonstrations(self.source, self.num_demonstrations)
            for turn in (
                {"role": "user", "content": one.prompt},
                {"role": "assistant", "content": one.reply},
            )
        ]

    def respond(self, engine: Engine, tasks: Sequence[Task]) -> list[Response]:
        turns = self.turns()
        found = engine.write(
            [Ask(prompt_of(task, 0, turns + messages(task.prompt))) for task in tasks]
        )
        return [Response(one, 1, len(one.token_ids)) for one in found]
