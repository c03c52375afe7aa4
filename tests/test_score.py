"""Scoring responses from outside: rows in, verdicts out, in order; nothing is written for a file with a bad row."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from eval.score import grade
from recipes.errors import UserError

ROOT = Path(__file__).resolve().parents[1]
GOOD = {
    "benchmark": "ifeval",
    "instruction_id_list": ["keywords:existence", "punctuation:no_comma"],
    "kwargs": [{"keywords": ["now"], "N": None}, {}],
    "response": "I know it.\n1,000",
    "prompt": "not read",
}


def write(path, *rows):
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def score(path, out, *more):
    command = [
        sys.executable,
        "-m",
        "eval.score",
        "constraints",
        str(path),
        "--out",
        str(out),
        *more,
    ]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_verdicts_come_in_the_order_of_the_rows(tmp_path):
    thought = {**GOOD, "benchmark": "mathif", "response": "<think>\na, b\n</think>\nnow"}
    path = write(tmp_path / "responses.jsonl", GOOD, "", thought)
    done = score(path, tmp_path / "out.jsonl", "--scorer", "official")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    # "know" holds "now" for the reference; the comma is on the last line, which loose forgives, and
    # inside of the thinking, which it does not.
    assert rows == [
        {"strict": [True, False], "loose": [True, True]},
        {"strict": [True, False], "loose": [True, False]},
    ]
    # The table counts where the scorers differ, and says why.
    assert "whole words" in " ".join(done.stderr.split())


def test_repaired_is_the_default_and_thinking_is_stripped_on_demand(tmp_path):
    thought = {**GOOD, "response": "<think>\na, b\n</think>\nnow"}
    endless = {**GOOD, "response": "<think>\nnow"}
    path = write(tmp_path / "responses.jsonl", GOOD, thought, endless)
    strict = [row.strict for row in grade(path, "repaired", strip_think=True)]
    assert strict == [[False, False], [True, True], [False, False]]


@pytest.mark.parametrize(
    "row, said",
    [
        ("{", "not JSON"),
        ("[]", "found list; expected an object"),
        ({**GOOD, "benchmark": "ifevil"}, "benchmark"),
        ({**GOOD, "instruction_id_list": ["keywords:existance", "startend:quotation"]}, "Did you mean 'keywords:existence'"),
        ({**GOOD, "instruction_id_list": ["keywords:existence"]}, "found 2 entries; expected one for each of the 1 ids"),
        ({**GOOD, "kwargs": [{}, {}]}, "missing key 'keywords'"),
        ({**GOOD, "kwargs": [{"keywords": ["a"], "n": 3}, {}]}, "unknown key 'n'"),
        ({**GOOD, "kwargs": [{"keywords": []}, {}]}, "found []"),
        ({key: GOOD[key] for key in GOOD if key != "response"}, "missing key 'response'"),
        ({**GOOD, "response": None}, "response"),
    ],
)  # fmt: skip
def test_a_bad_row_is_named_by_its_line(tmp_path, row, said):
    path = write(tmp_path / "responses.jsonl", GOOD, row)
    with pytest.raises(UserError) as error:
        list(grade(path, "official", strip_think=False))
    assert str(error.value).startswith(f"{path}:2: ")
    assert said in str(error.value)


def test_nothing_is_written_for_a_file_with_a_bad_row(tmp_path):
    path = write(tmp_path / "responses.jsonl", GOOD, "{")
    done = score(path, tmp_path / "out.jsonl")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(f"error: {path}:2: not JSON")
    assert [file.name for file in tmp_path.iterdir()] == ["responses.jsonl"]


def test_a_missing_file_is_one_line(tmp_path):
    done = score(tmp_path / "nowhere.jsonl", tmp_path / "out.jsonl")
    assert done.returncode == 2
    assert "nowhere.jsonl: no such file" in done.stderr
