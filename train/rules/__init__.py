"""What cannot work and what confounds a study, found before a model is loaded. One function each (base.py), by topic."""

import importlib
import pkgutil

from recipes.errors import UserError
from train.launch import Launch
from train.rules.base import CAUTIONS, REFUSALS, Rule


def refuse(launch: Launch) -> None:
    """Raises UserError with one line for each rule that the launch breaks, on the main process: the others end with it."""
    if launch.config.process_index == 0 and (broken := _broken(REFUSALS, launch)):
        raise UserError("\n".join(broken))


def cautions(launch: Launch) -> list[str]:
    """One line each."""
    return _broken(CAUTIONS, launch)


def _broken(rules: list[Rule], launch: Launch) -> list[str]:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    found = (rule(launch) for rule in rules)
    return [f"{launch.where}: {text}" for text in found if text is not None]
