"""Statistics of the sweep: means, intervals, the Pareto front, and what is kept of an interrupted file."""

import dataclasses
import math
import random

import numpy as np
import pytest
from scipy.stats import bootstrap

from eval.measured import join, measure
from eval.points import CheckpointScores, Point, curve_points, pareto
from eval.records import Record, RecordFile
from eval.resamples import NUM_RESAMPLES, groups, intervals, resamples
from eval.scores import Score, cot_edges, scores, scores_of
from eval.tables import interval, seed_spread


def record(problem="p", condition="with", correct=True, met=(True,), difficulty=1, **more):
    num_constraints = len(met)
    met = list(met) if condition == "with" else []
    values = dict(
        key=f"{problem}/{condition}", problem=problem, condition=condition, source="tiny", difficulty=difficulty,
        num_constraints=num_constraints, kinds=["k"] * len(met), met=met, correct=correct, extracted="1", method="number",
        outcome="closed", truncated=False, reasoning_tokens=10, response_tokens=5, gold="1", completion="x",
    )  # fmt: skip
    return Record(**values | more)


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


def test_cells_correct_times_compliant_sum_to_all():
    found = scores([
        record("a"), record("b", met=(False,)), record("c", correct=False), record("d", met=(False,), correct=False),
        record("e", met=(False,), correct=False), record("f", correct=None),  # undecided: in no cell
    ])  # fmt: skip
    cells = ("correct_and_hacc", "correct_not_hacc", "incorrect_and_hacc", "incorrect_not_hacc")
    assert [find(found, cell).value for cell in cells] == [20.0, 20.0, 20.0, 40.0]


def test_completed_only_leaves_truncated_records_out_in_every_slice():
    found = scores([
        record("a"), record("b", correct=False, met=(False,), truncated=True, difficulty=2), record("c", difficulty=2),
    ])  # fmt: skip
    assert find(found, "hacc").value == pytest.approx(200 / 3)
    assert find(found, "hacc_completed").value == 100.0 and find(found, "hacc_completed").n == 2
    assert find(found, "hacc", "difficulty=2").value == 50.0
    assert find(found, "hacc_completed", "difficulty=2").value == 100.0
    assert find(found, "met", "kind=k").value == pytest.approx(200 / 3)
    assert find(found, "met_completed", "kind=k").value == 100.0
    assert find(found, "truncation_rate", "difficulty=2").value == 50.0
    assert not [score for score in found if score.metric == "truncation_rate_completed"]


def test_official_verdicts_stand_beside_the_repaired_ones_where_there_are_any():
    verdicts = {"a": ((True, True), [True, False]), "b": ((True, False), [False, False])}
    rows = [
        record(problem, met=met, met_official=official)
        for problem, (met, official) in verdicts.items()
    ]
    found = scores(rows)
    assert (find(found, "hacc").value, find(found, "sacc").value) == (50.0, 75.0)
    assert (find(found, "hacc_official").value, find(found, "sacc_official").value) == (0.0, 25.0)
    assert find(found, "met_official", "kind=k").value == 25.0
    assert "hacc_loose" not in {score.metric for score in found}
    assert "hacc_official" not in {score.metric for score in scores([record("a")])}


def test_negative_and_positive_constraints_are_told_apart():
    """By what an instruction says, not by kind: of two records one breaks `no commas`, and each meets half of the rest."""
    forbidding = ["punctuation:no_comma", "keywords:forbidden_words"]
    found = scores([
        record("a", kinds=["punctuation:no_comma", "startend:quotation"], met=(False, True)),
        record("b", kinds=[*forbidding, "startend:end_checker"], met=(True, True, False)),
    ])  # fmt: skip
    # no_comma 0 and 100, forbidden_words 100; quotation 100, end_checker 0
    assert find(found, "met", "polarity=negative").value == pytest.approx(200 / 3)
    assert find(found, "met", "polarity=positive").value == 50.0
    assert find(found, "met_completed", "polarity=negative").n == 2


def test_what_no_response_can_meet_can_be_set_aside():
    found = scores([record("a"), record("b", met=(False,), satisfiable=False)])
    assert find(found, "hacc").value == 50.0
    assert find(found, "hacc", "satisfiable=True").value == 100.0


def test_records_without_verdicts_or_gold_say_nothing_about_them():
    found = scores([record("a", met=(), kinds=["k"], correct=None, gold="")])
    metrics = {score.metric for score in found}
    assert "reasoning_tokens" in metrics
    assert not metrics & {"hacc", "sacc", "met", "accuracy_with", "undecided", "correct_and_hacc"}


def test_average_at_k_of_problems_that_are_sampled_four_times():
    # avg@4: (3/4 + 1/4) / 2 = 50 %, behind which there are two problems.
    right = {"a": (1, 1, 1, 0), "b": (1, 0, 0, 0)}
    found = scores(
        [record(problem, correct=bool(ok)) for problem, all_of in right.items() for ok in all_of]
    )
    assert find(found, "accuracy_with").value == 50.0 and find(found, "accuracy_with").n == 2


def test_bins_of_the_chain_of_thought_are_sextiles_over_all_checkpoints():
    short, long = ([record(str(k), reasoning_tokens=length) for k, length in enumerate(lengths)]
                   for lengths in (range(1, 7), range(7, 13)))  # fmt: skip
    parts = [measure(short), measure(long)]
    edges = cot_edges(parts)
    assert [int(edge) for edge in edges] == [2, 4, 6, 8, 10]  # of 1 to 12
    bins = [score.slice for score in scores_of(parts[0], edges) if score.metric == "hacc"]
    assert bins[-3:] == ["cot_bin=1 (0-2)", "cot_bin=2 (3-4)", "cot_bin=3 (5-6)"]
    assert all(
        find(scores_of(parts[1], edges), "hacc", f"cot_bin={k}").n == 2
        for k in ("4 (7-8)", "5 (9-10)", "6 (11-)")
    )


def test_lengths_that_coincide_share_a_bin():
    found = scores(
        [record(str(k), reasoning_tokens=length) for k, length in enumerate([5] * 10 + [9] * 2)]
    )
    bins = {
        score.slice: score.n for score in found if score.metric == "hacc" and "cot" in score.slice
    }
    assert bins == {"cot_bin=1 (0-5)": 10, "cot_bin=2 (6-)": 2}


def test_the_order_of_records_changes_no_interval():
    rng = random.Random(0)
    rows = [
        record(f"{k}", correct=rng.random() < 0.6, difficulty=k % 3, met=(rng.random() < 0.5,))
        for k in range(30)
    ]
    before = scores(rows)
    rng.shuffle(rows)
    for there, here in zip(before, scores(rows), strict=True):
        assert there[:2] == here[:2] and there[2:] == pytest.approx(here[2:])


def test_runs_together_score_as_their_records_together():
    one = [record("a"), record("b", correct=False, met=(True, False), truncated=True)]
    two = [record("c", difficulty=3), record("a", correct=False, met=(False,))]
    assert scores_of(join([measure(one), measure(two)]), (4.0,)) == scores_of(
        measure(one + two), (4.0,)
    )


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


def test_interval_of_a_mean_is_that_of_the_textbook():
    # Ten problems per stratum, three strata: se = sqrt(sum((10 / 30)^2 * s^2 / 10)) with the sample variance s^2 (n - 1).
    rng = np.random.default_rng(1)
    values = rng.normal(50, 10, (30, 200))
    strata = ((1, 1),) * 10 + ((2, 1),) * 10 + ((3, 1),) * 10
    variance = sum(values[k : k + 10].var(axis=0, ddof=1) / 10 / 9 for k in (0, 10, 20))
    low, high = intervals(values, np.ones((30, 200)), strata)
    assert np.mean((high - low) / 2 / np.sqrt(variance)) == pytest.approx(1.96, abs=0.02)


def test_interval_agrees_with_scipy():
    values = np.random.default_rng(3).exponential(20, 60)
    theirs = bootstrap(
        (values,), np.mean, method="percentile", n_resamples=20_000, rng=0
    ).confidence_interval
    (low,), (high,) = intervals(values[:, None], np.ones((60, 1)), ((1, 1),) * 60)
    mean, wider = values.mean(), math.sqrt(60 / 59)  # scipy's variance is short by 59 / 60
    assert mean - low == pytest.approx((mean - theirs.low) * wider, rel=0.08)
    assert high - mean == pytest.approx((theirs.high - mean) * wider, rel=0.08)


def test_ninety_five_percent_intervals_hold_the_truth_so_often():
    # 400 benchmarks: 60 problems in strata of two, four samples of each; a problem's samples share its chance of success.
    rng = np.random.default_rng(2)
    chance = rng.beta(
        2, 2, (60, 400)
    )  # mean 0.5, variance 0.05; of one sample, given the chance, 0.25 - 0.05
    right = 100.0 * rng.binomial(4, chance)
    low, high = intervals(
        right, np.full((60, 400), 4.0), tuple((k // 2, 1) for k in range(60)), seed=5
    )
    # 1.96 * 100 * sqrt((0.05 + 0.20 / 4) / 60) = 8.0 points; taken for 240 independent samples they would claim 6.3.
    assert np.mean(high - low) / 2 == pytest.approx(8.0, abs=0.3)
    held = np.mean((low <= 50) & (high >= 50))
    assert (
        0.91 <= held <= 0.98
    )  # 0.95 within 4 standard errors (0.011), or a little less, as usual with few problems


def test_a_stratum_of_one_problem_is_not_free_of_chance():
    assert [list(some) for some in groups(((1, 1), (2, 1), (1, 1), (3, 1)))] == [[0, 2], [1, 3]]
    assert [list(some) for some in groups(((1, 1), (1, 1), (2, 1)))] == [[0, 1, 2]]
    assert [list(some) for some in groups(((1, 1),))] == [[0]]
    values = columns([0.0, 100.0] * 20)
    low, high = intervals(values, np.ones((40, 1)), tuple((k, 1) for k in range(40)))
    assert (high - low).item() / 2 == pytest.approx(1.96 * 50 / math.sqrt(39), abs=1.5)


def test_weights_of_a_resample_have_mean_one_and_keep_the_size_of_each_stratum():
    weights = resamples(((1, 1),) * 5 + ((2, 1),) * 3, seed=0)
    assert weights.shape == (8, NUM_RESAMPLES)
    assert np.allclose(weights[:5].sum(axis=0), 5) and np.allclose(weights[5:].sum(axis=0), 3)
    # Rao and Wu: variance 1 for every problem, whatever the stratum's size.
    assert np.allclose(weights.var(axis=1), 1, atol=0.12)


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


def test_cases_of_one_problem_are_one_question():
    """Two functions of three and one cases; `output` and `state` are met together once in the first."""
    cases = {"a": [(True, True), (True, False), (True, True)], "b": [(False, True)]}
    records = [
        record(
            name, met=met, key=f"{name}/{n}/with", case=f"{name}/{n}", kinds=["logic:output", "logic:state"],
            truncated=n == 1, correct=None, gold=None,
        )
        for name, verdicts in cases.items() for n, met in enumerate(verdicts)
    ]  # fmt: skip
    found = scores(records)
    assert find(found, "hacc").value == 50.0  # of four cases two
    question = find(found, "question_hacc")
    assert (question.value, question.n) == (0.0, 2)
    of_kind = {
        kind: find(found, "question_met", f"kind=logic:{kind}") for kind in ("output", "state")
    }
    assert of_kind["output"].value == 50.0 and of_kind["output"].n == 2  # all of a's, not b's
    assert of_kind["state"].value == 50.0  # b's, not all of a's
    assert not [
        one for one in found if one.metric in ("question_hacc_completed", "question_met_completed")
    ]


def test_problems_of_one_prompt_have_no_question_level():
    assert not [one for one in scores([record("a")]) if one.metric.startswith("question")]
