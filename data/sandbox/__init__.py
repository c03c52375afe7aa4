"""Untrusted Python, run in a process that can do no more than compute.

    from data.sandbox import run
    run("def f(a): return a + 1", "f", [2]).value  # 3

In force, each where the kernel allows it (`protection()` says what is):
- limits: no new file, socket, process or thread, no core, 512 MB, CPU seconds; 5 s by the clock, then SIGKILL to all of it
- no root: it is `nobody` where we are root
- network, processes, files: name spaces of its own, with no interface, no other process and an empty `/`
- system calls: all but two dozen of them are refused (seccomp)
It has an isolated interpreter (`python -I`), no environment, no standard input or output, and is another process for every
list of arguments. The result comes back as JSON, read as a stranger's. A filter of the syntax (filter.py) refuses early.

Not covered: faults of the kernel; side channels (time, caches); reading what is left in memory of earlier runs of the same
worker, which cannot be sent anywhere but into its own result; that a run is repeatable (each worker has another hash seed,
so that sets of texts are in another order); and what a result says: a function can return anything.
"""

from data.sandbox.pool import Kind, Outcome, Pool, SandboxError, protection, run, run_cases

__all__ = ["Kind", "Outcome", "Pool", "SandboxError", "protection", "run", "run_cases"]
