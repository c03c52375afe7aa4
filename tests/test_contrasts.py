"""Differences between slices, and between differences, by hand."""

import numpy as np
import pytest

from eval.contrasts import Estimate, apart, less
from eval.questions import Question, answered, verdict

STRATA = ((1, 1),) * 4
A = (np.array([0, 1, 2, 3]), np.array([100.0, 100.0, 0.0, 100.0]))  # mean 75
B = (np.array([0, 1, 2, 3, 0, 1]), np.array([0.0, 0.0, 0.0, 100.0, 100.0, 100.0]))  # mean 50


def test_a_difference_of_means_and_of_differences():
    assert apart(STRATA, A, B).value == pytest.approx(25)
    assert apart(STRATA, less(A, B)).value == pytest.approx(25)
    assert apart(STRATA, less(A, B), less(B, A)).value == pytest.approx(50)
    assert apart(STRATA, less(A, A)) == pytest.approx((0, 0, 0, 4))


def test_what_says_nothing_is_left_out():
    unknown = (A[0], np.array([100.0, np.nan, 0.0, 100.0]))
    found = apart(STRATA, unknown)
    assert found.value == pytest.approx(200 / 3) and found.n == 3


def test_an_interval_holds_its_value_and_widens_with_fewer_problems():
    rng = np.random.default_rng(0)
    many = (np.arange(400), rng.normal(10, 20, 400))
    few = (np.arange(40), many[1][:40])
    wide, narrow = apart(((1, 1),) * 40, few), apart(((1, 1),) * 400, many)
    for one in (wide, narrow):
        assert one.low < one.value < one.high
    # 1.96 standard errors on each side: 20 / sqrt(400) = 1
    assert narrow.high - narrow.low == pytest.approx(2 * 1.96, rel=0.15)
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


@pytest.mark.parametrize(
    "low, high, said",
    [(1, 2, "yes"), (-1, 2, "not shown"), (-2, -1, "the opposite")],
)
def test_a_question_is_answered_by_its_interval(low, high, said):
    one = Estimate((low + high) / 2, low, high, 9)
    assert verdict(one) == said
    assert verdict(one, any_sign=True) == {"the opposite": "yes"}.get(said, said)


def test_answers_are_printed_and_written(tmp_path):
    one = Estimate(1.5, 0.5, 2.5, 9)
    table = answered({Question("a"): one, Question("b", any_sign=True): one}, tmp_path, "x")
    assert table.row_count == 2
    text = (tmp_path / "x.csv").read_text("utf-8")
    assert "question" in text and "yes" in text and (tmp_path / "x.parquet").is_file()
