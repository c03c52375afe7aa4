"""The Pareto front and its hypervolume: by hand, by what must hold for any points, and on simulated benchmarks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.measured import measure
from eval.pareto import area, hypervolume, on_front
from tests.test_scores import record

AXES = ("accuracy_without", "hacc")
coordinate = st.integers(0, 100).map(float)
some_points = st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=12).map(np.array)


def test_area_under_three_points_by_hand():
    # Strips of width 10, 40 and 30, as high as the best point that reaches so far: 10*90 + 40*70 + 30*20 = 4300 of 10,000.
    assert area(np.array([[10.0, 90], [50, 70], [80, 20]])) == 43.0
    assert area(np.array([[10.0, 90], [50, 70], [80, 20], [40, 60]])) == 43.0  # (40, 60) is beaten
    assert area(np.array([[100.0, 100]])) == 100.0 and area(np.array([[0.0, 70]])) == 0.0


def test_front_of_six_points():
    points = np.array([[10.0, 90], [50, 70], [50, 70], [40, 60], [80, 20], [80, 10]])
    assert on_front(points).tolist() == [True, True, False, False, True, False]


@given(some_points, st.tuples(coordinate, coordinate))
def test_another_point_never_takes_area_away(points, other):
    more = np.vstack([points, other])
    assert area(more) >= area(points) - 1e-9
    beaten = any(x >= other[0] and y >= other[1] for x, y in points)
    if beaten:
        assert area(more) == pytest.approx(area(points))


@given(some_points)
def test_the_front_alone_has_the_area_of_all(points):
    front = on_front(points)
    assert front.any() and area(points[front]) == pytest.approx(area(points))
    for point, kept in zip(points, front, strict=True):
        better = (points >= point).all(axis=1) & (points > point).any(axis=1)
        assert not (kept and better.any())


@given(some_points, st.integers(0, 11), st.floats(0, 20))
def test_a_better_point_never_takes_area_away(points, index, gain):
    raised = points.copy()
    raised[index % len(points)] += gain
    assert area(raised) >= area(points) - 1e-9


def checkpoint(without, met):
    """Problems that are answered without constraints (`without`) and follow them (`met`)."""
    pairs = enumerate(zip(without, met, strict=True))
    return measure([row for k, (right, ok) in pairs for row in (
        record(f"{k:04d}", "without", correct=bool(right)), record(f"{k:04d}", met=(bool(ok),)))])  # fmt: skip


def test_hypervolume_of_one_checkpoint_is_a_product_with_its_interval():
    rng = np.random.default_rng(0)
    without, met = rng.permutation([1] * 240 + [0] * 160), rng.permutation([1] * 200 + [0] * 200)
    found = hypervolume([checkpoint(without, met)], AXES)
    assert found.area == pytest.approx(60 * 50 / 100) and found.n == 400
    # Delta method: sd = sqrt((50 * 2.45)^2 + (60 * 2.50)^2 + 2 * 50 * 60 * cov) / 100, cov of the two means.
    covariance = 1e4 * np.cov(without, met)[0, 1] / 400
    deviation = np.sqrt((50 * 2.449) ** 2 + (60 * 2.5) ** 2 + 2 * 50 * 60 * covariance) / 100
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * deviation, rel=0.06)
    assert found.value == pytest.approx(30, abs=0.3)


def test_a_checkpoint_that_is_beaten_everywhere_changes_nothing():
    good, bad = checkpoint([1] * 20 + [0] * 10, [1] * 25 + [0] * 5), checkpoint([0] * 30, [0] * 30)
    assert hypervolume([good, bad], AXES) == hypervolume([good], AXES)


def test_interval_of_a_front_of_six_holds_the_truth():
    # True points from (60, 60) to (70, 50), one noisy benchmark of 300 problems each time.
    rng = np.random.default_rng(4)
    chance = np.column_stack([np.linspace(0.6, 0.7, 6), np.linspace(0.6, 0.5, 6)])
    truth, held, too_high = area(100 * chance), 0, 0
    for _ in range(60):
        latent = rng.random((300, 1, 2)), rng.random((300, 6, 2))
        shared = rng.random((300, 6, 2)) < 0.5  # half of the time a problem is as hard for all
        right = np.where(shared, *latent) < chance
        found = hypervolume([checkpoint(*right[:, k].T) for k in range(6)], AXES)
        held += found.low <= truth <= found.high
        too_high += found.area > truth
    assert held >= 51  # 0.93 * 60 = 56, less 2.5 standard errors of 2
    assert too_high >= 40  # what the correction is for
