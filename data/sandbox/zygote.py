"""The sandbox's process: it is loaded and locked in once, and forks a child for every run.

    our process -- socket --> guard --> zygote (process 1 of its own space) --> one child at a time

The guard ends the zygote when our process is gone; with the zygote its space ends, and all that is in it. Requests and
replies are messages of `multiprocessing.connection`: JSON in; out, for each case, a letter and what the child wrote.
"""

import gc
import json
import math
import os
import select
import signal
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from typing import Any, NoReturn

from data.sandbox import jail
from data.sandbox.child import Request, load, work

MOST_OUTPUT = 1 << 20  # bytes of JSON
POLL_S = 1.0
RESULT, TIMEOUT, OUTPUT, DIED = b"r", b"t", b"o", b"d"
READY = RESULT  # what a child writes once it is locked in


def main() -> None:
    layers, memory_bytes, caller = sys.argv[1].split(","), int(sys.argv[2]), int(sys.argv[3])
    system_calls = jail.system_call_filter() if "system calls" in layers else None
    load()
    nothing = os.open(os.devnull, os.O_RDWR)
    with tempfile.TemporaryDirectory() as empty:  # removed at once: nothing can be put there
        os.chdir(empty)
    protection = ["limits"]
    protection += ["no root"] if jail.drop_root() else []
    spaces = "namespaces" in layers and jail.enter_namespaces()
    pid = os.fork()
    if pid:
        _guard(pid, caller)
    os.setsid()  # a signal to one's group reaches its members in other process spaces, the guard
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # process 1 gets no signal that it does not handle
    if spaces:
        protection += ["network", "processes", *(["files"] if jail.leave_files() else [])]
    jail.drop_privileges()
    jail.die_with_parent(signal.SIGKILL)
    protection += ["system calls"] if system_calls is not None else []
    Zygote(Connection(0), system_calls, nothing, memory_bytes).serve(protection)


def _guard(pid: int, caller: int) -> NoReturn:
    """Wait for the zygote; end it when our process is gone, though a fork of that may still hold the socket."""
    os.close(0)
    ended = select.poll()
    ended.register(os.pidfd_open(pid), select.POLLIN)
    while not ended.poll(POLL_S * 1000):
        if os.getppid() != caller:
            os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    os._exit(os.waitstatus_to_exitcode(status) != 0)


class Zygote:
    def __init__(
        self, control: Connection, system_calls: Any | None, nothing: int, memory_bytes: int
    ) -> None:
        self._control, self._system_calls = control, system_calls
        self._nothing, self._memory_bytes = nothing, memory_bytes

    def serve(self, protection: list[str]) -> NoReturn:
        gc.freeze()
        try:
            self._control.send_bytes(json.dumps(protection).encode())
            while True:
                request = Request(*json.loads(self._control.recv_bytes()))
                for arguments in request.cases:
                    reply = self._run(request, arguments)
                    self._control.send_bytes(reply)
                    if reply == TIMEOUT:
                        break
        except (EOFError, ConnectionError):  # nobody asks any more
            os._exit(0)

    def _run(self, request: Request, arguments: list[Any]) -> bytes:
        ours, theirs = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._give_up(request, arguments, theirs)
        os.close(theirs)
        try:
            found = self._read(ours, time.monotonic() + request.timeout_s)
        finally:
            os.close(ours)
            code = _end(pid)
        assert found, f"a child could not be locked in: {_how(code)}"
        return found if found != RESULT else DIED + _how(code).encode()

    def _give_up(self, request: Request, arguments: list[Any], out: int) -> NoReturn:
        """In the child. What fails here must not go on: it would run unguarded."""
        try:
            jail.die_with_parent(signal.SIGKILL)
            os.setsid()
            for standard in (0, 1, 2):
                os.dup2(self._nothing, standard)
            os.dup2(out, 3)
            os.closerange(4, 256)
            jail.limit(self._memory_bytes, math.ceil(request.timeout_s) + 1)
            if self._system_calls is not None:
                self._system_calls.load()
            os.write(3, READY)
            work(request, arguments, 3)
        finally:
            os._exit(1)

    def _read(self, pipe: int, deadline: float) -> bytes:
        """All that the child wrote until it closed the pipe, or why not. Raises EOFError when nobody asks any more."""
        either = select.poll()
        either.register(pipe, select.POLLIN)
        either.register(self._control.fileno(), select.POLLIN)
        parts: list[bytes] = []
        left = MOST_OUTPUT
        while True:
            ready = dict(either.poll(max(0.0, deadline - time.monotonic()) * 1000))
            if not ready:
                return TIMEOUT
            if self._control.fileno() in ready:  # no request comes before a reply: it is the end
                raise EOFError
            part = os.read(pipe, 1 << 16)
            if not part:
                return b"".join(parts)
            parts.append(part)
            left -= len(part)
            if left < 0:
                return OUTPUT


def _end(pid: int) -> int:
    """End the child, and in a process space of our own all that it started; its exit code."""
    own = os.getpid() == 1
    os.kill(-1 if own else pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    while own:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            break
    return os.waitstatus_to_exitcode(status)


def _how(code: int) -> str:
    return (
        f"killed by {signal.Signals(-code).name}"
        if code < 0
        else f"ended with code {code} and without a result"
    )
