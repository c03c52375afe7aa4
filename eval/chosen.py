"""What a user calls a checkpoint or a regime of a sweep -> its records on disk.

`runs/<sweep>/records/<run>/<step>`, `sweep:run@step`, or `sweep:label@step` for all seeds of a regime; without @step, the
last one that has records. A mitigation's records lie in a folder of its own there: `sweep:run@step/budget_stop_32`.
"""

import re
from pathlib import Path
from typing import NamedTuple

from eval.measured import Measured, join, measure
from eval.records import RecordFile
from recipes.errors import UserError
from recipes.registry import did_you_mean
from recipes.run import runs_root
from recipes.schema import SweepRecipe, load_recipe

EXPECTED = "runs/<sweep>/records/<run>/<step>, sweep:run@step or sweep:label@step, each with /mitigation or without"


class Chosen(NamedTuple):
    """folders: of records, one per run."""

    name: str
    folders: tuple[Path, ...]

    def benchmarks(self) -> set[str]:
        """Those that all runs have finished."""
        found = [{file.stem for file in folder.glob("*.jsonl")} for folder in self.folders]
        return set.intersection(*found)

    def measured(self, benchmark: str) -> Measured:
        return join([measure_file(folder / f"{benchmark}.jsonl") for folder in self.folders])


def measure_file(path: Path) -> Measured:
    return measure(RecordFile.found(path).read())


def choose(text: str) -> Chosen:
    """Raises UserError for what does not exist."""
    if Path(text).is_dir():
        chosen = Chosen(text, (Path(text),))
        if not chosen.benchmarks():
            raise UserError(f"{text}: found no finished records (*.jsonl); expected {EXPECTED}")
        return chosen
    sweep, colon, rest = text.partition(":")
    if not colon:
        raise UserError(f"{text}: no such folder; expected {EXPECTED}{_sweeps(text)}")
    records = runs_root() / sweep / "records"
    if not records.is_dir():
        raise UserError(
            f"{text}: found no records of a sweep {sweep!r} in {runs_root()}.{_sweeps(sweep)}"
        )
    place, _, mitigation = rest.rpartition("/")
    if place.partition("@")[0] not in _names(records):  # a label may have a slash of its own
        place, mitigation = rest, ""
    run, _, step = place.partition("@")
    folders = tuple(records / name for name in _runs(text, records, run))
    found = tuple(folder / _step(text, folders, step) for folder in folders)
    return Chosen(text, tuple(_mitigated(text, folder, mitigation) for folder in found))


def _mitigated(text: str, folder: Path, mitigation: str) -> Path:
    known = [one.name for one in folder.iterdir() if one.is_dir()]
    if mitigation and mitigation not in known:
        raise UserError(
            f"{text}: unknown mitigation {mitigation!r}.{did_you_mean(mitigation, known)}"
        )
    return folder / mitigation


def _sweeps(name: str) -> str:
    known = [folder.parent.name for folder in runs_root().glob("*/records")]
    return did_you_mean(name, known) if known else ""


def _runs(text: str, records: Path, name: str) -> tuple[str, ...]:
    """The runs that a name stands for: one, or those of a label in the sweep's recipe."""
    known = _names(records)
    if name not in known:
        raise UserError(f"{text}: unknown run {name!r}.{did_you_mean(name, list(known))}")
    return known[name]


def _names(records: Path) -> dict[str, tuple[str, ...]]:
    """Labels of the sweep's recipe and runs with records, and the runs that each stands for."""
    recipe = records.parent / "recipe.yaml"
    labels = load_recipe(str(recipe), SweepRecipe, []).runs if recipe.is_file() else {}
    return labels | {one.name: (one.name,) for one in records.iterdir() if one.is_dir()}


def _step(text: str, folders: tuple[Path, ...], step: str) -> str:
    """`step`, or the last one that all folders have records of."""
    found = [{file.parent.name for file in folder.glob("*/*.jsonl")} for folder in folders]
    steps = sorted(set.intersection(*found), key=_numbers)
    if not steps:
        raise UserError(
            f"{text}: no step with finished records in {', '.join(map(str, folders))}; run the sweep to its end"
        )
    if step and step not in steps:
        raise UserError(f"{text}: found step {step!r}; expected one of {', '.join(steps)}")
    return step or steps[-1]


def _numbers(step: str) -> list[float]:
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", step)]
