"""Rows of public data sets: from a mirror folder ($TETHER_DATA) when it is set, else from the Hub.

A row that cannot be used is an error that names file and line; nothing is dropped silently.
"""

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from recipes.errors import UserError

ENVIRONMENT = "TETHER_DATA"
SUMS = Path(__file__).with_name("SHA256SUMS")  # of the mirror's files, as sha256sum writes them
# Commits of the Hub's data sets. As others pin them in public: nothing here could ask the Hub. Of those that are not named
# here the newest is taken, and SUMS says whether it is the one that our figures are of.
REVISIONS = {
    "DigitalLearningGmbH/MATH-lighteval": "0530c78699ea5e8eb5530600900e1f328b48acad",
    "HuggingFaceH4/MATH-500": "6e4ed1a2a79af7d8630a6b768ec859cb5af4d3be",
    "HuggingFaceH4/aime_2024": "2fe88a2f1091d5048c0f36abc874fb997b3dd99a",
    "agentica-org/DeepScaleR-Preview-Dataset": "b6ae8c60f5c1f2b594e2140b91c49c9ad0949e29",
    "allenai/IFBench_test": "2e8a48de45ff3bf41242f927254ca81b59ca3ae2",
    "allenai/IF_multi_constraints_upto5": "2e3a77407b7fce69f95b248d64a884e3ae1c2423",
    "google/IFEval": "966cd89545d6b6acfd7638bc708b98261ca58e84",
    "math-ai/aime25": "563bb8404243c5f09de6ec262f2db674fe5bce9b",
    "math-ai/amc23": "80815d37005feb82cd7f8fbc6901d5d3eff43057",
    "math-ai/minervamath": "ee46ddc498933b1977577953250ca5c66be64f96",
    "math-ai/olympiadbench": "4faaf1e6ec17d11a4218a9bf4c049ecaf954dd84",
    "openai/gsm8k": "740312add88f781978c0658806c59bc2815b9866",
}
_hub_is_down = False  # found out once: each try takes 24 s


class Unavailable(UserError):
    """A file that is neither in the mirror folder nor to be had from the Hub."""


class Row(NamedTuple):
    """`where` is file:line, or file[index] where there are no lines."""

    where: str
    values: dict[str, Any]


def read_rows(relative: str, hub: tuple[str, str], required: tuple[str, ...]) -> Iterator[Row]:
    """Rows of `<mirror>/<relative>`, or of file `hub[1]` in Hub data set `hub[0]`: .jsonl, .json (a list) or .parquet.

    Blank lines are skipped (several benchmark files end in one). Raises Unavailable for a missing
    file, UserError for a line that is not a JSON object, or a row without one of the `required` keys.
    """
    path = _local(relative, hub)
    _compare(path, relative)
    rows = _READERS[path.suffix](path)
    for row in rows:
        if missing := [key for key in required if row.values.get(key) is None]:
            raise UserError(
                f"{row.where}: missing {', '.join(missing)}; found keys {', '.join(row.values)}"
            )
        yield row


@cache
def _compare(path: Path, relative: str) -> None:
    """Says once when a file is another version than the one that our figures are of."""
    lines = SUMS.read_text(encoding="utf-8").splitlines()
    sums = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    expected = sums.get(relative)
    if expected is None or path.suffix != Path(relative).suffix:
        return
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != expected:
        print(
            f"caution: {path}: found SHA-256 {found[:12]}..., expected {expected[:12]}... ({SUMS.name}): another version of "
            f"{relative}; its scores may not compare with published ones",
            file=sys.stderr,
        )


def json_lines(path: Path) -> Iterator[Row]:
    """The objects of a file of JSON lines; blank lines are skipped. Raises UserError for a line that is not one."""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            where = f"{path}:{number}"
            if not line.strip():
                continue
            try:
                values = json.loads(line)
            except json.JSONDecodeError as error:
                raise UserError(f"{where}: not JSON: {error.msg} at column {error.colno}") from None
            if not isinstance(values, dict):
                raise UserError(f"{where}: found {type(values).__name__}; expected an object")
            yield Row(where, values)


def _json_list(path: Path) -> Iterator[Row]:
    """The objects of a JSON list; where: file[index]."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise UserError(f"{path}:{error.lineno}: not JSON: {error.msg}") from None
    if not isinstance(found, list):
        raise UserError(f"{path}: found {type(found).__name__}; expected a list of objects")
    for index, values in enumerate(found):
        if not isinstance(values, dict):
            raise UserError(f"{path}[{index}]: found {type(values).__name__}; expected an object")
        yield Row(f"{path}[{index}]", values)


def _parquet(path: Path) -> Iterator[Row]:
    for index, values in enumerate(pyarrow.parquet.read_table(path).to_pylist()):
        yield Row(f"{path}[{index}]", values)


_READERS = {".jsonl": json_lines, ".json": _json_list, ".parquet": _parquet}


def _mirrored(mirror: Path, relative: str) -> Path:
    """`relative` in the mirror folder, in any of the formats that are read."""
    path = mirror / relative
    for found in (path, *map(path.with_suffix, _READERS)):
        if found.is_file():
            return found
    raise Unavailable(f"data {path}: no such file; {ENVIRONMENT}={mirror} should hold {relative}")


def _local(relative: str, hub: tuple[str, str]) -> Path:
    if mirror := os.environ.get(ENVIRONMENT):
        return _mirrored(Path(mirror), relative)
    global _hub_is_down
    repository, file = hub
    try:
        found = hf_hub_download(
            repository, file, repo_type="dataset", revision=REVISIONS.get(repository),
            local_files_only=_hub_is_down,
        )  # fmt: skip
        return Path(found)
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        _hub_is_down = isinstance(error, LocalEntryNotFoundError)
        raise Unavailable(
            f"data {repository}/{file}: cannot be fetched from the Hub ({type(error).__name__}); "
            f"set {ENVIRONMENT} to a folder that holds {relative}"
        ) from error
