"""Stopping a run so that it can go on: `touch runs/<name>/pause`, or SIGUSR1 to a training process.

The run saves at the next step that it can resume from exactly, and ends. Made for batch systems that warn before they take
the machine away (scripts/slurm); the same command continues.
"""

import signal
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from transformers import TrainerCallback

from train.arithmetic import resumable_every

PAUSE = "pause"


class Pause(TrainerCallback):  # type: ignore[misc]
    """While entered it listens for the signal. paused: whether the run was stopped by it."""

    def __init__(self, run: Path) -> None:
        self.file = run / PAUSE
        self.paused = False
        self._signalled = False

    def __enter__(self) -> "Pause":
        self._before = signal.signal(signal.SIGUSR1, self._heard)
        return self

    def __exit__(self, *_: Any) -> None:
        signal.signal(signal.SIGUSR1, self._before)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step % resumable_every(args) == 0 and self._asked(args, state):
            control.should_save = control.should_training_stop = self.paused = True

    def _heard(self, *_: Any) -> None:
        self._signalled = True

    def _asked(self, args: Any, state: Any) -> bool:
        """The same on every process, whichever was told."""
        here = self._signalled or (state.is_world_process_zero and self.file.exists())
        if not (dist.is_available() and dist.is_initialized()):
            return here
        flag = torch.tensor(int(here), device=args.device)
        dist.all_reduce(flag, op=dist.ReduceOp.MAX)
        return bool(flag)
