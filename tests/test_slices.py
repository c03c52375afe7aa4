"""Scores by slice: which rows are taken, what is written, what a user who asks for what is not there is told."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from eval.slices import draw, main, markdown, slices
from recipes.errors import UserError


def row(label, step, name, value, run="all seeds", metric="hacc", benchmark="tiny"):
    where = {"label": label, "run": run, "step": step, "benchmark": benchmark}
    bounds = {"value": value, "low": value - 2, "high": value + 2, "n": 10}
    return where | {"metric": metric, "slice": name} | bounds


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.setenv("TETHER_RUNS", str(tmp_path))
    rows = [
        row("base", 0, "all", 50.0),
        row("base", 0, "cot_bin=1 (0-35)", 55.0),
        row("base", 0, "cot_bin=2 (36-)", 45.0),
        row("base", 0, "num_constraints=1", 70.0),
        row("GRPO", 10, "num_constraints=1", 11.0),
        row("GRPO", 30, "num_constraints=1", 72.0),
        row("GRPO", 30, "num_constraints=1", 12.0, run="grpo.s0"),
        row("GRPO", 30, "num_constraints=1", 13.0, metric="sacc"),
        row("GRPO", 30, "num_constraints=1", 14.0, benchmark="held_out"),
        row("GRPO", 30, "num_constraints=3", 30.0),
        row("GRPO", 30, "kind=length", 15.0),
    ]
    (tmp_path / "s").mkdir()
    path = tmp_path / "s" / "scores.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def test_the_last_checkpoint_of_each_regime_is_read_with_its_seeds_pooled(table):
    found = slices(table, "hacc")
    assert [(r.regime, r.axis, r.place, r.at, r.value) for r in found] == [
        ("base", "cot_bin", 1, "0-35", 55.0),
        ("base", "cot_bin", 2, "36-", 45.0),
        ("base", "num_constraints", 1, "1", 70.0),
        ("GRPO", "num_constraints", 1, "1", 72.0),
        ("GRPO", "num_constraints", 3, "3", 30.0),
    ]
    assert [r.value for r in slices(table, "hacc", "held_out")] == [14.0]


def test_the_table_has_a_line_for_every_place_and_the_picture_is_written(table, capsys):
    main("s", "hacc", None)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "| hacc | base | GRPO |"
    assert "| reasoning tokens 36- | 45.0 [43.0, 47.0] |  |" in lines
    assert "| number of constraints 1 | 70.0 [68.0, 72.0] | 72.0 [70.0, 74.0] |" in lines
    for suffix in ("png", "svg", "pdf"):
        assert (table.parent / f"slices_hacc.{suffix}").stat().st_size > 1000


def test_a_sweep_without_one_of_the_axes_is_drawn_too(tmp_path):
    draw([], "hacc", tmp_path)
    assert markdown([], "hacc").startswith("| hacc |")


@pytest.mark.parametrize(
    "metric, benchmark, told", [("hac", None, "Did you mean 'hacc'"), ("hacc", "tini", "Did you mean 'tiny'")]
)  # fmt: skip
def test_what_is_not_there_is_named(table, metric, benchmark, told):
    with pytest.raises(UserError, match=told):
        slices(table, metric, benchmark)


def test_a_sweep_that_is_not_finished_is_named(tmp_path):
    with pytest.raises(UserError, match=r"scores\.parquet: no such file"):
        slices(tmp_path / "scores.parquet", "hacc")
