"""The tiny world: gold answers, disjoint splits, and texts that the splitter and the checkers read back."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.answers import grade
from data.constraints.base import check_all
from data.response import split
from data.sources.drill import Drill
from data.sources.tiny import Tiny
from data.tiny.problems import Op, draw, equations, split_of
from data.tiny.solution import reasoning


def test_the_solver_computes_a_worked_example():
    # 20 apples; +7 = 27; 3 boxes of 4 = 12, 27 + 12 = 39; a third of 39 = 13; another has 5 fewer: 8;
    # together 21.
    ops = (Op("gain", 7), Op("gain_groups", 4, 3), Op("share", 3), Op("together_fewer", 5))
    assert [str(e) for e in equations(20, ops)] == [
        "20+7=27",
        "3*4=12",
        "27+12=39",
        "39/3=13",
        "13-5=8",
        "13+8=21",
    ]


@given(st.integers(1, 6), st.integers(0, 10**6))
def test_problems_have_their_difficulty_and_tell_every_number(steps, seed):
    problem = draw(random.Random(seed), steps, "test")
    assert len(problem.equations) == steps
    told = set(re.findall(r"\d+", problem.question))
    assert {str(problem.start)} | {str(op.n) for op in problem.ops} <= told
    assert all(0 < equation.result <= 999 for equation in problem.equations)


def test_splits_are_disjoint_by_program():
    rng = random.Random(0)
    programs = {
        name: {draw(rng, 1 + i % 3, name).program for i in range(2000)}
        for name in ("train", "test")
    }
    assert not programs["train"] & programs["test"]
    assert {split_of(p) for p in programs["test"]} == {"test"}


@pytest.mark.parametrize("cot", ["short", "long"])
def test_every_written_equation_is_true(cot):
    rng = random.Random(1)
    for _ in range(300):
        text = reasoning(draw(rng, rng.randint(1, 6), "train"), cot, rng)
        for left, right in re.findall(r"(\d+(?:[-+*/]\d+)+)=(\d+)", text):
            value = eval(left)  # digits and operators only, by the pattern above
            assert value == int(right), text


@pytest.mark.parametrize(
    "source",
    [
        Tiny(num_rows=300, cot=("none", "short", "long")),
        Drill(num_rows=300, num_equations=(1, 2, 12), num_constraints=(0, 1, 2)),
    ],
    ids=["tiny", "drill"],
)
def test_targets_are_right_compliant_and_readable(source):
    for example in source.load(seed=5):
        completion = split(example.completion or "")
        assert completion.outcome == "closed"
        assert grade(completion.response, example.answer).correct is True
        assert all(check_all(example.constraints, completion.response))


def test_a_long_cot_is_longer():
    rng = random.Random(2)
    for _ in range(50):
        problem = draw(rng, rng.randint(1, 6), "train")
        assert len(reasoning(problem, "long", rng)) > 2 * len(reasoning(problem, "short", rng))


def test_the_same_seed_gives_the_same_rows_and_another_seed_others():
    first, again, other = (list(Tiny(num_rows=20).load(seed)) for seed in (1, 1, 2))
    assert first == again
    assert {e.question for e in first}.isdisjoint({e.question for e in other})


@pytest.mark.parametrize(
    "mistake, said",
    [
        ({"num_equations": ()}, "num_equations: found []"),
        ({"num_equations": (0, 3)}, "num_equations: found [0, 3]"),
        ({"num_constraints": (14,)}, "num_constraints: found [14]; expected numbers from 0 to 13"),
    ],
)
def test_a_drill_without_sense_is_refused(mistake, said):
    with pytest.raises(ValueError) as error:
        Drill(num_rows=1, **mistake)
    assert str(error.value).startswith(said)


def test_drills_have_as_many_equations_as_asked():
    first, second = (list(Drill(num_rows=20, num_equations=n).load(1)) for n in ((1,), (2,)))
    assert {e.question for e in first}.isdisjoint({e.question for e in second})
    assert all(e.question.count(";") == 1 for e in second)
