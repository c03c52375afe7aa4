"""The processes that run math-verify; nothing else ever parses an answer with sympy.

`python -m data.answers.worker` is a fork server: it imports math-verify once, and forks a worker for each socket that comes
through its stdin. A worker sends its process id, then for each JSON `[gold, answer]` a `true`, `false` or
`"gold_unreadable"`. The fork server ends with its caller, and the workers with the fork server, `kill -9` included.
"""

import contextlib
import ctypes
import json
import logging
import os
import resource
import signal
import socket
import sys
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Literal

from math_verify import LatexExtractionConfig, parse, verify
from sympy import Expr  # type: ignore[import-untyped]

MEMORY_BYTES = 2 << 30  # of address space, for one worker
POLL_S = 1.0
CLOSE = 1e-6  # relative; math-verify rounds to 6 decimals, so that 4e-8 x equals 5e-8 x
POINTS = (0.7390851, 1.2824271)
_PR_SET_PDEATHSIG = 1


def judge(gold: str, answer: str) -> bool | Literal["gold_unreadable"]:
    """math-verify's verdict, gold first, both boxed, no alarms. A gold that it cannot parse is `gold_unreadable`."""
    golds, answers = _parse(gold), _parse(answer)
    if not any(not isinstance(found, str) for found in golds):
        return "gold_unreadable"
    return bool(verify(golds, answers, timeout_seconds=None)) and _close(golds[0], answers[0])


def _parse(text: str) -> list[Any]:
    found: list[Any] = parse(
        f"\\boxed{{{text}}}", extraction_config=[LatexExtractionConfig()], parsing_timeout=None
    )
    return found


def _close(gold: Any, answer: Any) -> bool:
    """False when two expressions differ at fixed points, relatively; True where they have no value there."""
    if not (isinstance(gold, Expr) and isinstance(answer, Expr)):
        return True
    names = sorted(gold.free_symbols | answer.free_symbols, key=str)
    for start in POINTS:
        point = {name: start + index / 7 for index, name in enumerate(names)}
        try:
            one, other = (complex(side.evalf(30, subs=point)) for side in (gold, answer))
        except (TypeError, ValueError, ArithmeticError, AttributeError):
            continue
        if abs(one - other) > CLOSE * max(abs(one), abs(other)):
            return False
    return True


def _serve(descriptor: int, server: int) -> None:
    """A worker: one message in, one message out, until the caller or the fork server ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    pipe = Connection(descriptor)
    pipe.send_bytes(str(os.getpid()).encode())
    with contextlib.suppress(EOFError, ConnectionError):  # the caller needs it no more
        while True:
            verdict = _within_memory(*json.loads(pipe.recv_bytes()))
            pipe.send_bytes(json.dumps(verdict).encode())


def _within_memory(gold: str, answer: str) -> bool | str:
    """`judge`'s verdict. math-verify takes a MemoryError for "not equal", so none above half of the limit."""
    verdict = judge(gold, answer)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if used > resource.getrlimit(resource.RLIMIT_AS)[0] / 2:
        raise MemoryError(f"{used:,} bytes were in use")
    return verdict


def main() -> None:
    caller = os.getppid()
    logging.disable(logging.ERROR)
    # The grammar's tables are built before the first fork.
    judge("\\frac{1}{2}+\\sqrt{x}", "x^2+(1,2]")
    control = socket.socket(fileno=0)
    control.settimeout(POLL_S)
    # The caller's forked children may keep the socket open; PR_SET_PDEATHSIG would wait for its thread, not for it.
    while os.getppid() == caller:
        try:
            message, descriptors, *_ = socket.recv_fds(control, 1, 1)
        except TimeoutError:
            continue
        if not message:
            return
        arguments = (descriptors[0], os.getpid())
        get_context("fork").Process(target=_serve, args=arguments, daemon=True).start()
        os.close(descriptors[0])


if __name__ == "__main__":
    main()
