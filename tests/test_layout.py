"""The house: imports run one way, names shadow nothing, and the packages are those of this checkout."""

import ast
import importlib
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("recipes", "data", "train", "eval")
MAY_IMPORT = {
    "recipes": {"recipes"},
    "data": {"recipes", "data"},
    "train": {"recipes", "data", "train"},
    "eval": {"recipes", "data", "eval"},
}
FILES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.append(node.module or "")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path):
    package = path.relative_to(ROOT).parts[0]
    ours = {name.partition(".")[0] for name in imports(path)} & set(PACKAGES)
    assert ours <= MAY_IMPORT[package]
    assert "eval" not in imports(path), "`import eval` shadows the builtin"


def test_no_file_shadows_a_module():
    # `accelerate launch train/x.py` puts train/ first on sys.path: train/random.py would be everybody's
    # `random`.
    taken = sys.stdlib_module_names | {"torch", "trl", "peft", "datasets", "accelerate", "wandb"}
    launched = [path for path in FILES if path.parent.name in ("train", "eval")]
    assert [path.name for path in launched if path.stem in taken] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_are_of_this_checkout(package):
    file = importlib.import_module(package).__file__
    assert file is not None
    assert Path(file).resolve().parent == ROOT / package


def test_data_and_eval_are_not_ignored():
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert not {"data", "data/", "/data/", "eval", "eval/", "/eval/"} & set(ignored)
