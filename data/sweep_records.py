"""What a sweep left on disk, for those who train on it: prompts, and how much of their constraints was met with reasoning
and without (runs/<sweep>/prompts, runs/<sweep>/records; eval/sweep.py writes both)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from recipes.errors import UserError
from recipes.run import runs_root

DIRECT = "direct"
KEYS = ("key", "problem", "source", "kinds", "met", "sample")


class Compared(NamedTuple):
    """One prompt with constraints. cot, direct: the share of them met, the mean over samples, in [0, 1]"""

    benchmark: str
    problem: str
    source: str
    kinds: tuple[str, ...]
    prompt: str
    cot: float
    direct: float


def checkpoints(sweep: str) -> list[str]:
    """`run/step` of those with records of both. Raises UserError where there are none."""
    records = runs_root() / sweep / "records"
    found = {str(path.parent.parent.relative_to(records)) for path in records.glob(f"*/*/{DIRECT}/*.jsonl")}  # fmt: skip
    if not found:
        raise UserError(
            f"sweep: found no records with and without reasoning in {records}; expected a finished sweep with "
            "`mitigations: [{name: direct}]`"
        )
    return sorted(found)


def compared(sweep: str, checkpoint: str) -> list[Compared]:
    """Prompts without constraints are left out. Raises UserError for what is missing or not in a sweep's form."""
    folder = runs_root() / sweep
    found = []
    for path in sorted((folder / "records" / checkpoint / DIRECT).glob("*.jsonl")):
        cot, direct = _met(path.parent.parent / path.name), _met(path)
        asked = _rows(folder / "prompts" / path.name, 0, ("key", "prompt"))
        prompts = {row["key"]: row["prompt"] for row in asked}
        for key, (first, shares) in cot.items():
            if key not in direct or key not in prompts:
                raise UserError(
                    f"{path}: found nothing of {key}; expected the prompts of {folder}: finish the sweep"
                )
            others = direct[key][1]
            found.append(
                Compared(
                    path.stem, first["problem"], first["source"], tuple(first["kinds"]), prompts[key],
                    sum(shares) / len(shares), sum(others) / len(others),
                )
            )  # fmt: skip
    if not found:
        raise UserError(
            f"{folder}/records/{checkpoint}: found no prompts with constraints in finished records of both"
        )
    return found


def _met(path: Path) -> dict[str, tuple[dict[str, Any], list[float]]]:
    """Prompt -> its first record, and the share of constraints met in each sample."""
    found: dict[str, tuple[dict[str, Any], list[float]]] = {}
    for row in _rows(path, 1, KEYS):
        if row["met"]:
            key = row["key"].removesuffix(f"#{row['sample']}") if row["sample"] else row["key"]
            found.setdefault(key, (row, []))[1].append(sum(row["met"]) / len(row["met"]))
    return found


def _rows(path: Path, skipped: int, keys: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        raise UserError(f"{path}: found no such file; expected what eval/sweep.py writes there")
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines[skipped:], start=skipped + 1):
        row = json.loads(line)
        if missing := [key for key in keys if key not in row]:
            raise UserError(
                f"{path}: line {number}: missing {', '.join(missing)}; expected a record of eval/sweep.py"
            )
        yield row
