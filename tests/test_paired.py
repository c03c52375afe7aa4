"""Two checkpoints on the same prompts: pairing, differences, verdicts, problems needed, dominance."""

import gc
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

from eval.measured import join, measure
from eval.paired import (
    Dominance,
    Sums,
    differences,
    dominance,
    holm,
    pair,
    problems_needed,
    sign_flip,
    spread,
)
from eval.resamples import intervals
from tests.test_scores import record


@pytest.fixture(autouse=True, scope="module")
def quick_collections():
    """statsmodels' multipletests collects garbage at each call, 0.2 s while torch is loaded."""
    gc.freeze()
    yield
    gc.unfreeze()


AXES = ("accuracy_without", "hacc")


def with_answers(right, condition="with", **more):
    return measure(
        [record(f"{k:04d}", condition, correct=bool(ok), **more) for k, ok in enumerate(right)]
    )


def only(a, b, metric="accuracy_with"):
    (found,) = differences(pair(a, b), [metric])
    return found


def test_difference_of_four_pairs_by_hand():
    found = only(with_answers([1, 1, 1, 0]), with_answers([1, 0, 0, 0]))
    assert (found.a, found.b, found.difference, found.n) == (75.0, 25.0, 50.0, 4)
    # Two problems differ, both for a: of four ways to flip their signs two are as extreme.
    assert found.p == pytest.approx(0.5) and found.verdict == "within noise"


def test_interval_of_paired_differences_is_that_of_a_paired_t_test():
    rng = np.random.default_rng(0)
    a = rng.random(500) < 0.7
    b = np.where(rng.random(500) < 0.8, a, rng.random(500) < 0.5)  # mostly the same problems
    found = only(with_answers(a), with_answers(b))
    theirs = stats.ttest_rel(100.0 * a, 100.0 * b).confidence_interval()
    assert found.low == pytest.approx(theirs.low, abs=0.25) and found.high == pytest.approx(
        theirs.high, abs=0.25
    )
    # Unpaired, the interval would be half as wide again.
    alone = 1.96 * 100 * math.sqrt((a.var() + b.var()) / 500)
    assert (found.high - found.low) / 2 < 0.75 * alone


def test_p_is_that_of_the_exact_sign_test_where_differences_are_all_one():
    # Seven problems for a, one for b: 2 * (1 + 8) / 2^8.
    a, b = [1] * 7 + [0] + [1] * 30, [0] * 7 + [1] + [1] * 30
    assert only(with_answers(a), with_answers(b)).p == pytest.approx(2 * 9 / 256)
    assert stats.binomtest(7, 8).pvalue == pytest.approx(2 * 9 / 256)


@pytest.mark.parametrize("size", [6, 40])
def test_p_agrees_with_scipy(size):
    apart = np.random.default_rng(size).normal(0.25, 1, size)
    theirs = stats.permutation_test(
        (apart,), np.sum, permutation_type="samples", n_resamples=5000, rng=0, vectorized=True
    )
    # Exact for 6; two estimates of about 0.1 for 40, of which each has a standard error of up to 0.005.
    assert sign_flip(apart[:, None])[0] == pytest.approx(
        theirs.pvalue, abs=1e-9 if size == 6 else 0.02
    )


def test_five_of_five_are_not_enough_for_a_verdict():
    # The interval excludes 0 (a resample without all five has probability e^-5 = 0.7 %), the test does not.
    found = only(with_answers([1] * 100), with_answers([0] * 5 + [1] * 95))
    assert found.low > 0 and found.p == pytest.approx(2 / 32) and found.verdict == "within noise"
    assert only(with_answers([1] * 100), with_answers([0] * 8 + [1] * 92)).verdict == "better"


def test_p_is_corrected_over_the_metrics_shown():
    rng = np.random.default_rng(1)
    rows = [
        [record(f"{k}", correct=bool(x < p), met=(bool(y < q),), truncated=bool(z < r)) for k, (x, y, z) in enumerate(u)]
        for u, p, q, r in ((rng.random((200, 3)), 0.6, 0.7, 0.1), (rng.random((200, 3)), 0.45, 0.6, 0.15))
    ]  # fmt: skip
    pairs = pair(measure(rows[0]), measure(rows[1]))
    metrics = ["accuracy_with", "hacc", "truncation_rate"]
    raw = [differences(pairs, [metric])[0].p for metric in metrics]
    together = [found.p for found in differences(pairs, metrics)]
    assert together == pytest.approx(multipletests(raw, method="holm")[1])
    assert min(together) == pytest.approx(min(raw) * 3)


@pytest.mark.parametrize(
    "metric, verdict",
    [
        ("truncation_rate", "better"),
        ("reasoning_tokens", "lower"),
        ("unterminated_rate", "within noise"),
    ],
)
def test_verdicts_know_what_is_good(metric, verdict):
    a = with_answers([1] * 20, truncated=False, reasoning_tokens=10)
    b = with_answers([1] * 20, truncated=True, reasoning_tokens=90)
    assert only(a, b, metric).verdict == verdict


def test_the_same_records_do_not_differ():
    one = with_answers([1, 0] * 20)
    found = only(one, one)
    assert (found.difference, found.low, found.high, found.p) == (0, 0, 0, 1)
    assert found.verdict == "within noise" and found.needed is None
    assert dominance(pair(one, one), ("accuracy_with", "hacc")) == Dominance(0, 0)


def test_pairs_are_by_problem_condition_and_sample():
    def samples(*values):
        return measure([
            record(problem, condition, correct=ok, sample=sample)
            for problem, condition, sample, ok in values
        ])  # fmt: skip

    a = samples(("p", "with", 0, True), ("p", "with", 1, False), ("q", "with", 0, True))
    b = samples(("p", "with", 1, True), ("p", "without", 0, True), ("q", "with", 0, True))
    pairs = pair(a, b)
    assert pairs.keys == (("p", "with", 1, ""), ("q", "with", 0, ""))
    assert pairs.only_a == (("p", "with", 0, ""),) and pairs.only_b == (("p", "without", 0, ""),)
    assert differences(pairs, ["accuracy_with"])[0].difference == -50.0
    with pytest.raises(ValueError, match="no prompt in common: 3 and 1 keys"):
        pair(a, samples(("r", "with", 0, True)))


def test_pairs_of_which_one_is_undecided_or_truncated_do_not_count():
    a = measure([record("p"), record("q", correct=None), record("r")])
    b = measure([record("p", correct=False), record("q"), record("r", truncated=True)])
    assert only(a, b).n == 2 and only(a, b).difference == 50.0
    assert only(a, b, "accuracy_with_completed").n == 1
    assert only(a, b, "accuracy_with_completed").difference == 100.0


def test_seeds_of_a_regime_count_as_their_mean():
    regime = join([with_answers([1, 1]), with_answers([0, 1])])
    found = only(regime, with_answers([0, 1]))
    assert (found.a, found.b, found.difference, found.n) == (75.0, 50.0, 25.0, 2)


rows = st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(1, 3)), min_size=2, max_size=25)


@given(rows, st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_comparing_the_other_way_round_changes_the_sign_only(given_rows, random):
    a = [record(f"{k}", correct=x, difficulty=d) for k, (x, _, d) in enumerate(given_rows)]
    b = [record(f"{k}", correct=y, difficulty=d) for k, (_, y, d) in enumerate(given_rows)]
    random.shuffle(b)
    there, back = only(measure(a), measure(b)), only(measure(b), measure(a))
    assert (
        there.difference == -back.difference and there.p == back.p and there.needed == back.needed
    )
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    opposite = {"better": "worse", "worse": "better", "within noise": "within noise"}
    assert there.verdict == opposite[back.verdict]
    assert there.low <= there.difference + 1e-9 and there.difference <= there.high + 1e-9
    axes = ("accuracy_with", "hacc")
    assert (
        dominance(pair(measure(a), measure(b)), axes)
        == dominance(pair(measure(b), measure(a)), axes)[::-1]
    )


def test_intervals_of_differences_hold_the_truth_and_tests_are_seldom_wrong():
    # 1,000 comparisons of two checkpoints that are equally good, on 80 problems whose difficulty they share.
    rng = np.random.default_rng(7)
    chance = rng.beta(2, 2, (80, 1000))
    apart = 100.0 * (rng.random((80, 1000)) < chance) - 100.0 * (rng.random((80, 1000)) < chance)
    low, high = intervals(apart, np.ones((80, 1000)), ((1, 1),) * 80)
    held = np.mean((low <= 0) & (high >= 0))
    assert 0.925 <= held <= 0.975  # 0.95, standard error 0.007
    wrong = np.mean(sign_flip(apart) < 0.05)
    assert 0.02 <= wrong <= 0.06  # at most 0.05; ties make it less


def test_dominance_of_a_checkpoint_that_is_better_on_one_axis_and_the_same_on_the_other():
    def both(right):
        return measure([row for k, ok in enumerate(right) for row in (
            record(f"{k}", "without", correct=bool(ok)), record(f"{k}", met=(k % 2 == 0,)))])  # fmt: skip

    pairs = pair(both([1] * 40), both([0] * 3 + [1] * 37))
    # A resample draws none of three of 40 problems with probability (37 / 40)^39 = 4.8 %: then they are equal.
    assert dominance(pairs, AXES).a == pytest.approx(0.952, abs=0.02)
    assert dominance(pairs, AXES).b == 0.0
    assert dominance(pairs, ("accuracy_without", "hacc_official")) is None


def test_trading_one_axis_for_the_other_dominates_nothing():
    def both(right, met):
        return measure([row for k in range(40) for row in (
            record(f"{k}", "without", correct=right), record(f"{k}", met=(met,)))])  # fmt: skip

    assert dominance(pair(both(True, False), both(False, True)), AXES) == Dominance(0, 0)


def test_problems_needed_are_those_of_a_paired_t_test():
    # 5 points of difference, sd 50: effect 0.1; normal approximation (1.96 + 0.84)^2 / 0.1^2 = 785, with t two more.
    assert problems_needed(5.0, 50.0) == 787
    assert problems_needed(-5.0, 50.0) == 787
    power = TTestPower().power
    assert power(0.1, 787, 0.05) >= 0.8 > power(0.1, 785, 0.05)
    assert problems_needed(0.0, 50.0) is None and problems_needed(0.01, 50.0) is None
    assert problems_needed(50.0, 0.0) == 2 and problems_needed(500.0, 5.0) == 2


def test_problems_needed_find_the_difference_four_times_of_five():
    # A difference of 10 points, variance of one problem's difference 0.5 * 1e4: n from the formula, then 1,000 benchmarks.
    n = problems_needed(10.0, math.sqrt(0.5e4))
    rng = np.random.default_rng(3)
    step = rng.choice(
        [100.0, 0.0, -100.0], (n, 1000), p=[0.305, 0.49, 0.205]
    )  # mean 10, variance 51 - 1 = 50 (/ 100)
    found = stats.ttest_1samp(step, 0).pvalue < 0.05
    assert found.mean() == pytest.approx(0.8, abs=0.04)


def test_spread_of_differences_is_within_strata_and_agrees_with_the_sample_variance():
    apart = np.array([100.0, 0, 0, 100, 0, -100, 0, 0])
    sums = Sums(apart, np.zeros(8), np.ones(8))
    assert spread(sums, ((1, 1),) * 8) == pytest.approx(apart.std(ddof=1))
    # In two strata: (4 * var(100, 0, 0, 100) + 4 * var(0, -100, 0, 0)) / 8 = (3333.3 + 2500) / 2.
    assert spread(sums, ((1, 1),) * 4 + ((2, 1),) * 4) == pytest.approx(math.sqrt(17500 / 6))
    # Three pairs per problem instead of one: the same means.
    assert spread(Sums(3 * apart, np.zeros(8), np.full(8, 3.0)), ((1, 1),) * 8) == pytest.approx(
        apart.std(ddof=1)
    )


def test_holms_correction_is_that_of_statsmodels():
    """By hand: 0.01 x 3, 0.03 x 2, 0.04 x 1, never falling."""
    assert holm(np.array([0.04, 0.01, 0.03])).tolist() == pytest.approx([0.06, 0.03, 0.06])
    for p in np.random.default_rng(0).uniform(0, 1, (50, 6)) ** 3:
        assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])


def test_the_number_of_problems_is_found_for_every_effect():
    """statsmodels' root finder gives NaN for some, and so does its power where three problems or fewer show a large one."""
    power = TTestPower().power
    for effect in (0.01, 0.3, *np.linspace(1, 40, 80)):
        needed = problems_needed(effect, 1.0)
        assert power(effect, needed, 0.05) >= 0.8 or needed == 4
        fewer = power(effect, needed - 1, 0.05) if needed > 2 else 0
        assert math.isnan(fewer) or fewer < 0.8
