"""Workers that are ready when the sweep is: what they are forked from imports while the sweep's own process does."""

from multiprocessing import forkserver, get_context
from multiprocessing.context import ForkServerContext


def worker_context() -> ForkServerContext:
    """Workers are forks of a process that has imported and done nothing else: no threads, nothing on a GPU, which a fork
    does not survive."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["eval.workers"])
    return context


def import_ahead() -> None:
    """Starts that process."""
    worker_context()
    forkserver.ensure_running()
