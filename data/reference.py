"""What a reference model does on each prompt: columns `reference_tokens` and `reference_accuracy`, which O1-Pruner and
AdaptThink compare with. The file is written by scripts/reference.py and named by `reference:` in a recipe.

JSON lines: {"id": the prompt's id in the mixture, "reference_tokens": mean tokens, "reference_accuracy": in [0, 1]}; other
keys are left alone.
"""

from pathlib import Path
from typing import Any

from datasets import Dataset

from data.mirror import json_lines
from recipes.errors import UserError

COLUMNS = ("reference_tokens", "reference_accuracy")


def load_reference(path: str, where: str) -> dict[str, dict[str, float]]:
    """Columns by prompt id. Raises UserError for a missing file, key or a value out of range."""
    if not Path(path).is_file():
        raise UserError(
            f"{where}: reference: found {path!r}, which is no file; scripts/reference.py writes one"
        )
    found = {}
    for row in json_lines(Path(path)):
        tokens, accuracy = (row.values.get(column) for column in COLUMNS)
        if not isinstance(tokens, (int, float)) or tokens < 0:
            raise UserError(
                f"{row.where}: reference_tokens: found {tokens!r}; expected a number >= 0"
            )
        if not isinstance(accuracy, (int, float)) or not 0 <= accuracy <= 1:
            raise UserError(
                f"{row.where}: reference_accuracy: found {accuracy!r}; expected a number in [0, 1]"
            )
        found[str(row.values.get("id"))] = dict(zip(COLUMNS, (tokens, accuracy), strict=True))
    return found


def with_reference(dataset: Dataset, path: str, where: str) -> Dataset:
    """`dataset` with the two columns. Raises UserError when a prompt has no reference."""
    reference = load_reference(path, where)
    ids: list[Any] = dataset["id"]
    if missing := [identifier for identifier in ids if identifier not in reference]:
        raise UserError(
            f"{where}: reference: {path}: {len(missing)} of {len(ids)} prompts are missing, such as {missing[0]!r}; "
            "write the file again with this recipe's data and seed"
        )
    for column in COLUMNS:
        dataset = dataset.add_column(column, [float(reference[key][column]) for key in ids])
    return dataset
