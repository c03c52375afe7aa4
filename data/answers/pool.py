"""A warm pool of worker processes that run math-verify and can be killed: safe in threads and under asyncio.

Why not `multiprocessing` or pebble: their workers import the caller's `__main__` (a trainer: torch, trl) and sympy again
after every kill, seconds each; ours fork from a process that has sympy loaded. No signals are used for time-outs, and
stdin's end takes the workers along when the caller dies, `kill -9` included.
"""

import atexit
import json
import os
import queue
import select
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, NamedTuple

SIZE = 2
DEADLINE_S = 1.0  # from dispatch to a worker
STARTING_S = 120.0  # importing sympy, on a loaded machine
GRACE_S = 5.0  # for the worker to report its child's overrun, before it is killed itself
PATIENCE = (
    8  # overruns in one batch before its deadlines shrink, so that 64 hanging answers cost seconds
)
IMPATIENT = 0.2  # of the deadline; p99 of ordinary pairs is 60 ms

SILENT, ENDED = "silent", "ended"
ROOT = Path(__file__).resolve().parents[2]


class Outcome(NamedTuple):
    """correct is None when undecided; why: math_verify, timeout, died, gold_unreadable."""

    correct: bool | None
    why: str


class Slot:
    """One worker process, started at its first question. One thread at a time."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def ask(self, gold: str, answer: str, deadline_s: float) -> Outcome:
        process = self._started()
        request = json.dumps([gold, answer, deadline_s]) + "\n"
        try:
            os.write(_pipe(process.stdin), request.encode())
            reply = _reply(process, deadline_s + GRACE_S)
        except BrokenPipeError:
            reply = ENDED
        if reply in (ENDED, SILENT):
            self.stop()
            return Outcome(None, "died" if reply == ENDED else "timeout")
        return Outcome(None, reply) if isinstance(reply, str) else Outcome(reply, "math_verify")

    def _started(self) -> "subprocess.Popen[bytes]":
        if self.process is None:
            command = [sys.executable, "-m", "data.answers.worker"]
            path = os.pathsep.join([str(ROOT), *filter(None, sys.path)])
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, process_group=0,  # no Ctrl-C
                cwd=ROOT, env={**os.environ, "PYTHONPATH": path},
            )  # fmt: skip
            if _reply(self.process, STARTING_S) != "ready":
                self.stop()
                raise RuntimeError(
                    f"{' '.join(command)} (in {ROOT}) did not start; run it to see why"
                )
        return self.process

    def stop(self) -> None:
        """Its child ends with it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe:
                    pipe.close()
            self.process = None


def _pipe(pipe: IO[bytes] | None) -> int:
    assert pipe is not None, "a worker has pipes"
    return pipe.fileno()


def _reply(process: "subprocess.Popen[bytes]", timeout_s: float) -> bool | str:
    """One line of the worker; `SILENT` when there is none in time, `ENDED` when it has ended."""
    poll = select.poll()
    poll.register(_pipe(process.stdout), select.POLLIN)
    if not poll.poll(timeout_s * 1000):
        return SILENT
    found = os.read(_pipe(process.stdout), 64)
    reply: bool | str = json.loads(found) if found else ENDED
    return reply


class Pool:
    """size: worker processes; deadline_s: wall-clock seconds for one pair, from dispatch."""

    def __init__(self, size: int = SIZE, deadline_s: float = DEADLINE_S) -> None:
        self.size, self.deadline_s = size, deadline_s
        self.slots: queue.LifoQueue[Slot] = queue.LifoQueue()
        for slot in (Slot() for _ in range(size)):
            self.slots.put(slot)

    def ask(self, gold: str, answer: str, deadline_s: float | None = None) -> Outcome:
        slot = self.slots.get()
        try:
            return slot.ask(gold, answer, deadline_s or self.deadline_s)
        finally:
            self.slots.put(slot)

    def ask_all(self, pairs: Sequence[tuple[str, str]]) -> list[Outcome]:
        """Outcomes in order. After `PATIENCE` overruns the rest of the batch has a fifth of the deadline."""
        overruns: list[Outcome] = []

        def one(pair: tuple[str, str]) -> Outcome:
            factor = IMPATIENT if len(overruns) >= PATIENCE else 1.0
            outcome = self.ask(*pair, self.deadline_s * factor)
            if outcome.why == "timeout":
                overruns.append(outcome)
            return outcome

        if len(pairs) == 1:
            return [one(pairs[0])]
        with ThreadPoolExecutor(max_workers=max(1, min(self.size, len(pairs)))) as threads:
            return list(threads.map(one, pairs))

    def close(self) -> None:
        """Waits for the questions that are being answered."""
        for slot in [self.slots.get() for _ in range(self.size)]:
            slot.stop()
            self.slots.put(slot)


_lock = threading.Lock()
_shared: Pool | None = None


def shared() -> Pool:
    """The process's pool; workers start at their first question, and end with the process."""
    global _shared
    with _lock:
        if _shared is None:
            _shared = Pool()
            atexit.register(_shared.close)
        return _shared


def _forget() -> None:
    """A forked process must not talk to its parent's workers."""
    global _lock, _shared
    _lock, _shared = threading.Lock(), None


os.register_at_fork(after_in_child=_forget)
