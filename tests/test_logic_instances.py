"""Ten thousand instances keep every rule of data/logic; what is checked here is worked out anew, from the rows, the text and
the program, and not by data.logic.rules."""

import re
from collections import Counter
from itertools import islice

import pytest

from data.logic import benchmark
from data.logic import program as ir
from data.logic.answer import Stated, score
from data.logic.canonical import canonical
from data.logic.difficulty import measure
from data.logic.generate import Generator
from data.logic.interpreter import Interpreter
from data.logic.python import source
from data.logic.tiers import HELD_OUT_CONSTRUCTS
from data.logic.trace import trace
from data.logic.trackers import without
from data.sandbox import run_cases
from data.tiny.problems import split_of

PARTS = {
    "train": (Generator(), 8000),
    "test": (Generator(split="test"), 300),
    "held out": (Generator(split="test", held_out=True), 200),
    "tiny": (Generator("tiny"), 1500),
}


@pytest.fixture(scope="module")
def parts():
    return {
        name: list(islice(generator.instances("tests"), count))
        for name, (generator, count) in PARTS.items()
    }


@pytest.fixture(scope="module")
def instances(parts):
    found = [instance for part in parts.values() for instance in part]
    assert len(found) == 10_000
    return found


def test_cases_are_eight_distinct_ones_of_integers_within_the_limits(instances):
    for instance in instances:
        given = [case.input for case in instance.cases]
        assert len(given) == 8 and all(given.count(one) == 1 for one in given)
        for case in instance.cases:
            values = [case.gold.output, *case.gold.stats.values()]
            assert all(type(value) is int for value in values)
            assert 0 <= case.gold.output <= 10_000_000
            assert all(0 <= value < 50 for value in case.gold.stats.values())
            assert list(case.gold.stats) == list(instance.program.trackers)


def test_trackers_vary_over_the_cases_and_no_two_are_equal(instances):
    for instance in instances:
        vectors = [
            tuple(case.gold.stats[name] for case in instance.cases)
            for name in instance.program.trackers
        ]
        assert 1 <= len(vectors) <= 3 and len(set(vectors)) == len(vectors)
        assert all(min(vector) < max(vector) for vector in vectors)


def test_no_output_is_met_by_a_guess_in_most_cases(instances):
    of_list = [lambda a: a[0], lambda a: a[-1], sum, max, min, len]
    for instance in instances:
        outputs = [case.gold.output for case in instance.cases]
        assert Counter(outputs).most_common(1)[0][1] <= 4
        for place, value in enumerate(instance.cases[0].input):
            for guess in of_list if isinstance(value, list) else [lambda number: number]:
                met = [guess(case.input[place]) == case.gold.output for case in instance.cases]
                assert sum(met) <= 4


def test_each_branch_is_taken_and_the_gold_comes_out_again(instances):
    for instance in instances:
        interpreter = Interpreter(instance.program)
        for case in instance.cases:
            assert Stated(*interpreter.run(case.arguments)) == case.gold
        assert all(interpreter.visits)


def test_programs_terminate_and_stay_whole_and_non_negative_by_construction(instances):
    for instance in instances:
        program = instance.program
        for procedure in program.procedures:
            if isinstance(procedure, ir.Recursion):
                smaller = procedure.smaller
                assert smaller.left == ir.Var(procedure.param)
                assert isinstance(smaller.right, ir.Const)
                least = smaller.right.value
                halved = smaller.op == "//" and least >= 2 and procedure.bound >= 0
                assert halved or (smaller.op == "-" and 1 <= least <= procedure.bound + 1)
        iterated = {stmt.lst for stmt in ir.statements(program) if isinstance(stmt, ir.ForEach)}
        for stmt in ir.statements(program):
            assert not (isinstance(stmt, ir.Append | ir.Pop) and stmt.lst in iterated)
            for part in ir.parts(stmt):
                assert divisors_are_positive(part, program) and no_minus(part)


def inner(part):
    return [
        getattr(part, name) for name in ("left", "right", "value", "index") if hasattr(part, name)
    ]


def divisors_are_positive(part, program):
    if isinstance(part, ir.Const | ir.Var | ir.Len):
        return True
    by = part.by if isinstance(part, ir.Divisible) else getattr(part, "right", None)
    if isinstance(part, ir.Divisible) or getattr(part, "op", "") in ("//", "%"):
        argument = isinstance(by, ir.Var) and by.name in program.int_params  # at least 2
        if not argument and not (isinstance(by, ir.Const) and by.value > 0):
            return False
    return all(divisors_are_positive(one, program) for one in inner(part))


def no_minus(part):
    if isinstance(part, ir.Const | ir.Var | ir.Len):
        return True
    return getattr(part, "op", "") != "-" and all(map(no_minus, inner(part)))


def test_trackers_are_never_read_and_each_argument_is(instances):
    for instance in instances:
        program = instance.program
        read = {name for stmt in ir.statements(program) for name in ir.names(stmt)}
        lists = {leaf.lst for stmt in ir.statements(program) for part in ir.parts(stmt)
                 for leaf in ir.leaves(part) if isinstance(leaf, ir.Item | ir.Len)}  # fmt: skip
        lists |= {stmt.lst for stmt in ir.statements(program) if isinstance(stmt, ir.ForEach)}
        assert read.isdisjoint(program.trackers)
        assert set(program.int_params) <= read and set(program.list_params) <= lists


STEP = re.compile(r"([a-z]?[\d.]+)\. ")
REFERENCE = re.compile(r"(loop of |Stop |End |Stop all of |Leave |number of |turn of |go on with.* of )?"
                       r"\b[Ss]teps? ([a-z]?[\d.]*\d)(?: to ([a-z]?[\d.]*\d))?")  # fmt: skip


def children(first, last):
    """2.1 to 2.3: 2.1, 2.2, 2.3."""
    start, end = (re.fullmatch(r"(.*?)(\d+)", number) for number in (first, last or first))
    assert start[1] == end[1]
    return [f"{start[1]}{number}" for number in range(int(start[2]), int(end[2]) + 1)]


def test_each_step_has_a_number_and_each_inner_step_is_referred_to_once_by_the_step_around(
    instances,
):
    for instance in instances:
        lines = instance.description.split("\n")
        numbers = [found[1] for line in lines if (found := STEP.match(line))]
        assert len(numbers) == len(set(numbers))
        top = [number for number in numbers if number.isdigit()]
        assert top == [str(number) for number in range(1, len(top) + 1)]
        referred = []
        for line in lines:
            own = STEP.match(line)
            body = line[own.end() :] if own else line
            for loop, first, last in REFERENCE.findall(body):
                steps = children(first, last)
                assert set(steps) <= set(numbers), line
                inside = own is not None and first.startswith(own[1] + ".")
                if own is None or inside:
                    referred += steps
                else:  # of a loop around, that is left
                    assert own[1].startswith(first + "."), (line, loop)
        assert sorted(referred) == sorted(set(numbers) - set(top))


def test_the_text_says_each_constant_as_often_as_the_python_has_it(instances):
    for instance in instances:
        text = re.sub(r"(?m)^[a-z]?[\d.]+\. ", "", instance.description)
        text = re.sub(r"[Ss]teps? [a-z]?[\d.]*\d( to [a-z]?[\d.]*\d)?", "", text)
        said = Counter(re.findall(r"\d+", text))
        code = re.sub(r"turns_\d+", "turns", instance.source)
        code = re.sub(r"turns \+?= \d|\[-1:\]|, 0\)|% 2 == [01]:?|% 2 == [01]\b", "", code)
        for name in instance.program.trackers:
            code = re.sub(rf"\b{name} \+?= [01]\b", "", code)
        written = Counter(re.findall(r"\b\d+\b", code))
        # `x % 3 == 0` is "divisible", and `x % 2 == 0` may be that too: neither says its 0.
        for number in (said | written).keys() - {"0", "1", "2"}:
            assert said[number] == written[number], (number, instance.description, instance.source)


def test_the_text_names_each_tracker_once_per_use_and_at_both_ends(instances):
    for instance in instances:
        for name in instance.program.trackers:
            uses = len(
                re.findall(rf"^ +{name} (?:\+= 1|= max\({name}, .*)$", instance.source, re.M)
            )
            assert uses and len(re.findall(rf"\b{name}\b", instance.description)) == 2 + uses


def test_the_target_is_met_and_the_score_is_the_analysers(instances):
    for instance in instances[::10]:
        found = measure(instance.source)
        assert found == instance.complexity
        assert (found.nesting, found.calls, found.cyclomatic) == instance.target
        assert instance.rows()[0]["complexity_metrics"]["code_complexity_score"] == found.score


def test_levels_are_of_the_fixed_cut_points(instances):
    for instance in instances:
        low, high = (24.5, 39.5) if instance.tier == "full" else (15, 17)
        score = instance.complexity.score
        expected = "easy" if score <= low else "medium" if score <= high else "hard"
        assert instance.level == expected


def test_gold_as_a_response_is_right_and_with_one_tracker_off_it_is_not(instances):
    for instance in instances:
        for case in instance.cases[:2]:
            assert score(case.gold.dumps(), case.gold).both
            for name, value in case.gold.stats.items():
                off = Stated(case.gold.output, case.gold.stats | {name: value + 1})
                assert not score(off.dumps(), case.gold).state
            assert not score(
                Stated(case.gold.output + 1, case.gold.stats).dumps(), case.gold
            ).output


def test_programs_are_distinct_and_those_of_train_and_test_disjoint(parts):
    forms = {name: [instance.canonical for instance in part] for name, part in parts.items()}
    for name, found in forms.items():
        assert len(set(found)) == len(found)
        expected = "train" if name in ("train", "tiny") else "test"
        assert {split_of(form) for form in found} == {expected}
    assert set(forms["train"]).isdisjoint(forms["test"] + forms["held out"])


def test_the_canonical_form_is_of_the_program_without_its_trackers(instances):
    for instance in instances[::10]:
        core = without(instance.program)
        assert canonical(source(core)) == instance.canonical
        assert not any(isinstance(s, ir.Count | ir.TrackMax) for s in ir.statements(core))


def test_held_out_constructs_are_in_the_programs_that_hold_them_out_only(parts):
    for name, part in parts.items():
        for instance in part:
            found = ir.constructs(instance.program) & set(HELD_OUT_CONSTRUCTS)
            assert bool(found) is (name == "held out")
    both = [ir.constructs(instance.program) for instance in parts["held out"]]
    assert all(any(kind in found for found in both) for kind in HELD_OUT_CONSTRUCTS)


def test_an_instance_is_drawn_again_from_its_seed(parts):
    for name, (generator, _) in PARTS.items():
        for instance in parts[name][:5]:
            assert generator.draw(instance.id) == instance


def test_all_constructs_come_up_in_training(parts):
    found = {kind for instance in parts["train"] for kind in ir.constructs(instance.program)}
    kinds = "Assign If ForEach Repeat While Count TrackMax Call Append Break Continue Helper"
    assert found == set(kinds.split())


def test_traces_of_the_tiny_tier_end_in_the_output_and_reach_each_tracker(parts):
    for instance in parts["tiny"]:
        for case in instance.cases:
            lines = trace(instance.program, case.arguments).split("\n")
            assert re.search(r"(\d+)$", lines[-1])[1] == str(case.gold.output)
            for name, value in case.gold.stats.items():
                assert re.findall(rf"\b{name}=(\d+)", "\n".join(lines))[-1] == str(value)


def agrees_with_python(instance):
    outcomes = run_cases(instance.source, "f", [case.input for case in instance.cases])
    for case, outcome in zip(instance.cases, outcomes, strict=True):
        assert outcome.error is None, outcome
        assert outcome.value == [case.gold.output, case.gold.stats], (instance.source, case)


def test_the_interpreter_agrees_with_python_in_the_sandbox(parts):
    for name, count in (("train", 150), ("test", 30), ("held out", 60), ("tiny", 60)):
        for instance in parts[name][:count]:
            agrees_with_python(instance)


@pytest.mark.parametrize("tier", ["full", "tiny"])
def test_the_benchmark_is_the_one_whose_scores_are_on_record(tier):
    assert benchmark.digest(tier) == benchmark.DIGESTS[tier]


def test_the_benchmark_is_balanced_held_out_and_right_by_python():
    found = benchmark.instances()
    assert Counter(instance.level for instance in found) == dict(easy=100, medium=100, hard=100)
    held_out = [i for i in found if ir.constructs(i.program) & set(HELD_OUT_CONSTRUCTS)]
    assert len(held_out) == 99
    for tier in ("full", "tiny"):
        found = benchmark.instances(tier)
        assert len({instance.canonical for instance in found}) == len(found) == 300
        assert {split_of(instance.canonical) for instance in found} == {"test"}
        for instance in found:
            agrees_with_python(instance)
