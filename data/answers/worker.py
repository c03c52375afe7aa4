"""The process that runs math-verify: `python -m data.answers.worker`. Nothing else ever parses an answer with sympy.

It imports math-verify once and forks a child that does the work; a child that overruns its deadline, or dies, is
killed and replaced by a fork (milliseconds: sympy need not be imported again). It speaks lines of JSON: in
`[gold, answer, deadline in seconds]`, out `true`, `false`, `"gold_unreadable"`, `"timeout"` or `"died"`. It ends when its
input does, or when its parent is gone; the child ends with it.
"""

import ctypes
import json
import logging
import os
import resource
import select
import signal
import sys
import time
from typing import Any, Literal

MEMORY_BYTES = 2 << 30  # of address space, for one child
POLL_S = 1.0
CLOSE = 1e-6  # relative; math-verify rounds to 6 decimals, so that 4e-8 x equals 5e-8 x
POINTS = (0.7390851, 1.2824271)
_PR_SET_PDEATHSIG = 1
PARENT = os.getppid()
_READY = "\\frac{1}{2}+\\sqrt{x}"  # parsed once before the first fork, so that the grammar's tables are there


def judge(gold: str, answer: str) -> bool | Literal["gold_unreadable"]:
    """math-verify's verdict, gold first, both boxed, no alarms. A gold that it cannot parse is `gold_unreadable`."""
    golds, answers = _parse(gold), _parse(answer)
    if not any(not isinstance(found, str) for found in golds):
        return "gold_unreadable"
    from math_verify import verify

    return bool(verify(golds, answers, timeout_seconds=None)) and _close(golds[0], answers[0])


def _parse(text: str) -> list[Any]:
    from math_verify import LatexExtractionConfig, parse

    found: list[Any] = parse(
        f"\\boxed{{{text}}}", extraction_config=[LatexExtractionConfig()], parsing_timeout=None
    )
    return found


def _close(gold: Any, answer: Any) -> bool:
    """False when two expressions differ at fixed points, relatively; True where they have no value there."""
    from sympy import Expr  # type: ignore[import-untyped]

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


def _die_with_parent(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _serve(requests: int, replies: int) -> None:
    """The child: one line in, one line out, until the input ends."""
    os.dup2(2, 1)  # what a library prints is no reply
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    with os.fdopen(requests) as lines:
        for line in lines:
            gold, answer = json.loads(line)
            _write(replies, judge(gold, answer))


def _write(descriptor: int, reply: bool | str) -> None:
    """One line, in one piece: `print` may take two."""
    os.write(descriptor, (json.dumps(reply) + "\n").encode())


class Child:
    def __init__(self) -> None:
        requests, self.requests = os.pipe()
        self.replies, replies = os.pipe()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.requests)
            os.close(self.replies)
            status = 1
            try:
                _die_with_parent(parent)
                _serve(requests, replies)
                status = 0
            finally:
                os._exit(status)  # a child never runs its parent's code, whatever it met
        os.close(requests)
        os.close(replies)

    def ask(self, gold: str, answer: str, deadline_s: float) -> Any:
        """The verdict, or why there is none: `timeout`, `died`, `gone` (nobody waits for it any more)."""
        os.write(self.requests, (json.dumps([gold, answer]) + "\n").encode())
        ends = time.monotonic() + deadline_s
        while (left := ends - time.monotonic()) > 0:
            ready, _, _ = select.select([self.replies, sys.stdin], [], [], min(left, POLL_S))
            if self.replies in ready:
                reply = os.read(self.replies, 64)
                return json.loads(reply) if reply else "died"
            if sys.stdin in ready or os.getppid() != PARENT:
                return "gone"
        return "timeout"

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.requests)
        os.close(self.replies)


def main() -> None:
    logging.disable(logging.ERROR)
    judge(_READY, "x^2+(1,2]")
    child = Child()
    _write(1, "ready")
    while select.select([sys.stdin], [], [], POLL_S)[0] or os.getppid() == PARENT:
        if not select.select([sys.stdin], [], [], 0)[0]:
            continue
        line = sys.stdin.readline()
        if not line:
            break
        verdict = child.ask(*json.loads(line))
        if isinstance(verdict, str):
            child.kill()
            if verdict == "gone":
                return
            child = Child()
        _write(1, verdict)
    child.kill()


if __name__ == "__main__":
    main()
