"""A sweep in wandb: its tables, the picture, and the trade-off as a plot that can be explored there."""

import os
from dataclasses import asdict
from typing import Any

import wandb

from eval.export import Rows
from recipes.run import RunDir
from recipes.schema import SweepRecipe


def log_sweep(recipe: SweepRecipe, run: RunDir, tables: dict[str, Rows]) -> None:
    """tables: name -> rows; the one named `curve` is plotted, and a picture that has the name of one is logged beside it.
    Every launch goes on with the same wandb run."""
    run.prepare_wandb()
    # wandb reads the environment once in a process, which may have logged another run before.
    own: dict[str, Any] = {
        key: os.environ[f"WANDB_{key.upper()}"] for key in ("mode", "project", "resume", "dir")
    }
    with wandb.init(
        id=run.wandb_id(), name=recipe.name, job_type="sweep", config=asdict(recipe), **own
    ) as logged:
        found = {
            name: wandb.Table(list(rows[0]), [list(row.values()) for row in rows])
            for name, rows in tables.items()
        }
        logged.log(found)
        for name in tables:
            if (picture := run.path / f"{name}.png").is_file():
                logged.log({f"{name}_picture": wandb.Image(str(picture))})
        if "curve" in found:
            title = recipe.title or recipe.name
            plot = wandb.plot.scatter(found["curve"], "capability", "compliance", title=title)
            logged.log({"curve_plot": plot})
