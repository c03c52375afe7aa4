"""What a sweep leaves behind: pictures, every number as CSV and Parquet, what it prints, and the same in wandb."""

import csv
import io

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from eval.curve import report
from eval.measured import measure
from eval.points import curve_points
from eval.regimes import against_first, last_of, pooled, smallest, volumes
from eval.scored import Evaluated, checkpoint_scores
from eval.tracking import log_sweep
from recipes.run import RunDir
from recipes.schema import SweepRecipe
from tests.test_scores import record


def evaluated(label, run, step, right, met):
    """`right` and `met` of 20 problems."""
    records = []
    for k in range(20):
        records += [
            record(f"p{k}", "without", correct=k < right),
            record(f"p{k}", correct=k < right, met=(k < met,)),
        ]
    return Evaluated(label, run, step, "tiny", measure(records))


@pytest.fixture(scope="module")
def rows():
    """Capability, compliance in percent: base 50, 50; joint, two seeds, 75, 60; answer 60, 40 and then 80, 40."""
    return checkpoint_scores(
        [
            evaluated("base", "base", 0, 10, 10),
            evaluated("joint", "j0", 5, 14, 12),
            evaluated("joint", "j1", 5, 16, 12),
            evaluated("answer", "a", 5, 12, 8),
            evaluated("answer", "a", 10, 16, 8),
        ],
        seed=0,
    )


def recipe(**more):
    return SweepRecipe(name="s", seed=0, base="b", benchmarks=({"name": "tiny"},), **more)


@pytest.fixture(scope="module")
def reported(rows, tmp_path_factory):
    out, printed = tmp_path_factory.mktemp("s"), io.StringIO()
    report(rows, recipe(), out, Console(file=printed, width=200))
    return out, " ".join(printed.getvalue().split())


def test_pictures_are_whole_files_of_their_kind(reported):
    out, _ = reported
    starts = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}
    for kind, start in starts.items():
        data = (out / f"curve.{kind}").read_bytes()
        assert data.startswith(start) and len(data) > 5_000
    svg = (out / "curve.svg").read_text(encoding="utf-8")
    assert all(
        f"<!-- {label} -->" in svg for label in ("joint", "answer", "base model", "Pareto front")
    )


def test_the_same_report_is_the_same_picture(rows, reported, tmp_path):
    report(rows, recipe(), tmp_path, Console(file=io.StringIO()))
    for kind in ("pdf", "png", "svg"):
        assert (tmp_path / f"curve.{kind}").read_bytes() == (
            reported[0] / f"curve.{kind}"
        ).read_bytes()


def test_numbers_of_the_curve_as_csv_and_parquet(reported):
    out, _ = reported
    with (out / "curve.csv").open(encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    points = {
        (row["label"], row["run"], row["step"]): (
            row["capability"],
            row["compliance"],
            row["pareto"],
        )
        for row in found
    }
    assert points["base", "all seeds", "0"] == ("50.000", "50.000", "0")
    assert points["joint", "all seeds", "5"] == ("75.000", "60.000", "1")
    assert points["joint", "j0", "5"] == ("70.000", "60.000", "0")  # the front is of regimes
    assert points["answer", "all seeds", "10"] == ("80.000", "40.000", "1")
    exact = pq.read_table(out / "curve.parquet").to_pylist()
    for there, here in zip(exact, found, strict=True):
        assert list(there) == list(here)
        assert float(here["compliance_low"]) == pytest.approx(there["compliance_low"], abs=5e-4)


def test_every_score_is_in_the_tables(reported, rows):
    exact = pq.read_table(reported[0] / "scores.parquet")
    assert exact.num_rows == sum(len(row.scores) for row in rows)
    assert {
        "label",
        "run",
        "step",
        "benchmark",
        "metric",
        "slice",
        "value",
        "low",
        "high",
        "n",
    } == set(exact.column_names)


def test_hypervolumes_by_hand(rows, reported):
    found = {volume.label: volume.of.area for volume in volumes(pooled(rows), seed=0)}
    # All: 75 * 60 + 5 * 40 = 4700 of 10,000; joint with base 75 * 60; answer with base 50 * 50 + 30 * 40.
    assert found == pytest.approx({"all checkpoints": 47.0, "joint": 45.0, "answer": 37.0})
    exact = pq.read_table(reported[0] / "hypervolume.parquet").to_pylist()
    assert [row["label"] for row in exact] == ["all checkpoints", "joint", "answer"]
    assert all(row["low"] < row["value"] < row["high"] for row in exact)


def test_last_checkpoints_beside_the_base_model(rows, reported):
    joint, answer = against_first(pooled(rows), seed=0)
    assert (joint.label, joint.base) == ("joint", "base")
    assert [one.difference for one in joint.differences] == [25.0, 10.0]
    # Six problems for `answer`, none against: p = 2 / 2^6 = 0.031, Holm over two axes 0.0625.
    assert (answer.step, answer.differences[0].difference) == (10, 30.0)
    assert (
        answer.differences[0].p == pytest.approx(2 * 2 / 64)
        and answer.differences[0].verdict == "within noise"
    )
    assert "joint" in reported[1] and "last checkpoints minus base" in reported[1]
    assert len(pq.read_table(reported[0] / "against.parquet")) == 4  # two regimes, two axes


def test_the_smallest_difference_says_what_a_claim_would_need(rows, reported):
    last = last_of(pooled(rows))
    found = smallest(last, "accuracy_without", seed=0)
    assert (found.a, found.b, found.difference.difference) == ("joint", "answer", -5.0)
    # Two of 20 problems differ by half a point of 1: mean 5, sample variance (2 * 50^2 - 20 * 5^2) / 19 = 15.39^2; a paired
    # t-test has 80 % power at 76.4 problems (effect 0.3249, (1.96 + 0.84)^2 / 0.3249^2 = 74.3, with t two more).
    assert found.difference.needed == 77
    assert "80 % power at 5 %: 77 problems (here 20)" in reported[1]
    assert smallest([last[0], last[0]], "hacc", seed=0) is None


def test_a_sweep_without_one_axis_writes_tables_only(tmp_path):
    rows = checkpoint_scores(
        [
            Evaluated(
                "a", "a", 1, "gsm8k", measure([record("p", "without"), record("q", "without")])
            )
        ],
        0,
    )
    assert curve_points(rows, "gsm8k") == []
    report(rows, recipe(), tmp_path, Console(file=io.StringIO()))
    assert (tmp_path / "scores.parquet").is_file() and not (tmp_path / "curve.png").exists()


def test_wandb_has_the_tables_and_the_plot_offline(rows, tmp_path, monkeypatch):
    for name in (
        "WANDB_RUN_ID",
        "WANDB_RESUME",
        "WANDB_MODE",
        "WANDB_PROJECT",
        "WANDB_DIR",
        "WANDB_SILENT",
    ):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    tables = report(rows, recipe(), tmp_path, Console(file=io.StringIO()))
    (tmp_path / "mitigations.png").write_bytes((tmp_path / "curve.png").read_bytes())
    log_sweep(recipe(), RunDir(tmp_path), tables | {"mitigations": [{"mitigation": "direct"}]})
    (run,) = tmp_path.glob("wandb/offline-run-*")
    assert run.name.endswith((tmp_path / "wandb_id").read_text().strip())
    media = {path.name.split("_")[0] for path in (run / "files/media/table").glob("*.json")}
    assert {"scores", "curve", "hypervolume", "against", "mitigations"} <= media
    for name in ("curve", "mitigations"):
        assert list((run / "files/media/images").glob(f"{name}_picture*.png"))
