"""The kernel's part of the sandbox (Linux): what a process gives up, for good, before it runs a stranger's code.

Each step says whether it worked. None needs root; as root we become `nobody` first, whom limits bind.
"""

import ctypes
import os
import resource
from typing import Any

NOBODY = 65534
RLIMIT_MSGQUEUE = 12  # Python has no name for it

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_CLONE_NEWNS, _CLONE_NEWUTS, _CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
_CLONE_NEWUSER, _CLONE_NEWPID, _CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REC, _MS_PRIVATE = 1, 2, 4, 8, 1 << 14, 1 << 18
_CAPABILITY_VERSION_3 = 0x20080522
# What a function computes with; no call that opens, connects, starts or signals anything.
_SYSTEM_CALLS = (
    "brk", "mmap", "munmap", "mremap", "mprotect", "madvise", "read", "write", "close", "futex", "exit", "exit_group",
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall", "clock_gettime", "clock_nanosleep",
    "nanosleep", "gettimeofday", "getrandom", "getpid", "gettid", "sched_yield",
)  # fmt: skip

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: Any) -> None:
    """Raises OSError."""
    if getattr(_libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def die_with_parent(signal: int) -> None:
    """With the thread that forked us."""
    _call("prctl", _PR_SET_PDEATHSIG, signal, 0, 0, 0)


def drop_root() -> bool:
    """As root: be nobody. True when we are not root (any more)."""
    if os.geteuid() != 0:
        return True
    try:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    except OSError:  # a container in which nobody does not exist
        return False
    _call("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0)  # else our own /proc/self/uid_map is not ours
    return True


def enter_namespaces() -> bool:
    """A user, network, mount, IPC and name space of our own; the next fork starts a process space. False where the kernel
    or its configuration has none for us: containers, often, and systems that give one out without the right to map a user
    into it."""
    probe = os.fork()  # what fails half way cannot be taken back
    if not probe:
        os._exit(not _entered())
    return os.waitpid(probe, 0)[1] == 0 and _entered()


def _entered() -> bool:
    user, group = os.geteuid(), os.getegid()
    maps = {"setgroups": "deny", "uid_map": f"{user} {user} 1", "gid_map": f"{group} {group} 1"}
    try:
        _call(
            "unshare",
            _CLONE_NEWUSER | _CLONE_NEWNS | _CLONE_NEWPID | _CLONE_NEWNET | _CLONE_NEWIPC | _CLONE_NEWUTS,
        )  # fmt: skip
        for name, text in maps.items():
            with open(f"/proc/self/{name}", "w", encoding="utf-8") as file:
                file.write(text)
    except OSError:
        return False
    return True


def leave_files() -> bool:
    """An empty folder that cannot be written to becomes `/`, in our mount space. False when it cannot be mounted."""
    place = "/proc"  # any folder that is there; it is covered for us alone
    try:
        _call("mount", b"none", b"/", None, _MS_REC | _MS_PRIVATE, None)
        flags = _MS_RDONLY | _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
        _call("mount", b"tmpfs", place.encode(), b"tmpfs", flags, b"size=4k,nr_inodes=2,mode=555")
    except OSError:
        return False
    os.chroot(place)
    os.chdir("/")
    return True


def drop_privileges() -> None:
    """No capability, and no way to one: without CAP_SYS_CHROOT nobody leaves the empty `/`."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _call("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)


def limit(memory_bytes: int, cpu_s: int) -> None:
    """No new file, socket, process or thread: numbers of descriptors and of processes are limited to none."""
    none = (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE,
            resource.RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE)  # fmt: skip
    for which in none:
        resource.setrlimit(which, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))


def system_call_filter() -> Any | None:
    """A seccomp filter, to be loaded in the process that is to obey it; None where there is no libseccomp."""
    try:
        import pyseccomp
    except (ImportError, RuntimeError):  # RuntimeError: the package is there, the library is not
        return None
    found = pyseccomp.SyscallFilter(pyseccomp.ERRNO(1))  # EPERM
    for name in _SYSTEM_CALLS:
        found.add_rule(pyseccomp.ALLOW, name)
    return found
