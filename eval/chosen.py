"""What a user calls a checkpoint or a regime of a sweep -> its records on disk.

`runs/<sweep>/records/<run>/<step>`, `sweep:run@step`, or `sweep:label@step` for all seeds of a regime; without @step, the
last one that has records.
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

EXPECTED = "runs/<sweep>/records/<run>/<step>, sweep:run@step or sweep:label@step"


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
    mark = RecordFile.mark_of(path)
    if mark is None:
        raise UserError(f"{path}: line 1: found no fingerprint; expected what a sweep writes there")
    return measure(RecordFile(path, mark).read())


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
    run, _, step = rest.partition("@")
    folders = tuple(records / name for name in _runs(text, records, run))
    return Chosen(text, tuple(folder / _step(text, folders, step) for folder in folders))


def _sweeps(name: str) -> str:
    known = [folder.parent.name for folder in runs_root().glob("*/records")]
    return did_you_mean(name, known) if known else ""


def _runs(text: str, records: Path, name: str) -> tuple[str, ...]:
    """The runs that a name stands for: one, or those of a label in the sweep's recipe."""
    runs = [folder.name for folder in records.iterdir() if folder.is_dir()]
    if name in runs:
        return (name,)
    recipe = records.parent / "recipe.yaml"
    labels = load_recipe(str(recipe), SweepRecipe, []).runs if recipe.is_file() else {}
    if name not in labels:
        raise UserError(f"{text}: unknown run {name!r}.{did_you_mean(name, [*runs, *labels])}")
    return labels[name]


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
