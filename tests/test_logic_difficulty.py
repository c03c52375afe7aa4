"""LogicIF's difficulty score, counted by hand, and the wording around a description."""

import json

import pytest

from data.logic.difficulty import Complexity, absolute_level, complexity, measure, terciles
from data.logic.instruction import instruction
from tests.support import SHARED, needs_shared

WORKED = """def f(a, k):
    t = 0; w = 0; d = 0
    for x in a:
        if x % k == 0:
            t += x; w += 1
        elif x > 2 * k:
            t -= k; d += 1
    return t, {"w": w, "d": d}
"""
NESTED = """def f(a):
    for x in a:
        if x:
            def g(y):
                while y:
                    y -= 1
                return y
            try:
                g(abs(x))
            except ValueError:
                pass
            except TypeError:
                a.pop()
    return a
"""


def test_the_reference_pages_example():
    """for > if > elif: D = 3; two ifs and a for: C = 4; eight lines: 3 * 3 + 4 + 0.5 * 8"""
    assert complexity(WORKED) == {
        "cyclomatic_complexity": 4,
        "max_nesting_depth": 3,
        "code_complexity_score": 17.0,
        "total_control_structures": 3,
        "function_calls": 0,
        "total_function_lines": 8,
    }


def test_a_nested_function():
    """D: for > if > try = 3, and while in g is 1 again. F: g, abs, pop. C: 1 + for, if, while + 2 excepts = 6.
    Lines: f 14, g 4, so L = 9. 9 + 6 + 6 + 4.5"""
    assert complexity(NESTED) == {
        "cyclomatic_complexity": 6,
        "max_nesting_depth": 3,
        "code_complexity_score": 25.5,
        "total_control_structures": 4,
        "function_calls": 3,
        "total_function_lines": 18,
    }


@pytest.mark.parametrize(
    "line",
    [
        "return [x for x in a if x for y in a]",
        "return 1 if a and b or not c else 2",
        "x = lambda y: y",
    ],
)
def test_what_adds_nothing(line):
    """D 0, F 0, C 1, L 2"""
    assert complexity(f"def f(a, b, c):\n    {line}\n")["code_complexity_score"] == 2.0


def test_match_adds_nothing_but_what_is_in_it_counts():
    """D 1 (the if), C 2, L 5: 3 + 2 + 2.5"""
    source = (
        "def f(a):\n    match a:\n        case 1:\n            if a:\n                return a\n"
    )
    assert complexity(source)["code_complexity_score"] == 7.5


def test_scores_have_two_decimals():
    """Three functions of 1 + 1 + 2 lines: L = 4/3; one call. 2 + 1 + 0.67"""
    source = "def f(): return 1\ndef g(): return 2\ndef h():\n    return f()\n"
    assert complexity(source)["code_complexity_score"] == 3.67


def test_a_decorator_is_no_line_and_no_function_is_no_error():
    """L = 1, F = 1 (the decorator's call): 2 + 1 + 0.5"""
    assert complexity("@d(1)\ndef f(): pass")["code_complexity_score"] == 3.5
    assert complexity("x = 1")["code_complexity_score"] == 1.0


@needs_shared
def test_published_scores():
    """54.5, 39.0 and 30.67 for upstream's demo functions."""
    path = SHARED / "logicif_samples/sample_instructions.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        assert complexity(row["function"])["code_complexity_score"] == row["complexity_score"]
    assert {row["complexity_score"] for row in rows} == {54.5, 39.0, 30.67}


def test_terciles():
    assert terciles([9, 1, 5]) == ["hard", "easy", "medium"]
    # the cuts of 1..7 are 3 and 5
    assert terciles(range(1, 8)) == ["easy"] * 3 + ["medium"] * 2 + ["hard"] * 2
    assert terciles([4, 4, 4]) == ["easy"] * 3 and terciles([4]) == ["easy"] and terciles([]) == []


@pytest.mark.parametrize(
    "nesting, cyclomatic, mean_lines, structures, level",
    [
        (0, 1, 27, 0, "easy"),  # 14.5
        (0, 1, 28, 0, "medium"),  # 15
        (4, 13, 9, 0, "medium"),  # 29.5
        (4, 14, 8, 0, "hard"),  # 30
        (4, 14, 7, 0, "medium"),  # 29.5
        (0, 15, 0, 0, "hard"),  # 15, and one up for C
        (5, 1, 0, 0, "hard"),  # 16, and one up for D
        (0, 1, 0, 12, "medium"),
        (0, 1, 0, 11, "easy"),
        (9, 99, 0, 0, "hard"),
    ],
)
def test_absolute_thresholds(nesting, cyclomatic, mean_lines, structures, level):
    assert absolute_level(Complexity(nesting, 0, cyclomatic, mean_lines, 1, structures)) == level


def test_long_functions_are_not_easy():
    """Many short functions beside: 80 lines on average score at least 40, so this rule of upstream's never decides."""
    assert absolute_level(Complexity(0, 0, 1, 80, 1, 0)) == "hard"


def test_measure_keeps_the_mean():
    assert measure(NESTED).mean_lines == 9.0


def test_the_instruction_says_all():
    text = instruction("  Add the numbers.  ", [[6, 11], 3, "a"], ["w", "d"], "int")
    assert "Procedure:\nAdd the numbers.\n" in text
    assert 'Input Values (in order): [[6, 11], 3, "a"]' in text
    assert 'Keys of the statistics: "w", "d"' in text and "Type of the output: int" in text
    assert '{"output": <int>, "stats": {"w": <value>, "d": <value>}}' in text
    assert "no code" in text
    assert "Keys of the statistics: none" in instruction("x", [], [], "int")
