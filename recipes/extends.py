"""What recipes share: `extends: FILE`, or a list of files, at the top of a recipe.

Later files win over earlier ones, and the recipe over all of them. Sections merge key by key, one level deep; a list, and a
mapping that names a class (`length_penalty: {name: ...}`), replaces the other as a whole. Paths are as on the command line.
The run directory holds the result.
"""

from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from recipes.errors import UserError

KEY = "extends"


def read(path: str, trail: tuple[str, ...] = ()) -> tuple[dict[str, Any], list[str]]:
    """The sections of a recipe file, merged with those it extends, and the names of these files.

    trail: the files that led here. Raises UserError for a file that is missing, no mapping, or extends itself.
    """
    if path in trail:
        raise UserError(f"{trail[-1]}: {KEY}: found {path!r}, which extends this file; remove one")
    own = _mapping(path, trail)
    merged: dict[str, Any] = {}
    extended: list[str] = []
    for base in _bases(own.pop(KEY, []), path):
        sections, more = read(base, (*trail, path))
        merged = merge(merged, sections)
        extended += [base, *more]
    return merge(merged, own), extended


def merge(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """`own` over `base`; neither is changed."""
    return base | {
        key: {**base[key], **value} if _merges(base.get(key), value) else value
        for key, value in own.items()
    }


def _merges(base: Any, own: Any) -> bool:
    return isinstance(base, dict) and isinstance(own, dict) and "name" not in own


def _bases(value: Any, path: str) -> list[str]:
    files = [value] if isinstance(value, str) else value
    if not isinstance(files, list) or not all(isinstance(file, str) for file in files):
        raise UserError(f"{path}: {KEY}: found {value!r}; expected a recipe file or a list of them")
    return files


def _mapping(path: str, trail: tuple[str, ...]) -> dict[str, Any]:
    if not Path(path).is_file():
        known = [str(file) for file in sorted(Path("recipes").rglob("*.yaml"))]
        close = get_close_matches(path, known, n=1, cutoff=0.5)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        if trail:
            raise UserError(f"{trail[-1]}: {KEY}: found {path!r}, which is no file.{hint}")
        raise UserError(f"{path}: no such recipe.{hint}")
    try:
        raw = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise UserError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(raw, dict):
        raise UserError(f"{path}: found {type(raw).__name__}; expected a mapping of sections")
    return raw
