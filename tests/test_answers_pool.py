"""The grader's worker processes: deadlines, kills, limits, threads, forks, and their end."""

import asyncio
import contextlib
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from data.answers import grade
from data.answers.pool import Outcome, Pool

ROOT = Path(__file__).resolve().parents[1]
PATIENT_S = 20.0  # deadlines are wall-clock, and the machine that runs the tests may be busy
HANGS = ("7", "10^{10^{10}}")  # hours, in one call into C
EQUAL = ("x+1", "1+x")
YES = Outcome(True, "math_verify")

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="/proc and prctl")


@pytest.fixture(scope="module")
def pool():
    with contextlib.closing(Pool(1, PATIENT_S)) as pool:
        yield pool


def children(pid):
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(
            FileNotFoundError, ProcessLookupError
        ):  # a thread that ended meanwhile
            found += map(int, (task / "children").read_text().split())
    return found


def workers(pool):
    return [pid for pid in children(pool.server.process.pid) if alive(pid)]


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition):
    ends = time.monotonic() + PATIENT_S
    while not condition() and time.monotonic() < ends:
        time.sleep(0.02)
    assert condition()


# ---------------------------------------------------------------------------------- verdicts


def test_verdicts(pool):
    assert pool.ask(*EQUAL) == YES
    assert pool.ask("x+1", "2+x") == Outcome(False, "math_verify")
    assert pool.ask(r"\frac{", "1") == Outcome(None, "gold_unreadable")


def test_a_batch_keeps_its_order(pool):
    outcomes = pool.ask_all([(f"x+{n}", f"{n + n % 2}+x") for n in range(8)])
    assert [outcome.correct for outcome in outcomes] == [n % 2 == 0 for n in range(8)]
    assert pool.ask_all([]) == []


# ---------------------------------------------------------------------------------- deadlines


@needs_linux
def test_a_worker_that_overruns_is_killed_and_replaced(pool):
    assert pool.ask(*EQUAL) == YES
    (worker,) = workers(pool)
    started = time.monotonic()
    assert pool.ask(*HANGS, deadline_s=0.3) == Outcome(None, "timeout")
    assert 0.3 <= time.monotonic() - started < 5
    wait_until(lambda: not alive(worker))
    started = time.monotonic()
    assert pool.ask(*EQUAL) == YES
    assert time.monotonic() - started < 1
    assert worker not in workers(pool)


def test_the_default_deadline_is_a_second():
    with contextlib.closing(Pool(1)) as pool:
        assert pool.ask(*EQUAL) == YES
        started = time.monotonic()
        assert pool.ask(*HANGS) == Outcome(None, "timeout")
        assert 1 <= time.monotonic() - started < 5


def test_the_deadline_starts_at_dispatch(pool):
    pool.ask(*EQUAL)
    with ThreadPoolExecutor(4) as threads:
        hanging = [threads.submit(pool.ask, *HANGS, 0.5) for _ in range(3)]
        time.sleep(0.1)
        submitted = time.monotonic()
        assert threads.submit(pool.ask, *EQUAL, 1.0).result() == YES
        assert time.monotonic() - submitted > 1.2
        assert {one.result().why for one in hanging} == {"timeout"}


def test_64_hanging_answers_take_seconds_and_do_not_exhaust_the_pool():
    with contextlib.closing(Pool(2, 0.3)) as pool:
        pool.ask(*EQUAL, PATIENT_S)
        started = time.monotonic()
        outcomes = pool.ask_all([HANGS] * 64)
        # Two at a time, 8 deadlines and 56 fifths of one are 2.9 s, 64 whole ones 9.6 s.
        assert time.monotonic() - started < 9.6
        assert outcomes == [Outcome(None, "timeout")] * 64
        assert pool.ask(*EQUAL, PATIENT_S) == YES


@needs_linux
def test_no_alarms(pool):
    pool.ask(*EQUAL)
    assert pool.ask(*HANGS, deadline_s=0.3).why == "timeout"
    assert pool.ask(*EQUAL) == YES
    for pid in (os.getpid(), *workers(pool)):
        (caught,) = (
            int(line.split()[1], 16)
            for line in Path(f"/proc/{pid}/status").read_text().splitlines()
            if line.startswith("SigCgt")
        )
        for alarm in (signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGXCPU):
            assert not caught >> (alarm - 1) & 1


# ---------------------------------------------------------------------------------- limits, deaths


@needs_linux
def test_a_worker_has_two_gibibytes(pool):
    pool.ask(*EQUAL)
    (worker,) = workers(pool)
    assert resource.prlimit(worker, resource.RLIMIT_AS) == (2 << 30, 2 << 30)


@needs_linux
def test_a_worker_that_ran_out_of_memory_gives_no_verdict_and_is_replaced(pool):
    pool.ask(*EQUAL)
    (worker,) = workers(pool)
    resource.prlimit(worker, resource.RLIMIT_AS, (160 << 20, 160 << 20))  # it holds 65 MiB
    assert pool.ask("7", "}" * (12 << 20)) == Outcome(None, "died")  # math-verify says False
    assert pool.ask(*EQUAL) == YES


@needs_linux
def test_a_worker_that_crashes_gives_no_verdict_and_is_replaced(pool):
    pool.ask(*EQUAL)
    crash = threading.Timer(0.3, os.kill, (*workers(pool), signal.SIGSEGV))
    crash.start()
    assert pool.ask(*HANGS) == Outcome(None, "died")
    assert pool.ask(*EQUAL) == YES


@needs_linux
def test_what_died_while_idle_is_replaced_before_it_is_asked(pool):
    pool.ask(*EQUAL)
    (worker,) = workers(pool)
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: not alive(worker))
    assert pool.ask(*EQUAL) == YES
    (worker,) = workers(pool)
    pool.server.process.kill()
    wait_until(lambda: not alive(worker))  # with its fork server
    pool.server.process.wait()
    assert pool.ask(*EQUAL) == YES


# ---------------------------------------------------------------------------------- callers


def test_threads_share_the_pool(pool):
    with ThreadPoolExecutor(8) as threads:
        found = threads.map(lambda n: pool.ask(f"x+{n}", f"{n + n % 2}+x").correct, range(32))
    assert list(found) == [n % 2 == 0 for n in range(32)]


@needs_linux
def test_threads_that_ask_first_at_once_start_one_fork_server():
    before = children(os.getpid())
    with contextlib.closing(Pool(4, PATIENT_S)) as pool, ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda _: pool.ask(*EQUAL), range(4))) == [YES] * 4
        assert set(children(os.getpid())) - set(before) == {pool.server.process.pid}
        assert 1 <= len(workers(pool)) <= 4


def test_grading_works_under_asyncio():
    def judged(answer):
        return grade(rf"\boxed{{{answer}}}", "b \\delta(t)+1-e^{-a t}").correct

    async def both():
        hangs = r"\int_0^1 \frac{\sin x}{x^3+2}dx"  # seconds of sympy
        answers = (r"1-e^{-at}+b\delta(t)", r"2-e^{-at}+b\delta(t)", hangs)
        return await asyncio.gather(*(asyncio.to_thread(judged, answer) for answer in answers))

    found = asyncio.run(both())
    for _ in range(
        3
    ):  # the deadline is wall-clock: beside other tests an answer can run out of time
        if None not in found[:2]:
            break
        found = asyncio.run(both())
    assert found == [True, False, None]


def run(program, *, kill_at=None, interrupt_at=None):
    """stdout's lines and stderr of a Python program; it is signalled a moment after it printed that line."""
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", HEAD + program], cwd=ROOT, text=True, process_group=0,
            stdout=subprocess.PIPE, stderr=errors,
        )  # fmt: skip
        lines = []
        with process:
            for line in process.stdout:
                lines.append(line.strip())
                if lines[-1] in (kill_at, interrupt_at):
                    time.sleep(0.3)
                if lines[-1] == interrupt_at:
                    os.killpg(process.pid, signal.SIGINT)
                if lines[-1] == kill_at:
                    break
            else:
                process.wait(PATIENT_S)
            process.kill()
        errors.seek(0)
        return lines, errors.read()


HEAD = f"""
import os, signal, sys, threading, time
from pathlib import Path
from data.answers import pool as module
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background inherits that it is ignored
def children(pid):
    tasks = Path(f"/proc/{{pid}}/task").iterdir()
    return [child for task in tasks for child in (task / "children").read_text().split()]
def say(*what):
    print(*what, flush=True)
equal, hangs = {EQUAL!r}, {HANGS!r}
pool = module.Pool(1, {PATIENT_S})
def worker():
    return children(pool.server.process.pid)[-1]
"""


@needs_linux
def test_nothing_starts_before_the_first_question():
    program = "say(len(children(os.getpid()))); pool.ask(*equal); say(len(children(os.getpid())))"
    assert run("module.shared()\n" + program) == (["0", "1"], "")


@needs_linux
def test_a_forked_child_has_workers_of_its_own():
    program = """
pool = module.shared()
say(pool.ask(*equal, 20).correct)
mine = worker()
child = os.fork()
if child == 0:
    pool = module.shared()
    say(pool.ask(*equal, 20).correct, worker() != mine)
    sys.exit()  # with what the parent registered at its exit
os.waitpid(child, 0)
say(pool.ask(*equal, 20).correct, worker() == mine)
"""
    assert run(program) == (["True", "True True", "True True"], "")


def test_ctrl_c_prints_nothing_of_a_worker_and_leaves_no_late_reply():
    program = """
pool.ask(*equal)
say("up")
try:
    pool.ask(*hangs)
except KeyboardInterrupt:
    say("interrupted", pool.ask(*equal, 1.0).correct)
"""
    lines, errors = run(program, interrupt_at="up")
    assert (lines, errors) == (["up", "interrupted True"], "")


@needs_linux
def test_what_a_library_prints_is_not_the_caller_s_output():
    program = """
pool.ask(*equal)
ours = os.readlink("/proc/self/fd/1")
for pid in (pool.server.process.pid, worker()):
    say(os.readlink(f"/proc/{pid}/fd/1") != ours)
"""
    assert run(program)[0] == ["True", "True"]


# ---------------------------------------------------------------------------------- the end


def all_end(pids):
    wait_until(lambda: not any(alive(int(pid)) for pid in pids.split()))


@needs_linux
def test_a_hanging_worker_dies_with_a_killed_caller():
    program = """
pool.ask(*equal)
say(pool.server.process.pid, worker())
say("up")
pool.ask(*hangs)
"""
    (pids, _), _ = run(program, kill_at="up")
    all_end(pids)


@needs_linux
def test_a_hanging_worker_dies_with_a_killed_caller_whose_forked_child_lives_on():
    program = """
pool.ask(*equal)
child = os.fork()
if child == 0:
    time.sleep(60)
say(child)
say(pool.server.process.pid, worker())
say("up")
pool.ask(*hangs)
"""
    (child, pids, _), _ = run(program, kill_at="up")
    try:
        all_end(pids)
        assert alive(int(child))
    finally:
        os.kill(int(child), signal.SIGKILL)


@needs_linux
def test_a_hanging_worker_dies_with_a_caller_that_ends():
    program = """
pool.ask(*equal)
say(pool.server.process.pid, worker())
threading.Thread(target=pool.ask, args=hangs, daemon=True).start()
time.sleep(0.3)
"""
    (pids,), errors = run(program)
    assert errors == ""
    all_end(pids)
