"""The grader: extraction, exact equality, and answers that are built to hang or to cheat."""

import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.answers import final_answer, grade, number


@pytest.mark.parametrize(
    "response, answer",
    [
        (r"so \boxed{42}.", "42"),
        (r"\boxed{1} no, \boxed{2}", "2"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"\fbox{7}", "7"),
        (r"THE ANSWER IS \BOXED{7}", "7"),
        (r"\boxed{never closed", None),
        ("the answer is 42", None),
        ("", None),
    ],
)
def test_final_answer(response, answer):
    assert final_answer(response) == answer


@pytest.mark.parametrize(
    "gold, answer, correct",
    [
        ("42", "42", True),
        ("42", "42.0", True),
        ("1200", "1,200", True),
        ("1200", "1{,}200", True),
        ("0.5", r"\frac{1}{2}", True),
        ("-1/2", r"-\frac12", None),  # braceless \frac is left to the symbolic path: see below
        ("033", "33", True),
        ("42", "24", False),
        ("42", "4 2", True),
        ("42", "42 43", False),
        ("42", "", False),
        ("42", "1/0", False),
        ("1234567890123456789012345", "1234567890123456789012346", False),
    ],
)
def test_numbers(gold, answer, correct):
    verdict = grade(rf"\boxed{{{answer}}}", gold)
    if correct is not None:
        assert verdict.correct is correct, verdict


def test_symbolic_answers_are_compared_in_a_worker():
    assert grade(r"\boxed{1+x}", "x+1").correct is True
    assert grade(r"\boxed{\frac12}", "0.5").correct is True
    assert grade(r"\boxed{x+2}", "x+1").correct is False


def test_a_hanging_answer_is_undecided_and_bounded():
    started = time.monotonic()
    assert grade(r"\boxed{9^{9^{9^9}}}", "7").correct is None
    assert time.monotonic() - started < 20
    assert grade(r"\boxed{1+y}", "y+1").correct is True, "the worker is replaced"


def test_long_digits_are_no_obstacle():
    assert grade(r"\boxed{" + "9" * 200_000 + "}", "7").correct is False


def test_a_box_inside_the_thinking_does_not_count():
    from data.response import split

    response = split(r"<think>\boxed{42}</think> I do not know.").response
    assert grade(response, "42").correct is False


@given(st.integers(-(10**6), 10**6), st.integers(1, 10**4))
def test_number_reads_fractions_exactly(numerator, denominator):
    sign = "-" if numerator < 0 else ""
    assert number(f"{numerator}/{denominator}") == Fraction(numerator, denominator)
    assert number(rf"{sign}\frac{{{abs(numerator)}}}{{{denominator}}}") == Fraction(
        numerator, denominator
    )


@given(st.text(max_size=60))
def test_grading_is_total_on_plain_text(text):
    verdict = grade(rf"\boxed{{{text.replace(chr(92), '')}}}", "7")
    assert verdict.correct in (True, False, None)
