"""The recipe's data as every process trains on them: decontaminated, reported, and the same rows everywhere."""

import hashlib
import json

from accelerate.utils import gather_object
from datasets import Dataset
from transformers import TrainingArguments

from data.decontaminate import Decontaminator
from data.decontaminate.report import REPORT, Report
from data.sources import Source, load_mixture
from recipes.errors import UserError
from recipes.run import RunDir
from recipes.schema import TrainRecipe


def load_rows(
    recipe: TrainRecipe,
    sources: list[Source],
    decontaminator: Decontaminator,
    config: TrainingArguments,
    run: RunDir,
) -> Dataset:
    """Raises UserError where rows differ: between processes, or from those that an interrupted run began with."""
    with config.main_process_first(desc="benchmarks"):  # it downloads, the others find the files
        decontaminator.prepare(sources)
    dataset = load_mixture(sources, recipe.seed, decontaminator, recipe.system_prompt)
    if config.process_index == 0:
        write_report(decontaminator.report, run)
    ids = hashlib.sha256("\n".join(dataset["id"]).encode()).hexdigest()
    require_one(gather_object([ids]), run)
    return dataset


def write_report(report: Report, run: RunDir) -> None:
    """Raises UserError when checkpoints were trained on other rows: then resuming would not be exact."""
    path = run.path / REPORT
    if path.is_file() and run.checkpoints():
        before = {row["id"] for row in json.loads(path.read_text(encoding="utf-8"))["removed"]}
        now = {row.id for row in report.removed}
        if before != now:
            raise UserError(
                f"{path}: the checkpoints were trained without {len(before):,} rows, now {len(now):,} are left out "
                f"({len(before & now):,} of both); expected the same benchmarks to be readable as then, or another `name`"
            )
    report.write(path)
    report.tell(path)


def require_one(digests: list[str], run: RunDir) -> None:
    """Raises UserError unless all processes have the same rows."""
    if len(set(digests)) > 1:
        raise UserError(
            f"{run.path}: {len(digests)} processes loaded {len(set(digests))} different sets of rows; expected one: some "
            "could read a benchmark that others could not (set TETHER_DATA to a folder that all of them see)"
        )
