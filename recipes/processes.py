"""Processes that a script starts."""

import ctypes
import signal
import sys


def die_with_parent() -> None:
    """For preexec_fn. Linux: the child gets SIGTERM when this process dies, even by kill -9, so that two never share a
    run."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
