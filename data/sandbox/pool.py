"""Warm sandboxes, and what comes out of them, read as a stranger's bytes."""

import contextlib
import json
import math
import os
import queue
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

Kind = Literal["refused", "raised", "memory", "output", "timeout", "died"]
LAYERS = ("namespaces", "system calls")
STARTING_S = 60.0  # on a loaded machine
ENDING_S = 2.0
GRACE_S = 30.0  # beyond a run's own deadline, which the zygote keeps

_ROOT = Path(__file__).resolve().parents[2]
_BOOT = (
    f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from data.sandbox.zygote import main; main()"
)


class SandboxError(RuntimeError):
    """The sandbox itself failed: nothing is known about what it should run."""


@dataclass(frozen=True)
class Outcome:
    """value: of a run without an error, after JSON: tuples are lists, keys are texts

    error: refused (by the filter, or no Python), raised, memory, output (no JSON, or too much of it), timeout, died
    """

    value: Any = None
    error: Kind | None = None
    message: str = ""


class Worker:
    def __init__(self, layers: Sequence[str], memory_mb: int) -> None:
        """Raises SandboxError."""
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _BOOT, ",".join(layers), str(memory_mb << 20), str(os.getpid())],
                env={}, cwd="/", stdin=theirs.fileno(), stdout=subprocess.DEVNULL, process_group=0,
            )  # fmt: skip
        self._control = Connection(os.dup(self._socket.fileno()))
        try:
            self.protection = tuple(json.loads(self._received(STARTING_S)))
        except BaseException:
            self.close()
            raise

    def ask(self, request: bytes, count: int, timeout_s: float) -> list[Outcome]:
        """request: `child.Request` as JSON, of `count` cases. Raises SandboxError, after which the worker is closed."""
        found: list[Outcome] = []
        try:
            self._send(request)
            while len(found) < count and (not found or found[-1].error != "timeout"):
                found.append(outcome(self._received(timeout_s + GRACE_S), timeout_s))
        except BaseException:  # Ctrl-C too: the reply would be taken for the next request's
            self.close()
            raise
        return found

    def _send(self, request: bytes) -> None:
        try:
            self._control.send_bytes(request)
        except ConnectionError as error:
            raise SandboxError("the sandbox ended while it was idle") from error

    def _received(self, timeout_s: float) -> bytes:
        try:
            if self._control.poll(timeout_s):
                return self._control.recv_bytes()
        except (EOFError, ConnectionError) as error:
            raise SandboxError("the sandbox ended, or did not start; its error is above") from error
        raise SandboxError(f"the sandbox did not answer within {timeout_s:.0f} s")

    def ended(self) -> bool:
        return self._control.closed or self._control.poll(0)  # unasked, only its end can be read

    def close(self) -> None:
        """The zygote ends what it runs, and then itself."""
        if self._control.closed:
            return
        with contextlib.suppress(OSError):  # it is gone
            self._socket.shutdown(
                socket.SHUT_RDWR
            )  # seen though a fork of ours may still hold the socket
        self._control.close()
        self._socket.close()
        try:
            self._process.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def outcome(reply: bytes, timeout_s: float) -> Outcome:
    """What a zygote's reply means. Never raises for what a child wrote."""
    letter, data = reply[:1], reply[1:]
    if letter == b"t":
        return Outcome(error="timeout", message=f"not done after {timeout_s:g} s")
    if letter == b"o":
        return Outcome(error="output", message="more than a megabyte of output")
    if letter == b"d":
        return Outcome(error="died", message=data.decode())
    assert letter == b"r", reply[:80]
    try:
        found = json.loads(
            data, parse_constant=_no_number, parse_float=_finite, object_pairs_hook=_distinct
        )
        if rb"\u" in data:
            json.dumps(found, ensure_ascii=False).encode()  # a lone surrogate could not be filed
    except (ValueError, RecursionError, MemoryError) as error:
        return Outcome(error="output", message=f"what it wrote is no JSON: {error}"[:300])
    match found:
        case {"value": value, **more} if not more:
            return Outcome(value)
        case {
            "error": "refused" | "raised" | "memory" | "output" as kind,
            "message": str(message),
            **more,
        } if not more:
            return Outcome(error=kind, message=message)
    return Outcome(error="output", message="what it wrote is no result")


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> float:
    if not math.isfinite(found := float(text)):
        raise ValueError(f"{text[:40]} is too large")
    return found


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("two keys of a dict are the same text")
    return found


class Pool:
    """size: sandboxes that work at the same time, each started when it is first needed; any thread may ask

    memory_mb: of address space, for each run; layers: fewer only to see that the others hold
    """

    def __init__(self, size: int = 2, memory_mb: int = 512, layers: Sequence[str] = LAYERS) -> None:
        self.memory_mb, self._layers = memory_mb, tuple(layers)
        self._idle: queue.LifoQueue[Worker | None] = queue.LifoQueue()
        self.size = size
        for _ in range(size):
            self._idle.put(None)

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def protection(self) -> tuple[str, ...]:
        """What is in force on this machine: `limits` always; `no root`, `network`, `processes`, `files` (namespaces) and
        `system calls` (seccomp) where the kernel has them for us."""
        with self._worker() as worker:
            return worker.protection

    def run_cases(
        self, source: str, function: str, cases: Sequence[Sequence[Any]], timeout_s: float = 5.0, filtered: bool = True
    ) -> list[Outcome]:  # fmt: skip
        """Of one function on several lists of arguments, each in a process of its own. The first timeout stops: what comes
        after it has no outcome. Raises SandboxError, ValueError for arguments that are no JSON."""
        request = (source, function, [list(case) for case in cases], timeout_s, filtered)
        data = json.dumps(request, allow_nan=False).encode()
        with self._worker() as worker:
            return worker.ask(data, len(cases), timeout_s)

    def run(
        self, source: str, function: str, arguments: Sequence[Any], timeout_s: float = 5.0, filtered: bool = True
    ) -> Outcome:  # fmt: skip
        return self.run_cases(source, function, [arguments], timeout_s, filtered)[0]

    @contextlib.contextmanager
    def _worker(self) -> Iterator[Worker]:
        worker = self._idle.get()
        try:
            if worker is None or worker.ended():
                worker = Worker(self._layers, self.memory_mb)
            yield worker
        finally:
            self._idle.put(worker)

    def close(self) -> None:
        """Waits for what is running."""
        workers = [self._idle.get() for _ in range(self.size)]
        for worker in workers:
            if worker is not None:
                worker.close()
            self._idle.put(None)


_shared = Pool()  # its workers end with the process, however that ends


def run(source: str, function: str, arguments: Sequence[Any], timeout_s: float = 5.0) -> Outcome:
    """As `Pool.run`, in the process's own pool."""
    return _shared.run(source, function, arguments, timeout_s)


def run_cases(
    source: str, function: str, cases: Sequence[Sequence[Any]], timeout_s: float = 5.0
) -> list[Outcome]:
    """As `Pool.run_cases`, in the process's own pool."""
    return _shared.run_cases(source, function, cases, timeout_s)


def protection() -> tuple[str, ...]:
    """As `Pool.protection`, of the process's own pool."""
    return _shared.protection()


def _renew() -> None:
    """A forked process must not talk to its parent's workers."""
    global _shared
    _shared = Pool()


os.register_at_fork(after_in_child=_renew)
