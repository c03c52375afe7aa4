"""A reply that the model and we write in turns: for mitigations that reach into the chain of thought.

What was written is kept as ids and never read again from text; each call goes on behind them. `max_new_tokens` of the sweep
bounds what the model writes in a reply; forced tokens come on top, so that they take no room from the response.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from data.chat import encoded
from data.response import CLOSE, OPEN
from eval.backends import Engine
from eval.generate import Ask, Generation, Response
from eval.mitigations.base import prompt_of
from eval.records import Task

UNBOUNDED = 10**9


@dataclass(eq=False)
class Reply:
    """ids: of the reply so far; forced: how many of them we wrote; sampled: tokens of the model, with those that were taken
    away again; open: neither has the model ended it nor is its room, `limit` tokens of the model that stay, used up"""

    task: Task
    limit: int
    ids: list[int] = field(default_factory=list)
    sampled: int = 0
    forced: int = 0
    num_calls: int = 0
    open: bool = True
    truncated: bool = False
    decision: str = "none"

    @property
    def room(self) -> int:
        return self.limit - (len(self.ids) - self.forced)

    def force(self, ids: Sequence[int]) -> None:
        self.ids += ids
        self.forced += len(ids)

    def response(self, engine: Engine) -> Response:
        text = engine.tokenizer.decode(self.ids, skip_special_tokens=True)
        generation = Generation(text, self.ids, self.truncated)
        return Response(
            generation, self.num_calls, self.sampled, self.forced, decision=self.decision
        )


def begin(engine: Engine, tasks: Iterable[Task]) -> list[Reply]:
    return [Reply(task, engine.max_new_tokens) for task in tasks]


def go_on(
    engine: Engine,
    replies: Iterable[Reply],
    at_most: Callable[[Reply], int] = lambda reply: UNBOUNDED,
    stop_ids: Sequence[int] = (),
) -> None:
    """One call for each open reply: it goes on until the model ends it, until one of `stop_ids`, or for `at_most` tokens."""
    going = [reply for reply in replies if reply.open]
    asks = [
        Ask(
            prompt_of(reply.task, reply.num_calls),
            written=tuple(reply.ids),
            max_new_tokens=min(at_most(reply), reply.room),
        )
        for reply in going
    ]
    if not asks:
        return
    for reply, found in zip(going, engine.write(asks, stop_ids), strict=True):
        reply.ids += found.token_ids
        reply.sampled += len(found.token_ids)
        reply.num_calls += 1
        stopped = bool(found.token_ids) and found.token_ids[-1] in stop_ids
        _unfinished(reply, found.truncated or stopped)


def think(
    engine: Engine,
    replies: Iterable[Reply],
    at_most: Callable[[Reply], int] = lambda reply: UNBOUNDED,
) -> list[Reply]:
    """Each goes on to the end of its thinking. Returns those that wanted to end it: their `</think>`, and whatever came
    behind it where it is no token of its own and nothing could stop there, is taken away."""
    going = [reply for reply in replies if reply.open]
    starts = [len(reply.ids) for reply in going]
    stop = engine.thinking.close_id
    go_on(engine, going, at_most, () if stop is None else (stop,))
    closed = []
    for reply, start in zip(going, starts, strict=True):
        before = engine.thinking.before_close(reply.ids[start:])
        if before is not None:
            del reply.ids[start + before :]
            _unfinished(reply, True)
            closed.append(reply)
    return closed


def _unfinished(reply: Reply, unfinished: bool) -> None:
    reply.open = unfinished and reply.room > 0
    reply.truncated = unfinished and not reply.open


def finish(engine: Engine, replies: Sequence[Reply], closed: Iterable[Reply]) -> list[Response]:
    """closed: get their `</think>` back; then all go on to their end. A reply that we made think on, and that the model
    ended inside of its thinking, gets one too."""
    own = encoded(engine.tokenizer, CLOSE)
    for reply in closed:
        reply.ids += own
    for reply in replies:
        ended = reply.forced and not reply.open and not reply.truncated
        if ended and reasons(engine, reply):
            del reply.ids[-1]  # the end of the turn
            _unfinished(reply, True)
            close(engine, reply)
    go_on(engine, replies)
    return [reply.response(engine) for reply in replies]


def reasons(engine: Engine, reply: Reply) -> bool:
    """Whether the reply is inside of a thinking block."""
    text = engine.tokenizer.decode(reply.ids)
    return CLOSE not in text and (engine.thinking.prefilled or OPEN in text)


def close(engine: Engine, reply: Reply) -> None:
    """Ends a reply's thinking in its place."""
    reply.force(encoded(engine.tokenizer, f"\n{CLOSE}\n"))
