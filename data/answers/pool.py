"""Worker processes that run math-verify and can be killed; for threads, asyncio (`to_thread`) and forked children.

Why not pebble 5.2.3: with forkserver a new worker imports `__main__` again (trl: 3.1 s; ours are forked in 10 ms), and when
it hangs it outlives a `kill -9` of us (PR_SET_PDEATHSIG ends it with the thread that started the pool). In a manager of ours
it forks amid threads (7 of 70 deadlocked). `multiprocessing.Pool` and `concurrent.futures` kill no worker at its deadline.
"""

import contextlib
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import NamedTuple

SIZE = 2
DEADLINE_S = 1.0
STARTING_S = 120.0  # importing sympy, on a loaded machine
# Overruns in one batch before its deadlines shrink, so that 64 hanging answers cost seconds.
PATIENCE = 8
IMPATIENT = 0.2  # of the deadline; p99 of ordinary pairs is 60 ms

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "data.answers.worker"]


class Outcome(NamedTuple):
    """correct is None when undecided; why: math_verify, timeout, died, gold_unreadable."""

    correct: bool | None
    why: str


class Worker:
    """A forked process that answers one question at a time."""

    def __init__(self, pipe: Connection) -> None:
        """Raises RuntimeError when no process answers at the pipe's other end."""
        self.pipe = pipe
        try:
            self.pid = int(pipe.recv_bytes()) if pipe.poll(STARTING_S) else 0
        except (EOFError, ConnectionError):
            self.pid = 0
        if not self.pid:
            raise RuntimeError(
                f"{' '.join(COMMAND)} (in {ROOT}) ended or hangs; its error is above"
            )

    def ask(self, gold: str, answer: str, deadline_s: float) -> bool | str:
        """The verdict, or why there is none."""
        try:
            self.pipe.send_bytes(json.dumps([gold, answer]).encode())
            if self.pipe.poll(deadline_s):
                return json.loads(self.pipe.recv_bytes())
        except (EOFError, ConnectionError):
            self.pipe.close()
            return "died"
        except BaseException:  # Ctrl-C: the reply would be taken for the next question's
            self._kill()
            raise
        self._kill()
        return "timeout"

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):  # it ended by itself
            os.kill(self.pid, signal.SIGKILL)
        self.pipe.close()

    def ended(self) -> bool:
        return self.pipe.closed or self.pipe.poll(0)  # unasked, only its end can be read


class ForkServer:
    """A process that has sympy loaded and forks workers; it ends when `control` is closed."""

    def __init__(self) -> None:
        self.control, theirs = socket.socketpair()
        with theirs:
            # What a library prints is not our output, and Ctrl-C is for our process group only.
            self.process = subprocess.Popen(
                COMMAND, cwd=ROOT, stdin=theirs.fileno(), stdout=2, process_group=0
            )

    def fork(self) -> Worker:
        ours, theirs = Pipe()
        with theirs:
            socket.send_fds(self.control, [b"\0"], [theirs.fileno()])
        return Worker(ours)

    def close(self) -> None:
        self.control.close()
        self.process.wait()


class Pool:
    """size: workers; deadline_s: wall-clock seconds for one pair, from dispatch to a worker. Starts when it is asked."""

    def __init__(self, size: int = SIZE, deadline_s: float = DEADLINE_S) -> None:
        self.size, self.deadline_s = size, deadline_s
        self.server: ForkServer | None = None
        self._starting = threading.Lock()
        self._idle: queue.LifoQueue[Worker | None] = queue.LifoQueue()  # None: not forked yet
        for _ in range(size):
            self._idle.put(None)

    def ask(self, gold: str, answer: str, deadline_s: float | None = None) -> Outcome:
        worker = self._idle.get()
        try:
            if worker is None or worker.ended():
                worker = self._fork()
            reply = worker.ask(gold, answer, deadline_s or self.deadline_s)
        finally:
            self._idle.put(worker)
        return Outcome(None, reply) if isinstance(reply, str) else Outcome(reply, "math_verify")

    def _fork(self) -> Worker:
        with self._starting:
            if self.server is None or self.server.process.poll() is not None:
                self.server = ForkServer()
            return self.server.fork()

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
        with ThreadPoolExecutor(self.size) as threads:
            return list(threads.map(one, pairs))

    def close(self) -> None:
        """Waits for the questions that are being answered."""
        for _ in range(self.size):
            self._idle.get()
        if self.server is not None:
            self.server.close()


_shared = Pool()


def shared() -> Pool:
    """The process's pool. Its workers end with the process, however that ends."""
    return _shared


def _renew() -> None:
    """A forked process must not talk to its parent's workers."""
    global _shared
    _shared = Pool()


os.register_at_fork(after_in_child=_renew)
