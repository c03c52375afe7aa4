"""Checkpoints on disk: which are whole, and how one becomes visible only when it is.

Trainer writes a checkpoint file by file. Here it does so in `.saving/`; what is complete is listed with its sizes in
`checkpoint.json` and then renamed to `checkpoint-N`, which no crash can do by half. Later damage (a file that was removed
or cut) shows against that list.
"""

import errno
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

STATE = "trainer_state.json"
MANIFEST = "checkpoint.json"
STAGING = ".saving"
# What a full, read-only or limited disk says, through Python, safetensors (Rust) and torch (C++).
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)
DISK_WORDS = (
    *(os.strerror(code) for code in DISK_ERRORS),
    "PytorchStreamWriter failed",
    "iostream error",
    "inline_container",
)


@dataclass(frozen=True)
class Checkpoint:
    """A saved model of a run; `step` is 0 for the base model."""

    path: Path
    step: int


def seal(folder: Path, num_processes: int) -> None:
    """Writes the list of what a complete checkpoint holds, with everything on the disk before it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    for path in files:
        _flush(path)
    sizes = {str(path.relative_to(folder)): path.stat().st_size for path in files}
    manifest = folder / MANIFEST
    manifest.write_text(
        json.dumps({"num_processes": num_processes, "files": sizes}, indent=2) + "\n",
        encoding="utf-8",
    )
    _flush(manifest)
    _flush(folder)


def publish(staged: Path, run: Path) -> None:
    """`staged`, which is complete, appears under its name in the run directory, in place of a damaged one."""
    target = run / staged.name
    if target.exists():
        shutil.rmtree(target)
    staged.rename(target)
    _flush(run)
    shutil.rmtree(staged.parent)


def damage(folder: Path) -> str:
    """What is wrong with a checkpoint, in a few words; empty where nothing is."""
    try:
        sizes = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    except FileNotFoundError:
        return f"no {MANIFEST}, so it was not saved whole"
    except (ValueError, KeyError, TypeError):
        return f"{MANIFEST} cannot be read"
    found = [_fault(folder / name, name, size) for name, size in sizes.items()]
    return ", ".join(filter(None, found))


def _fault(path: Path, name: str, size: int) -> str:
    if not path.is_file():
        return f"{name} is missing"
    there = path.stat().st_size
    return "" if there == size else f"{name} has {there:,} of {size:,} bytes"


def num_processes(folder: Path) -> int:
    """That saved a whole checkpoint."""
    return int(json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["num_processes"])


def is_disk_error(error: BaseException) -> bool:
    """Whether a save failed because of the disk, not of the program."""
    if isinstance(error, OSError) and error.errno in DISK_ERRORS:
        return True
    return any(words in str(error) for words in DISK_WORDS)


def _flush(path: Path) -> None:
    """To the disk itself, so that a machine that loses its power does not leave names without contents."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
