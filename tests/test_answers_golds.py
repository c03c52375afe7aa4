"""The self-test of golds, and its command."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from data.answers.golds import gold_problems, kinds

ROOT = Path(__file__).resolve().parents[1]


def test_golds_that_can_be_graded_are_no_problem():
    golds = [
        "18",
        "work\n#### 1,234",
        r"\boxed{7}",
        r"\frac{1}{2}",
        r"\text{June}",
        r"5\text{ cm}",
        "1011_2",
        "[1,2)",
    ]
    report = gold_problems(golds)
    assert report.num_golds == 8
    assert report.problems == []


def test_a_gold_that_does_not_equal_itself_is_reported_with_its_row():
    problems = gold_problems(["18", r"\frac{", ""]).problems
    assert [(problem.row, problem.why) for problem in problems] == [
        (1, "not itself"),
        (2, "not itself"),
    ]


def test_a_gold_that_cannot_be_read_is_reported():
    assert [problem.why for problem in gold_problems([r"\int_0^"]).problems] == ["unread"]


@pytest.mark.parametrize(
    "gold, found",
    [
        ("18", []),
        ("1,234", ["commas"]),
        (r"5\text{ cm}", ["units"]),
        (r"5\text{ feet }6\text{ inches}", ["units"]),
        (r"\text{June}", ["text"]),
        ("1011_2", ["base"]),
        ("[1,2)", ["commas", "interval"]),
        ("x<3", ["interval"]),
        ("1,2", ["commas", "several answers"]),
        (r"\{1,2\}", ["commas", "several answers"]),
        (r"1 \pm \sqrt{2}", ["several answers"]),
    ],
)
def test_kinds_that_need_care(gold, found):
    assert kinds(gold) == found


def test_kinds_are_counted():
    counts = gold_problems(["18", "1,2", r"\{3,4\}", "1011_2"]).kinds
    assert counts == {"commas": 2, "several answers": 2, "base": 1}


def command(path, *more):
    line = [sys.executable, "-m", "eval.score", "golds", str(path), *more]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_names_file_line_and_reason(tmp_path):
    path = tmp_path / "problems.jsonl"
    path.write_text("".join(json.dumps({"final": gold}) + "\n" for gold in ("18", r"\frac{")))
    done = command(path, "--key", "final")
    assert done.returncode == 1
    assert done.stdout == f"{path}:2: '\\\\frac{{': not itself\n"
    assert "2 golds, 1 problems" in done.stderr


def test_the_command_passes_where_all_golds_are_fine(tmp_path):
    path = tmp_path / "problems.jsonl"
    path.write_text('{"answer": "18"}\n')
    done = command(path)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_command_refuses_rows_without_the_key(tmp_path):
    path = tmp_path / "problems.jsonl"
    path.write_text('{"answer": "18"}\n')
    done = command(path, "--key", "gold")
    assert done.returncode == 2
    assert f"{path}:1: gold: found None" in done.stderr
