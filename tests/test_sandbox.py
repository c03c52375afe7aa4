"""Attacks on the sandbox, the filter off: they are contained by each layer alone, and leave nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.sandbox import Outcome, Pool, SandboxError, protection, run, run_cases
from data.sandbox.pool import LAYERS, outcome

ROOT = Path(__file__).resolve().parents[1]
MEMORY_MB = 501  # as no other pool of ours has it: its processes are found by it
NEEDS = {"namespaces": {"network", "processes", "files"}, "system calls": {"system calls"}}


def ours(memory_mb=MEMORY_MB, caller=None):
    """All processes of a pool of this process, or of `caller`, whoever their parent is now."""
    last = [str(memory_mb << 20), str(caller or os.getpid())]
    found = [(one.pid, one.info["cmdline"] or []) for one in psutil.process_iter(["cmdline"])]
    return sorted(pid for pid, words in found if words[-2:] == last)


def gone(memory_mb=MEMORY_MB, caller=None):
    """Within 5 seconds: who is killed is still listed for a moment."""
    return settled([], memory_mb, caller)


def settled(pids, *pool):
    deadline = time.monotonic() + 5
    while ours(*pool) != pids and time.monotonic() < deadline:
        time.sleep(0.01)
    return ours(*pool) == pids


@pytest.fixture(
    scope="module",
    params=[("namespaces", "system calls"), *((one,) for one in LAYERS)],
    ids="+".join,
)
def pool(request):
    memory_mb = MEMORY_MB + 1 + request.param_index
    with Pool(1, memory_mb, request.param) as found:
        missing = set().union(*(NEEDS[one] for one in request.param)) - set(found.protection())
        if missing:
            pytest.skip(f"this kernel does not protect {', '.join(sorted(missing))}")
        yield found
    assert gone(memory_mb)


@pytest.fixture(scope="module")
def any_pool():
    with Pool(1, MEMORY_MB - 1) as found:
        yield found
    assert gone(MEMORY_MB - 1)


@pytest.fixture(scope="module")
def limits_pool():
    with Pool(1, MEMORY_MB - 2, layers=()) as found:
        if "no root" not in found.protection():
            pytest.skip("root is not bound by the limit on processes")
        yield found
    assert gone(MEMORY_MB - 2)


@contextmanager
def contained(pool):
    """Afterwards the same worker is there, alone, and answers."""
    assert pool.run("def f(): return 1", "f", []) == Outcome(1)
    before = ours(pool.memory_mb)
    started = time.monotonic()
    yield
    assert time.monotonic() - started < 8
    assert settled(before, pool.memory_mb) and len(before) == 2, "a guard and a zygote"
    assert pool.run(
        "import math\ndef f(): return [len('ab'), math.floor(2.5)]", "f", []
    ) == Outcome([2, 2])


def attack(pool, source, *arguments, timeout_s=0.2):
    with contained(pool):
        return pool.run(source, "f", arguments, timeout_s, filtered=False)


ENDLESS = {
    "loop": "def f():\n while True: pass",
    "loop at the top": "while True: pass",
    "sleep": "import time\ndef f(): time.sleep(100)",
    "print": "def f():\n while True: print('x' * 10**6)",
    "fork, undeterred": "import os\ndef f():\n while True:\n  try: os.fork()\n  except OSError: pass",
    "signals caught": """import signal
def f():
    for one in (signal.SIGTERM, signal.SIGALRM, signal.SIGXCPU, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(one, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    while True: pass""",
    "exceptions caught": "def f():\n while True:\n  try:\n   while True: pass\n  except BaseException: pass",
    "memory, undeterred": """def f():
    found = []
    while True:
        try: found.append(bytearray(10**7))
        except MemoryError: pass""",
    "a pattern": "import re\ndef f(): return re.match('(a+)+$', 'a' * 60 + 'b')",
    "printing when it ends": "def f():\n try:\n  while True: pass\n finally: print('x')",
}  # fmt: skip


@pytest.mark.parametrize("name", ENDLESS)
def test_what_does_not_end_is_ended(pool, name):
    assert attack(pool, ENDLESS[name]).error == "timeout"


@pytest.mark.parametrize(
    "source, kinds",
    [
        ("def f(): return len(bytearray(10 * 2**30))", {"memory"}),
        ("def f(): return [0] * 10**10", {"memory"}),
        ("def f(): return 'x' * 10**9", {"memory"}),
        ("def f(): return 'x' * (1 << 20)", {"output"}),
        ("def f(): return 10**10**9", {"memory", "timeout"}),
        ("def f():\n x = 10\n while True: x = x * x", {"memory", "timeout"}),
        ("def f(): return 10**5000", {"output"}),  # Python writes no more than 4,300 digits
        ("def f(): return f()", {"raised"}),
        ("import sys\nsys.setrecursionlimit(10**9)\ndef f(): return f()", {"memory", "died", "timeout"}),
        ("def f():\n x = []\n for _ in range(10**5): x = [x]\n return x", {"output"}),
        ("def f():\n x = []\n x.append(x)\n return x", {"output"}),
        ("def f(): return [float('nan')]", {"output"}),
        ("def f(): return {'a': -float('inf')}", {"output"}),
        ("def f(): return {1, 2}", {"output"}),
        ("def f(): return '\\ud800'", {"output"}),
        ("def f(): return {1: 2, '1': 3}", {"output"}),
        ("def f(): return {(1, 2): 3}", {"output"}),
        ("import os\ndef f(): os._exit(0)", {"died"}),
        ("import sys\ndef f(): sys.exit(0)", {"raised"}),
        ("import sys\nsys.exit(0)", {"raised"}),
        ("import os\ndef f(): os.abort()", {"died"}),
        ("import ctypes\ndef f(): ctypes.string_at(0)", {"died"}),
        ("import os\ndef f(): os.closerange(0, 99); return 1", {"died"}),
        ("def f(): raise KeyboardInterrupt", {"raised"}),
        ("class E(BaseException):\n def __str__(self): raise self\ndef f(): raise E", {"raised"}),
        ("class E(Exception):\n def __str__(self): return 'x' * 10**6\ndef f(): raise E", {"raised"}),
        ("def g(): pass", {"refused"}),
        ("def f(:", {"refused"}),
        ("f = " + "(" * 5000 + ")" * 5000, {"refused"}),
        ("def f(): return " + "-" * 50_000 + "1", {"refused"}),
        ("x" * 100_001, {"refused"}),
        ("f = '\0'", {"refused"}),
        ("f = 3", {"raised"}),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_said(any_pool, source, kinds):
    found = attack(any_pool, source, timeout_s=0.6)
    assert found.error in kinds and found.value is None and 0 < len(found.message) < 600


def test_a_gigabyte_is_printed_nowhere(any_pool, capfd):
    source = "import os\ndef f():\n for _ in range(1024): print('x' * 2**20); os.write(2, b'x' * 2**20)\n return 1"
    assert attack(any_pool, source, timeout_s=20) == Outcome(1)
    assert capfd.readouterr() == ("", "")


FORKS = {
    "bomb": "def f():\n while True: os.fork()",
    "daemon": """def f():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True: time.sleep(1)
        os._exit(0)
    return 1""",
    "spawn": "def f(): return os.posix_spawn('/bin/sleep', ['sleep', '100'], {})",
    "program": "def f(): os.execv('/bin/sleep', ['sleep', '100'])",
    "subprocess": "def f(): return subprocess.run(['/bin/sleep', '100'])",
    "thread": "def f():\n threading.Thread(target=time.sleep, args=(100,)).start()",
    "clone": "def f():\n assert ctypes.CDLL(None).syscall(56, 17, 0, 0, 0, 0) >= 0, 'no clone'",
    "vfork": "def f():\n assert ctypes.CDLL(None).syscall(58) >= 0, 'no vfork'",
}


@pytest.mark.parametrize("name", FORKS)
def test_nothing_is_started(pool, name):
    found = attack(pool, "import os, time, subprocess, threading, ctypes\n" + FORKS[name])
    assert found.error == "raised", found


def succeeds(pool, attempts, *given):
    """Which of the attempts, expressions of p, raise nothing."""
    source = f"""import ctypes, os
def f(*p):
    found = []
    for attempt in {list(attempts)!r}:
        try:
            eval(attempt, {{"os": os, "p": p[0] if p else None, "libc": ctypes.CDLL(None)}})
            found.append(attempt)
        except Exception: pass
    return found"""
    found = attack(pool, source, *given)
    assert found.error is None, found
    return found.value


@pytest.mark.parametrize(
    "path", ["/etc/passwd", str(ROOT / "README.md"), "/proc/1/environ", "/proc/self/environ", "/"]
)
def test_no_file_is_read(pool, path):
    reads = [
        "open(p).read()",
        "os.open(p, 0)",
        "os.listdir(p)",
        "os.readlink(p + '/proc/self')",
        "os.scandir(p)",
    ]
    assert succeeds(pool, reads, path) == []


HARM = ["open(p, 'w')", "os.remove(p)", "os.rename(p, p + 'x')", "os.mkdir(p + 'x')", "os.chmod(p, 0)", "os.mkdir('x')",
        "os.symlink('a', 'b')", "os.mkfifo('c')", "os.truncate(p, 0)", "os.memfd_create('x')", "os.pipe()", "open('d', 'w')",
        "os.utime(p)", "os.link(p, p + 'y')"]  # fmt: skip


def test_no_file_is_touched(pool):
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)  # nothing but the sandbox forbids it
        kept = Path(folder, "kept")
        kept.write_text("kept")
        kept.chmod(0o666)
        before = kept.stat()
        assert succeeds(pool, HARM, str(kept)) == []
        assert [one.name for one in Path(folder).iterdir()] == ["kept"]
        assert kept.read_text() == "kept"
        assert (kept.stat().st_mode, kept.stat().st_mtime) == (before.st_mode, before.st_mtime)


def test_nothing_is_connected(pool):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        source = "import socket\ndef f(*where): socket.create_connection(where, 1)"
        source += "\nimport _socket"
        assert attack(pool, source, *server.getsockname()).error == "raised"
        raw = "import _socket\ndef f(*where): _socket.socket(2, 1).connect(where)"
        assert attack(pool, raw, *server.getsockname()).error == "raised"
        with pytest.raises(TimeoutError):
            server.accept()


SIGNALS = {
    "the zygote": "os.kill(os.getppid(), 9)",
    "all": "os.kill(-1, 9)",
    "the group": "os.killpg(0, 19)",
    "stop": "os.kill(1, 19)",
    "group, for good": "os.killpg(0, 9)",
}


@pytest.mark.parametrize("name", SIGNALS)
def test_nobody_else_is_signalled(pool, name):
    found = attack(pool, f"import os\ndef f():\n {SIGNALS[name]}\n return 1")
    assert found == Outcome(1) or found.error in ("raised", "died", "timeout")


KERNEL = {
    "ptrace": "101, 16, os.getppid(), 0, 0",
    "unshare": "272, 0x10000000",
    "setns": "308, 0, 0",
    "mount": "165, b'none', b'/', b'tmpfs', 0, 0",
    "chroot": "161, b'/'",
    "bpf": "321, 0, 0, 0",
    "io_uring": "425, 8, b'x' * 120",
    "sethostname": "170, b'x', 1",
    "setuid": "105, 0",
}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="these are numbers of x86-64")
def test_the_kernel_does_nothing_for_it(pool):
    calls = [f"1 / (libc.syscall({call}) + 1)" for call in KERNEL.values()]  # -1: refused
    assert succeeds(pool, calls) == []


def test_a_run_changes_nothing_for_the_next(any_pool):
    source = "import builtins, json, math, sys\ndef f():\n json.dumps = lambda *_, **__: '{\"value\": 5}'\n math.floor = len"
    source += "\n builtins.len = None\n sys.modules.clear()"
    assert attack(any_pool, source) == Outcome(5), (
        "its own result is what it wants; the next is not"
    )
    assert any_pool.run(
        "import json\ndef f(): return len('abc')", "f", [], filtered=False
    ) == Outcome(3)


def test_it_has_no_environment_and_no_input(any_pool):
    found = attack(any_pool, "import os\ndef f(): return list(os.environ)")
    assert found.value in ([], ["LC_CTYPE"]), "Python sets it by itself"
    assert attack(any_pool, "import sys\ndef f(): return sys.stdin.read()") == Outcome("")
    assert attack(any_pool, "import sys\ndef f(): return sys.flags.isolated") == Outcome(1)


EQUAL = "\n def __eq__(self, other): return True\n"
TRICKS = {
    "reduce": "class T:\n def __reduce__(self): return (exec, ('raise SystemExit',))\ndef f(): return T()",
    "dict": "class T(dict):\n def items(self): return [('a', 1)]"
    + EQUAL
    + "def f(): return T(a=1)",
    "int": "class T(int):\n def __repr__(self): return '1'" + EQUAL + "def f(): return T(1)",
    "str": "class T(str):" + EQUAL + "def f(): return T('a')",
    "float": "class T(float):\n def __repr__(self): return 'NaN'\ndef f(): return T(1.5)",
    "list": "class T(list):\n def __iter__(self): return iter([1])\ndef f(): return T([1])",
}
PLAIN = {"reduce": None, "dict": {"a": 1}, "int": 1, "str": "a", "float": 1.5, "list": [1]}


@pytest.mark.parametrize("name", TRICKS)
def test_results_are_plain(any_pool, name):
    found = attack(any_pool, TRICKS[name])
    assert found.value == PLAIN[name] and type(found.value) is type(PLAIN[name])
    assert (found.error == "output") is (name == "reduce")


FORGED = [
    b'{"value": NaN}',
    b'{"value": 1e999}',
    b'{"value": Infinity}',
    b"[" * 50_000,
    b'{"value": "\\ud800"}',
    b'{"value": "\xff"}',
    b"",
    b"{}",
    b"null",
    b'{"value": 1, "error": "timeout"}',
    b'{"error": "timeout", "message": ""}',
    b'{"error": "raised"}',
    b'{"error": "raised", "message": 1}',
    b'{"value": ' + b"9" * 5000 + b"}",
    b'{"value": 1}{"value": 2}',
    b'{"value": 1, "value": 2}',
]


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_result_is_read_as_a_strangers(any_pool, forged):
    source = f"import os\ndef f():\n os.write(3, {forged!r})\n os._exit(0)"
    found = attack(any_pool, source)
    assert found.error in ("output", "died") and found.value is None


def test_a_result_line_on_any_descriptor_is_not_another_runs(any_pool):
    source = """import os
def f(n):
    if n == 0:
        for one in range(300):
            try: os.write(one, b'r{"value": 999}')
            except OSError: pass
    return n"""
    with contained(any_pool):
        found = any_pool.run_cases(source, "f", [[0], [1], [2]], filtered=False)
    assert found[0].error == "output" and found[1:] == [Outcome(1), Outcome(2)]


def test_descriptors_moved_about(any_pool):
    source = "import os\ndef f():\n for one in range(3): os.dup2(3, one)\n print('{}', flush=True)\n return 1"
    assert attack(any_pool, source).error in ("output", "died", "raised")


@given(st.binary())
def test_no_reply_breaks_the_reader(data):
    found = outcome(b"r" + data, 1.0)
    assert found.error is None or found.value is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=10,
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(JSON)
def test_values_go_in_and_out(any_pool, value):
    found = any_pool.run("def f(a): return a", "f", [value])
    assert json.dumps(found.value) == json.dumps(value) and found.error is None


def test_values_are_as_json_has_them():
    assert run("def f(a, b): return (a, {b: None})", "f", [[1], 2]) == Outcome([[1], {"2": None}])


def test_cases_are_apart_and_stop_at_the_first_timeout():
    source = (
        "seen = []\ndef f(a):\n seen.append(a)\n while a == 3: pass\n return [len(seen), 6 // a]"
    )
    found = run_cases(source, "f", [[1], [0], [2], [3], [6]], timeout_s=0.3)
    assert found[0] == Outcome([1, 6]) and found[2] == Outcome([1, 3]), "no case sees another"
    assert found[1] == Outcome(
        error="raised", message="ZeroDivisionError: integer division or modulo by zero"
    )
    assert [one.error for one in found] == [None, "raised", None, "timeout"]


@pytest.mark.parametrize(
    "source, reason",
    [
        ("import os", "line 1: import of os is not allowed; allowed are math, "),
        ("import math, sys", "import of sys"),
        ("from os import path", "import of os"),
        ("from . import x", "import of . "),
        ("from re import enum", "the attribute enum"),
        ("from math import __dict__ as d", "the attribute __dict__"),
        ("import re\nre.enum.sys.exit()", "line 2: the attribute "),
        ("().__class__", "the attribute __class__"),
        ("x._y", "the attribute _y"),
        ("eval('1')", "the name eval"),
        ("x = [open]", "the name open"),
        ("getattr(1, 'real')", "the name getattr"),
        ("__import__('os')", "the name __import__"),
        ("__builtins__", "the name __builtins__"),
        ("'{0.__class__}'.format(1)", "a text with `__`"),
        ("f'{x.__class__}'", "the attribute __class__"),
    ],
)
def test_the_filter_refuses(source, reason):
    found = run(source + "\ndef f(): return 1", "f", [])
    assert found.error == "refused" and reason in found.message


def test_the_filter_lets_functions_through():
    source = """from __future__ import annotations
import collections, math
from functools import lru_cache
from typing import List
class Node:
    def __init__(self, value): self.value = value
@lru_cache(None)
def g(n): return n if n < 2 else g(n - 1) + g(n - 2)
def f(a: List[int]):
    counts = collections.Counter(a)
    for _ in range(3): a.append(math.gcd(*a))
    return a, dict(counts), g(30), Node(4).value, "%d {}".format(5) % 6
if __name__ == "__main__":
    f([1])
"""
    source = source.replace("from __future__ import annotations\n", "")
    assert run(source, "f", [[4, 6]]) == Outcome(
        [[4, 6, 2, 2, 2], {"4": 1, "6": 1}, 832040, 4, "6 5"]
    )


def test_arguments_that_are_no_json_are_the_callers_mistake(any_pool):
    with pytest.raises(ValueError, match="not JSON compliant"):
        any_pool.run("def f(a): return a", "f", [float("nan")])
    assert any_pool.run("def f(a): return a", "f", [1]) == Outcome(1)


@pytest.mark.parametrize(
    "source",
    [
        *FORKS.values(),
        "def f(): return open('/etc/passwd')",
        "import _socket\ndef f(): _socket.socket()",
    ],
)
def test_limits_alone_start_and_open_nothing(limits_pool, source):
    source = "import os, time, subprocess, threading, ctypes\n" + source
    assert attack(limits_pool, source).error in ("raised", "died")


# ---------------------------------------------------------------------- the sandbox's own end


def test_a_sandbox_that_is_gone_is_started_again_and_never_a_result():
    with Pool(1, MEMORY_MB) as pool:
        assert pool.run("def f(): return 1", "f", []) == Outcome(1)
        for pid in ours():
            os.kill(pid, signal.SIGKILL)
        while any(
            psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in ours()
        ):
            time.sleep(0.01)
        assert pool.run("def f(): return 1", "f", []) == Outcome(1)
        source = "def f():\n while True: pass"
        (guard,) = [pid for pid in ours() if psutil.Process(pid).ppid() == os.getpid()]
        killer = subprocess.Popen(
            [sys.executable, "-c", f"import os, time; time.sleep(0.3); os.kill({guard}, 9)"]
        )
        with pytest.raises(SandboxError, match="ended"):
            pool.run(source, "f", [])
        killer.wait()
        assert pool.run("def f(): return 1", "f", []) == Outcome(1)
    assert gone()


@pytest.mark.parametrize("layers", [LAYERS, ()], ids=["all", "none"])
@pytest.mark.parametrize("busy", [True, False])
def test_nothing_outlives_a_killed_parent(busy, layers):
    program = f"""
from data.sandbox import Pool
pool = Pool(1, {MEMORY_MB}, {layers!r})
pool.run("def f(): return 1", "f", [])
print("ready", flush=True)
if {busy}:
    pool.run("def f():\\n while True: pass", "f", [], timeout_s=60)
input()
"""
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as parent:  # fmt: skip
        assert parent.stdout.readline() == b"ready\n"
        time.sleep(0.2)
        assert len(ours(caller=parent.pid)) == 2 + busy
        parent.kill()
    assert gone(caller=parent.pid)


def test_a_fork_has_a_pool_of_its_own():
    assert run("def f(): return 1", "f", []) == Outcome(1)
    pid = os.fork()
    if pid == 0:
        os._exit(run("def f(): return 7", "f", []).value)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    assert run("def f(): return 1", "f", []) == Outcome(1)


def test_what_is_in_force_is_said():
    known = {"limits", "no root", "network", "processes", "files", "system calls"}
    assert {"limits"} <= set(protection()) <= known
    with Pool(1, layers=()) as pool:
        assert set(pool.protection()) <= {"limits", "no root"}


NO_MAPS = """
from data.sandbox import jail
jail.drop_root()
jail._call("prctl", jail._PR_SET_DUMPABLE, 0, 0, 0, 0)  # /proc/self/uid_map is root's now
print(jail.enter_namespaces())
"""


def test_a_system_that_gives_spaces_without_users_gives_none():
    """As with some distributions' defaults: `unshare` works, mapping a user does not."""
    done = subprocess.run([sys.executable, "-c", NO_MAPS], capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout == "False\n"
