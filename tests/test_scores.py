"""Statistics of the sweep: means, intervals, the Pareto front, and what is kept of an interrupted file."""

import dataclasses
import random

import numpy as np
import pytest

from eval.curve import CheckpointScores, Point, curve_points, interval, pareto, seed_spread
from eval.records import Record, RecordFile
from eval.scores import Score, intervals, scores


def record(problem="p", condition="with", correct=True, met=(True,), difficulty=1, **more):
    return Record(
        key=f"{problem}/{condition}", problem=problem, condition=condition, source="tiny", difficulty=difficulty,
        num_constraints=len(met), kinds=["k"] * len(met) if condition == "with" else [],
        met=list(met) if condition == "with" else [], correct=correct, extracted="1", method="number",
        outcome="closed", truncated=False, reasoning_tokens=10, response_tokens=5, gold="1", completion="x", **more,
    )  # fmt: skip


def find(found, metric, name="all"):
    return next(score for score in found if (score.metric, score.slice) == (metric, name))


def test_metrics_of_four_records():
    found = scores([
        record("a", met=(True, True)), record("a", "without", met=(True, True), correct=False),
        record("b", met=(True, False), correct=False), record("b", "without", met=(True, False)),
    ])  # fmt: skip
    assert find(found, "hacc").value == 50.0
    assert find(found, "sacc").value == 75.0  # (1 + 0.5) / 2
    assert find(found, "accuracy_with").value == 50.0
    assert find(found, "accuracy_without").value == 50.0
    assert find(found, "correct_and_hacc").value == 50.0
    assert find(found, "met", "kind=k").value == 75.0
    assert find(found, "hacc").n == 2


def test_undecided_gradings_are_left_out_and_counted():
    found = scores([record("a", correct=None), record("b", correct=True)])
    assert find(found, "accuracy_with").value == 100.0 and find(found, "accuracy_with").n == 1
    assert find(found, "undecided").value == 50.0


def columns(*values):
    return np.array(values, dtype=float).T


def test_interval_matches_the_normal_approximation():
    # 400 problems, one stratum, half of them right: 1.96 * sqrt(0.25 / 400) = 4.9 points.
    values = columns([100.0, 0.0] * 200)
    (low,), (high,) = intervals(values, np.ones((400, 1)), ((1, 1),) * 400)
    assert low == pytest.approx(45.1, abs=0.8) and high == pytest.approx(54.9, abs=0.8)


def test_strata_that_explain_everything_leave_no_width():
    values = columns([100.0] * 50 + [0.0] * 50)
    low, high = intervals(values, np.ones((100, 1)), ((1, 1),) * 50 + ((2, 1),) * 50)
    assert (low.item(), high.item()) == (50.0, 50.0)


def test_every_column_has_its_own_interval_and_an_empty_one_none():
    # Of 400 problems the second column knows 100: 1.96 * sqrt(0.25 / 100) = 9.8 points.
    known = columns([1] * 400, [1, 1, 0, 0, 0, 0, 0, 0] * 50, [0] * 400)
    right = columns([100, 0] * 200, [100, 0, 0, 0, 0, 0, 0, 0] * 50, [0] * 400)
    low, high = intervals(right, known, ((1, 1),) * 400)
    assert (high - low)[:2] / 2 == pytest.approx([4.9, 9.8], abs=0.8)
    assert np.isnan(low[2]) and np.isnan(high[2])


def test_a_metric_without_records_is_left_out():
    found = scores([record("a", "without")])
    assert not [score for score in found if score.metric in ("hacc", "accuracy_with")]
    assert not any(np.isnan(number) for score in found for number in score[2:5])


def test_none_of_thirty_is_not_certainly_zero():
    # Clopper-Pearson for 0 of 30: 1 - 0.025 ** (1 / 30) = 11.57 %.
    none = find(scores([record(str(i), correct=False) for i in range(30)]), "accuracy_with")
    assert (none.value, none.low) == (0.0, 0.0) and none.high == pytest.approx(11.57, abs=0.01)
    every = find(scores([record(str(i)) for i in range(30)]), "accuracy_with")
    assert every.high == 100.0 and every.low == pytest.approx(88.43, abs=0.01)


def test_records_of_one_problem_move_together():
    # 50 problems seen four times each carry the information of 50, not of 200.
    random.seed(0)
    once = [record(str(i), correct=bool(i % 2)) for i in range(50)]
    four = [dataclasses.replace(r, key=f"{r.key}{j}") for r in once for j in range(4)]
    one, many = (find(scores(rows), "accuracy_with") for rows in (once, four))
    assert many.high - many.low == pytest.approx(one.high - one.low, rel=0.05)


def point(label, x, y, run=None, step=1):
    return Point(
        label,
        run,
        step,
        Score("x", "all", x, x - 1, x + 1, 9),
        Score("y", "all", y, y - 1, y + 1, 9),
    )


def test_pareto_front_of_five_points():
    a, b, c, d, e = (point(n, x, y) for n, x, y in
                     [("a", 10, 90), ("b", 50, 70), ("c", 40, 60), ("d", 80, 20), ("e", 80, 10)])  # fmt: skip
    assert [p.label for p in pareto([e, c, a, d, b])] == ["a", "b", "d"]


def test_pareto_front_has_no_dominated_point():
    rng = random.Random(0)
    points = [point(str(i), rng.random(), rng.random()) for i in range(200)]
    front = pareto(points)
    for p in points:
        beaten = any(
            q.x.value >= p.x.value and q.y.value >= p.y.value and q is not p for q in points
        )
        assert (p in front) is not beaten


def test_points_and_spread_over_seeds():
    def row(run, value):
        return CheckpointScores("r", run, 5, "tiny", (Score("accuracy_without", "all", value, 0, 100, 9),
                                                      Score("hacc", "all", value, 0, 100, 9)))  # fmt: skip

    rows = [row(None, 20.0), row("s0", 18.0), row("s1", 22.0)]
    assert len(curve_points(rows, "tiny")) == 3
    assert seed_spread(rows, rows[0], "hacc") == " (sd 2.8)"  # sqrt(((18-20)^2 + (22-20)^2) / 1)
    assert seed_spread(rows[:2], rows[0], "hacc") == ""
    assert interval(rows[0].get("hacc")) == "20.0 ± 50.0"


def test_an_interrupted_file_keeps_its_whole_lines(tmp_path):
    file = RecordFile(tmp_path / "x.jsonl", "mark")
    file.start([])
    file.append([record("a"), record("b")])
    assert not file.complete()
    with file.part.open("a") as handle:
        handle.write('{"key": "c/wi')  # cut off by kill -9
    assert [r.problem for r in file.partial()] == ["a", "b"]
    file.start(file.partial())
    file.append([record("c")])
    file.finish()
    assert file.complete() and [r.problem for r in file.read()] == ["a", "b", "c"]


def test_records_of_other_weights_or_prompts_are_not_used(tmp_path):
    file = RecordFile(tmp_path / "x.jsonl", "mark")
    file.start([record("a")])
    assert RecordFile(tmp_path / "x.jsonl", "other").partial() == []
    file.finish()
    assert file.complete() and not RecordFile(tmp_path / "x.jsonl", "other").complete()
