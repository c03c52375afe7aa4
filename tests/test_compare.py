"""python -m eval.compare: names of checkpoints and regimes, the printed verdict, and what users get wrong."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from eval.chosen import choose
from eval.compare import main, parse
from eval.records import RecordFile
from recipes.errors import UserError
from tests.test_scores import record

RECIPE = "name: s\nseed: 0\nruns: {joint: [j0, j1]}\nbenchmarks: [{name: tiny}]\n"


def write(root, run, step, right, met=True, benchmark="tiny"):
    file = RecordFile(root / f"s/records/{run}/{step}/{benchmark}.jsonl", "mark")
    file.start([row for k, ok in enumerate(right) for row in (
        record(f"p{k:03d}", "without", correct=bool(ok)), record(f"p{k:03d}", correct=bool(ok), met=(met,)))])  # fmt: skip
    file.finish()


@pytest.fixture
def sweep(tmp_path, monkeypatch):
    monkeypatch.setenv("TETHER_RUNS", str(tmp_path))
    write(tmp_path, "base", 0, [1] * 20 + [0] * 20)
    write(tmp_path, "j0", 9, [1] * 30 + [0] * 10)
    write(tmp_path, "j0", 10, [1] * 36 + [0] * 4)
    write(tmp_path, "j1", 10, [1] * 38 + [0] * 2)
    (tmp_path / "s/recipe.yaml").write_text(RECIPE)
    return tmp_path


def printed(capsys, *args):
    main(parse([*args]))
    return capsys.readouterr().out


def test_names_stand_for_folders(sweep):
    assert choose("s:j0@9").folders == (sweep / "s/records/j0/9",)
    assert choose("s:j0").folders == (sweep / "s/records/j0/10",)  # the last step, by number
    assert choose("s:joint").folders == (sweep / "s/records/j0/10", sweep / "s/records/j1/10")
    assert choose("s:base").folders == (sweep / "s/records/base/0",)
    folder = sweep / "s/records/j0/9"
    assert choose(str(folder)).folders == (folder,)


@pytest.mark.parametrize(
    "name, message",
    [
        ("t:j0", r"found no records of a sweep 't' in .*\. Accepted: s"),
        ("s:j2", r"unknown run 'j2'\. Accepted: base, j0, j1, joint"),
        ("s:bse", r"unknown run 'bse'\. Did you mean 'base'\?"),
        ("s:j0@11", r"found step '11'; expected one of 9, 10"),
        ("s:joint@9", r"found step '9'; expected one of 10"),
        ("nowhere", r"nowhere: no such folder; expected runs/<sweep>/records/<run>/<step>"),
    ],
)
def test_what_does_not_exist_is_named(sweep, name, message):
    with pytest.raises(UserError, match=message):
        choose(name)


def test_files_that_are_no_records_are_named(sweep):
    (sweep / "s/records/j0/9/tiny.jsonl").write_text('{"key": 1}\n')
    with pytest.raises(UserError, match=r"tiny\.jsonl: line 1: found no fingerprint"):
        choose("s:j0@9").measured("tiny")
    (sweep / "empty").mkdir()
    with pytest.raises(UserError, match="found no finished records"):
        choose(str(sweep / "empty"))


def test_the_verdict_is_printed_with_what_could_not_be_paired(sweep, capsys):
    write(sweep, "j1", 11, [1] * 41)  # one problem more than the others
    found = printed(capsys, "s:j1@11", "s:base")
    assert "tiny: 80 pairs, 40 problems" in found
    line = next(row for row in found.splitlines() if "accuracy_without" in row)
    # 100 % against 50 %.
    assert [part.strip() for part in line.split("│")][2:5] == ["100.0", "50.0", "+50.0"]
    assert "better" in line
    text = " ".join(found.split())
    assert "A is better than B in accuracy_without (+50.0); within noise in hacc." in text
    assert "in 100 % of the resamples; the other way round in 0 %." in text
    assert (
        "2 prompts of A have no partner and were left out, e.g. p040 (with constraints, sample 0)."
        in text
    )


def test_numbers_as_json_for_a_regime_against_the_base_model(sweep, capsys):
    (one,) = json.loads(
        printed(capsys, "s:joint", "s:base", "--metric", "accuracy_with", "hacc", "--json")
    )
    assert (one["a"], one["b"], one["pairs"], one["only_a"]) == ("s:joint", "s:base", 80, 0)
    first = one["differences"][0]
    assert first["metric"] == "accuracy_with"
    assert first["difference"] == pytest.approx(42.5)  # (90 + 95) / 2 - 50
    assert first["verdict"] == "better" and first["n"] == 40
    assert one["dominance"] == {"a": 1.0, "b": 0.0}


def test_a_metric_about_which_no_pair_says_anything_is_named(sweep, capsys):
    found = printed(capsys, "s:j0", "s:base", "--metric", "hacc_official")
    assert "Nothing was measured of hacc_official." in found


@pytest.mark.parametrize(
    "args, message",
    [
        (["--metric", "hac"], "unknown metric 'hac'. Did you mean 'hacc'?"),
        (
            ["--benchmark", "tini"],
            "--benchmark: unknown 'tini'. Did you mean 'tiny'? Accepted: tiny",
        ),
    ],
)
def test_a_wrong_option_is_named(sweep, args, message):
    with pytest.raises(UserError) as error:
        main(parse(["s:j0", "s:base", *args]))
    assert message in str(error.value)


def test_checkpoints_without_a_prompt_in_common_cannot_be_compared(sweep):
    file = RecordFile(sweep / "s/records/j0/12/tiny.jsonl", "mark")
    file.start([record("other")])
    file.finish()
    with pytest.raises(UserError, match=r"s:j0@12, s:base: tiny: no prompt in common"):
        main(parse(["s:j0@12", "s:base"]))
    write(sweep, "j0", 13, [1], benchmark="mathif")
    with pytest.raises(UserError, match="no benchmark in common: found mathif and tiny"):
        main(parse(["s:j0@13", "s:base"]))


def test_the_command_runs_and_a_wrong_name_is_one_line(sweep):
    command = [sys.executable, "-m", "eval.compare", "s:j3", "s:base"]
    root = Path(__file__).resolve().parents[1]
    found = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert found.returncode == 2
    assert found.stderr == "error: s:j3: unknown run 'j3'. Accepted: base, j0, j1, joint\n"
