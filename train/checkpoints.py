"""Saving that a crash cannot spoil, for transformers' Trainer: see recipes/checkpoints.py."""

import os
import shutil
from pathlib import Path
from typing import Any

import torch
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR, rotate_checkpoints

from recipes.checkpoints import STAGING, is_disk_error, publish, seal
from recipes.errors import UserError

# Several processes on a CPU have the device "cpu:0" (accelerate 1.15), which torch.load refuses as a place for an optimizer.
torch.serialization.register_package(
    0, lambda storage: None, lambda storage, place: storage if place == "cpu:0" else None
)


class WholeCheckpoints:
    """Put before a Trainer among the bases."""

    args: Any
    state: Any
    accelerator: Any
    _staging = False

    def _get_output_dir(self, trial: Any) -> str:
        folder: str = super()._get_output_dir(trial)  # type: ignore[misc]
        return os.path.join(folder, STAGING) if self._staging else folder

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        run = Path(self._get_output_dir(trial))
        staged = run / STAGING / f"{PREFIX_CHECKPOINT_DIR}-{self.state.global_step}"
        if self.args.should_save and (run / STAGING).exists():
            shutil.rmtree(run / STAGING)
        self.accelerator.wait_for_everyone()
        self._staging = True
        try:
            super()._save_checkpoint(model, trial)  # type: ignore[misc]
            self.accelerator.wait_for_everyone()
            if self.args.should_save:
                seal(staged, self.args.world_size)
                publish(staged, run)
        except Exception as error:
            if not is_disk_error(error):
                raise
            raise UserError(
                f"{run}: {staged.name} could not be saved: {' '.join(str(error).split())[:200]}. Earlier checkpoints are "
                "whole: make room, and the same command continues"
            ) from error
        finally:
            self._staging = False
        if self.args.should_save:
            # Trainer has looked for old ones where it saved.
            rotate_checkpoints(
                output_dir=str(run), save_total_limit=self.args.save_total_limit, use_mtime=True
            )
        self.accelerator.wait_for_everyone()
