"""Every script says what it is for, and does nothing else then."""

import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = [
    str(path.relative_to(ROOT))
    for folder in ("scripts", "scripts/bench")
    for path in sorted(ROOT.glob(f"{folder}/*.py"))
]


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_is_the_docstring_and_leaves_nothing_behind(script, monkeypatch, tmp_path, capsys):
    path = ROOT / script
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(path.parent))
    monkeypatch.setattr(sys, "argv", [script, "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(path), run_name="__main__")
    said = capsys.readouterr().out
    assert ended.value.code == 0 and "usage:" in said
    assert script in said
    assert list(tmp_path.iterdir()) == []
