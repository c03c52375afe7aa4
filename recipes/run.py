"""The run directory: where a run writes, what it was made from, and which of its checkpoints are
whole."""

import importlib.metadata
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from recipes.checkpoints import STAGING, STATE, Checkpoint, damage, num_processes
from recipes.errors import UserError
from recipes.schema import Recipe, to_yaml

PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "deepspeed", "numpy")


def check_checkout(script: str) -> None:
    """Stop when `script` and the imported packages come from two checkouts (one environment, two
    clones)."""
    launched, imported = Path(script).resolve().parents[1], Path(__file__).resolve().parents[1]
    if launched != imported:
        raise SystemExit(
            f"{script} is in {launched}, but the packages come from {imported}. Run `pip install -e {launched}`."
        )


def runs_root() -> Path:
    """`runs/` of the working directory, or $TETHER_RUNS."""
    return Path(os.environ.get("TETHER_RUNS", "runs"))


def git_commit() -> str:
    """The commit of this checkout, with `-dirty` when tracked files differ; `unknown` outside a git
    repository."""
    root = Path(__file__).resolve().parents[1]
    command = [
        "git",
        "-C",
        str(root),
        "describe",
        "--always",
        "--abbrev=12",
        "--dirty",
        "--exclude=*",
    ]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


@dataclass(frozen=True)
class Resume:
    """path is None for a fresh start; a finished run must not be resumed (Trainer would add a
    step)."""

    path: str | None
    step: int
    finished: bool


@dataclass(frozen=True)
class RunDir:
    path: Path

    @classmethod
    def named(cls, name: str) -> "RunDir":
        return cls(runs_root() / name)

    def create(self, recipe: Recipe) -> None:
        """Write recipe.yaml and run.json. Raises UserError when the folder holds a run of another
        recipe."""
        self.path.mkdir(parents=True, exist_ok=True)
        text = to_yaml(recipe)
        kept = self.path / "recipe.yaml"
        if kept.is_file() and kept.read_text(encoding="utf-8") != text and self.checkpoints():
            raise UserError(
                f"{self.path}: holds checkpoints of another recipe ({kept}). Give this run another `name`, or remove it."
            )
        write_atomically(kept, text)
        facts = {
            "git_commit": git_commit(),
            "seed": recipe.seed,
            "python": sys.version.split()[0],
            "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
            "command": sys.argv,
            "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        }
        write_atomically(self.path / "run.json", json.dumps(facts, indent=2) + "\n")

    def begun(self, name: str, recipe: Recipe) -> Path | None:
        """The file of JSON lines that an interrupted launch of this recipe wrote, without a half last line; None where
        there is none. Raises UserError where another recipe's wrote it."""
        path, kept = self.path / name, self.path / "recipe.yaml"
        if not path.is_file():
            return None
        if not kept.is_file() or kept.read_text(encoding="utf-8") != to_yaml(recipe):
            raise UserError(
                f"{path}: found samples of another recipe ({kept}). Give this one another `name`, or remove {self.path}."
            )
        cut_half_line(path)
        return path

    def wandb_id(self) -> str:
        """Of the run in wandb, the same for every launch."""
        path = self.path / "wandb_id"
        if not path.is_file():
            write_atomically(path, secrets.token_hex(4) + "\n")
        return path.read_text(encoding="utf-8").strip()

    def prepare_wandb(self) -> None:
        """Without an account: into the run directory, unless WANDB_MODE=online says otherwise. Every launch of a run goes
        on with the same wandb run."""
        os.environ["WANDB_RUN_ID"] = self.wandb_id()
        os.environ["WANDB_RESUME"] = "allow"
        os.environ.setdefault("WANDB_MODE", "offline")
        os.environ.setdefault("WANDB_PROJECT", "tether")
        os.environ.setdefault("WANDB_DIR", str(self.path))
        os.environ.setdefault("WANDB_SILENT", "true")

    def lock(self) -> FileLock:
        """Hold the run for this process until it ends, however it ends. Raises UserError when another one has it."""
        self.path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise UserError(
                f"{self.path}: another process is training this run; wait for it or stop it"
            ) from None
        return lock

    def checkpoints(self) -> list[Checkpoint]:
        """In step order, of any Trainer; those that are being written are not among them."""
        return [found for found in self._folders() if (found.path / STATE).is_file()]

    def _folders(self) -> list[Checkpoint]:
        """Everything that is called a checkpoint, in step order."""
        steps = {
            folder: folder.name.removeprefix("checkpoint-")
            for folder in self.path.glob("checkpoint-*")
        }
        found = [Checkpoint(path, int(step)) for path, step in steps.items() if step.isdigit()]
        return sorted(found, key=lambda checkpoint: checkpoint.step)

    def resume_from(self, processes: int) -> Resume:
        """Where training by so many processes continues: the newest whole checkpoint. What is damaged is named and skipped.

        Raises UserError where other numbers of processes saved it: they would see other data.
        """
        if (self.path / STAGING).exists():
            shutil.rmtree(self.path / STAGING)  # a save that was cut off
        for folder in reversed(self._folders()):
            fault = damage(folder.path)
            if fault:
                print(f"{folder.path}: {fault}; skipped", file=sys.stderr)
                continue
            saved_by = num_processes(folder.path)
            if saved_by != processes:
                raise UserError(
                    f"{folder.path}: saved by {saved_by} processes, found {processes}; continue with {saved_by}, or give "
                    "this run another `name`"
                )
            return _resume(folder)
        return Resume(None, 0, False)

    def newest(self) -> Resume | None:
        """The newest whole checkpoint and whether it is the run's last; changes nothing on disk."""
        found = self.checkpoints()
        return _resume(found[-1]) if found else None


def _resume(checkpoint: Checkpoint) -> Resume:
    state = json.loads((checkpoint.path / STATE).read_text(encoding="utf-8"))
    return Resume(str(checkpoint.path), checkpoint.step, checkpoint.step >= state["max_steps"])


def cut_half_line(path: Path) -> None:
    """Take off what a killed process left of a last line."""
    with path.open("r+b") as file:
        file.truncate(sum(len(line) for line in file if line.endswith(b"\n")))


def write_atomically(path: Path, text: str) -> None:
    """Write to a temporary name and rename, so that a file that exists is complete."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
