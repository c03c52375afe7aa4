"""Rows of public data sets: from a mirror folder ($TETHER_DATA) when it is set, else from the Hub.

A row that cannot be used is an error that names file and line; nothing is dropped silently.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from recipes.errors import UserError

ENVIRONMENT = "TETHER_DATA"


class Row(NamedTuple):
    """`where` is file:line, for error messages."""

    where: str
    values: dict[str, Any]


def read_rows(relative: str, hub: tuple[str, str], required: tuple[str, ...]) -> Iterator[Row]:
    """Rows of `<mirror>/<relative>` (JSON lines), or of file `hub[1]` (.jsonl or .parquet) in Hub
    data set `hub[0]`.

    Blank lines are skipped (several benchmark files end in one). Raises UserError for a missing
    file, a line that is not a JSON object, or a row without one of the `required` keys.
    """
    path = _local(relative, hub)
    rows = _parquet(path) if path.suffix == ".parquet" else _json_lines(path)
    for row in rows:
        if missing := [key for key in required if row.values.get(key) is None]:
            raise UserError(
                f"{row.where}: missing {', '.join(missing)}; found keys {', '.join(row.values)}"
            )
        yield row


def _json_lines(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            where = f"data {path}:{number}"
            if not line.strip():
                continue
            try:
                values = json.loads(line)
            except json.JSONDecodeError as error:
                raise UserError(f"{where}: not JSON: {error.msg} at column {error.colno}") from None
            if not isinstance(values, dict):
                raise UserError(f"{where}: found {type(values).__name__}; expected an object")
            yield Row(where, values)


def _parquet(path: Path) -> Iterator[Row]:
    for index, values in enumerate(pyarrow.parquet.read_table(path).to_pylist()):
        yield Row(f"data {path}:{index}", values)


def _local(relative: str, hub: tuple[str, str]) -> Path:
    if mirror := os.environ.get(ENVIRONMENT):
        path = Path(mirror) / relative
        if not path.is_file():
            raise UserError(
                f"data {path}: no such file; {ENVIRONMENT}={mirror} should hold {relative}"
            )
        return path
    repository, file = hub
    try:
        return Path(hf_hub_download(repository, file, repo_type="dataset"))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise UserError(
            f"data {repository}/{file}: cannot be fetched from the Hub ({type(error).__name__}); "
            f"set {ENVIRONMENT} to a folder that holds {relative}"
        ) from error
