"""The checkpoints that a sweep recipe names: a base, runs, and whatever `checkpoints:` lists."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from huggingface_hub import snapshot_download

from eval.weights import ADAPTER, CONFIG, Tensors, Weights, check_alike
from recipes.checkpoints import Checkpoint
from recipes.errors import UserError
from recipes.run import RunDir, runs_root
from recipes.schema import SweepRecipe

BASE = "base"
# Not the same weights in other formats, which large repositories also have.
FILES = ("*.json", "*.safetensors", "*.jinja", "*.txt", "*.model")
OTHERS = ("original/*", "consolidated*", "onnx/*")


@dataclass(frozen=True)
class Candidate:
    """One set of weights in the curve.

    label: its line; run: a run's name, "base", or the label as a folder name; step: along the line
    """

    label: str
    run: str
    step: int
    weights: Weights


def candidates(
    recipe: SweepRecipe, where: str, served: bool = False, waiting: bool = False
) -> list[Candidate]:
    """In the order of the recipe. Raises UserError for what cannot be found; waiting: a run may have no checkpoints yet.

    served: names are a server's
    """

    def weights(name: str, key: str) -> Weights:
        return Weights(name) if served else weights_of(name, f"{where}: {key}")

    if served and recipe.runs:
        raise UserError(
            f"{where}: runs: found {', '.join(recipe.runs)} with a served backend; expected its names in `checkpoints`"
        )
    found = [Candidate(BASE, BASE, 0, weights(recipe.base, BASE))] if recipe.base else []
    for label, names in recipe.runs.items():
        for name in names:
            found += [
                Candidate(label, name, c.step, weights_of(str(c.path), f"{where}: runs"))
                for c in _checkpoints(name, where, waiting)
            ]
    for label, entries in recipe.checkpoints.items():
        found += _listed(label, entries, f"{where}: checkpoints: {label}", served)
    _check_places(found, where)
    return found


def _checkpoints(name: str, where: str, waiting: bool) -> list[Checkpoint]:
    found = RunDir.named(name).checkpoints()
    if not (found or waiting):
        known = sorted({folder.parent.name for folder in runs_root().glob("*/checkpoint-*")})
        raise UserError(
            f"{where}: runs: {name!r} has no checkpoints in {runs_root() / name}; train it first. "
            f"Runs with checkpoints: {', '.join(known) or 'none'}"
        )
    return found


def _listed(label: str, entries: tuple[str, ...], where: str, served: bool) -> list[Candidate]:
    numbered: list[tuple[int | None, Weights]] = []
    for entry in entries:
        if "@" in entry and ":" in entry and not served:
            numbered += between(entry, where)
        else:
            weights = Weights(entry) if served else weights_of(entry, where)
            step = re.fullmatch(r"checkpoint-(\d+)", Path(entry).name)
            numbered.append((int(step[1]) if step else None, weights))
    steps = [step for step, _ in numbered]
    if None in steps or len(set(steps)) < len(steps):
        steps = list(range(len(numbered)))  # their order in the list
    name = re.sub(r"[^a-z0-9.]+", "_", label.lower()).strip("_.") or "listed"
    return [
        Candidate(label, name, step or 0, weights)
        for step, (_, weights) in zip(steps, numbered, strict=True)
    ]


def _check_places(found: list[Candidate], where: str) -> None:
    places = Counter((one.run, one.step) for one in found)
    if twice := [place for place, count in places.items() if count > 1]:
        run, step = twice[0]
        raise UserError(
            f"{where}: found {run!r}, step {step}, more than once; expected every run once, and labels in `checkpoints` "
            "that differ from each other and from the runs"
        )


def between(entry: str, where: str) -> list[tuple[int | None, Weights]]:
    """`a:b@0.0,0.25,1.0`: points from a to b, each with its percentage of b. The ends are a and b themselves."""
    pair, _, shares = entry.rpartition("@")
    names = pair.split(":")
    try:
        numbers = [float(share) for share in shares.split(",")]
    except ValueError:
        numbers = []
    if len(names) != 2 or not numbers or not all(0 <= number <= 1 for number in numbers):
        raise UserError(
            f"{where}: found {entry!r}; expected two models and numbers in [0, 1], as in a:b@0.0,0.5,1.0"
        )
    a, b = (weights_of(name, where) for name in names)
    for one in (a, b):
        if one.base:
            raise UserError(
                f"{where}: found the adapter {one.path}; expected whole models: merge it and save the result"
            )
    check_alike(Tensors(a.path), Tensors(b.path))
    return [(round(100 * share), _at(a, b, share)) for share in numbers]


def _at(a: Weights, b: Weights, share: float) -> Weights:
    if share in (0, 1):
        return b if share else a
    return Weights(a.path, other=b.path, share=share)


def weights_of(name: str, where: str) -> Weights:
    """A folder, a checkpoint in `runs/`, or a Hub name; an adapter with its base. Raises UserError for anything else."""
    folder = _folder(name, where)
    if not (folder / ADAPTER).is_file():
        if not (folder / CONFIG).is_file():
            within = ", ".join(one.name for one in sorted(folder.glob("checkpoint-*")))
            hint = (
                f"one of its checkpoints ({within})" if within else f"{CONFIG} or {ADAPTER} in it"
            )
            raise UserError(f"{where}: found {folder} without a model; expected {hint}")
        return Weights(str(folder))
    base = json.loads((folder / ADAPTER).read_text(encoding="utf-8"))["base_model_name_or_path"]
    return Weights(str(folder), base=str(_folder(str(base), f"{where}: {folder}: its base model")))


def _folder(name: str, where: str) -> Path:
    for folder in (Path(name), runs_root() / name):
        if folder.is_dir():
            return folder
    try:
        return _downloaded(name)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(
            f"{where}: found {name!r}; expected a folder with a saved model, a checkpoint in {runs_root()} or a Hub name "
            f"({reason})"
        ) from error


@cache
def _downloaded(name: str) -> Path:
    return Path(snapshot_download(name, allow_patterns=FILES, ignore_patterns=OTHERS))
