"""One program by hand through all of its views, the tables of wordings, and the training source and reward."""

import random
import re
from dataclasses import replace

import pytest
from transformers import AutoTokenizer

from data.decontaminate import Decontaminator
from data.logic import english, trackers
from data.logic import program as ir
from data.logic.answer import Stated
from data.logic.canonical import canonical
from data.logic.difficulty import measure
from data.logic.generate import Generator
from data.logic.instance import Case
from data.logic.interpreter import Discarded, Interpreter
from data.logic.phrasings import phrasings
from data.logic.python import source
from data.logic.rules import broken_cases, broken_text, broken_trackers
from data.logic.trace import trace
from data.response import split
from data.sources import SOURCES, build_sources, load_mixture
from recipes.errors import UserError
from tests.test_rewards import READER, sample
from train.reward_functions import TRLReward
from train.rewards.logic import Logic

A, K, X, T = ir.Var("a"), ir.Var("k"), ir.Var("x"), ir.Var("t")
# The example of LogicIF's page: add multiples of k, take k for what is above 2 k.
EXAMPLE = ir.Program(
    list_params=("a",),
    int_params=("k",),
    procedures=(),
    scratch=(),
    body=(
        ir.Assign("t", ir.Const(0)),
        ir.ForEach(
            "x",
            "a",
            (
                ir.If(
                    ir.Divisible(X, K),
                    (ir.Assign("t", ir.Bin("+", T, X)), ir.Count("w")),
                    (
                        ir.If(
                            ir.Compare(">", X, ir.Bin("*", ir.Const(2), K)),
                            (ir.Assign("t", ir.Func("less", T, K)), ir.Count("d")),
                        ),
                    ),
                ),
            ),
        ),
    ),
    output=T,
    trackers=("w", "d"),
)
INPUT = ((6, 11, 9, 4, 20), 3)


def program(*body, procedures=(), scratch=(), output=T, tracked=("p",)):
    return ir.Program(
        ("a",), (), procedures, scratch, (ir.Assign("t", ir.Const(0)), *body), output, tracked
    )


def run(*body, given=(), **parts):
    return Interpreter(program(*body, **parts)).run((given,))


def test_the_published_pages_example_by_the_interpreter():
    # 6: +6 (w 1); 11: -3 (d 1); 9: 12 (w 2); 4: nothing; 20: 9 (d 2)
    assert Interpreter(EXAMPLE).run(INPUT) == (9, {"w": 2, "d": 2})


def test_the_example_as_python_and_its_score():
    assert source(EXAMPLE) == (
        "def f(a, k):\n"
        "    w = 0\n"
        "    d = 0\n"
        "    t = 0\n"
        "    for x in a:\n"
        "        if x % k == 0:\n"
        "            t = t + x\n"
        "            w += 1\n"
        "        elif x > 2 * k:\n"
        "            t = max(t - k, 0)\n"
        "            d += 1\n"
        '    return t, {"w": w, "d": d}\n'
    )
    assert measure(source(EXAMPLE)).score == 3 * 3 + 2 * 1 + 4 + 0.5 * 12


def test_the_example_traced():
    assert trace(EXAMPLE, INPUT) == (
        "w=0, d=0, t=0\n"
        "6: 6/3 yes, t=0+6=6, w=1\n"
        "11: 11/3 no, 11>2*3 yes, t=max(6-3,0)=3, d=1\n"
        "9: 9/3 yes, t=3+9=12, w=2\n"
        "4: 4/3 no, 4>2*3 no\n"
        "20: 20/3 no, 20>2*3 yes, t=max(12-3,0)=9, d=2\n"
        "output 9"
    )


class First(random.Random):
    def choice(self, seq):
        return seq[0]


def test_the_example_in_english_by_the_first_of_each_wording():
    assert english.description(EXAMPLE, First(), "full", "train") == (
        "You get, in this order, a list of whole numbers a and a whole number k. All numbers are whole and none is ever "
        "negative. Keep track of w and d, starting at zero.\n"
        "1. Start with t at 0.\n"
        "2. Go through a from first to last and call the current number x. For each, do step 2.1.\n"
        "2.1. If x is divisible by k, do steps 2.1.1 to 2.1.2. Otherwise do step 2.1.3.\n"
        "2.1.1. Add x to t.\n"
        "2.1.2. Add one to the counter w.\n"
        "2.1.3. If x is larger than (2 times k), do steps 2.1.3.1 to 2.1.3.2. Otherwise do nothing.\n"
        "2.1.3.1. Set t to t minus k, or zero if that would be negative.\n"
        "2.1.3.2. Add one to the counter d.\n"
        "The output is t; report w and d as well."
    )


def test_each_statement_does_what_it_says():
    each = ir.ForEach("x", "a", (ir.Assign("t", ir.Bin("+", T, X)), ir.Count("p")))
    assert run(each, given=(1, 2, 3)) == (6, {"p": 3})
    assert run(ir.Repeat(4, (ir.Count("p"),))) == (0, {"p": 4})
    three = ir.If(ir.Compare("==", X, ir.Const(3)), (ir.Break(),))
    assert run(ir.ForEach("x", "a", (three, ir.Count("p"))), given=(1, 2, 3, 4)) == (0, {"p": 2})
    three = ir.If(ir.Compare("==", X, ir.Const(3)), (ir.Continue(),))
    assert run(ir.ForEach("x", "a", (three, ir.Count("p"))), given=(1, 2, 3, 4)) == (0, {"p": 3})
    record = ir.ForEach("x", "a", (ir.TrackMax("p", X),))
    assert run(record, given=(2, 7, 5)) == (0, {"p": 7})
    more = (ir.Assign("t", ir.Bin("+", T, ir.Const(2))), ir.Count("p"))
    assert run(ir.While(ir.Compare("<", T, ir.Const(5)), more, 9)) == (6, {"p": 3})
    assert run(ir.While(ir.Compare("<", T, ir.Const(5)), more, 2)) == (4, {"p": 2})
    edits = (ir.Pop("s"), ir.Append("s", ir.Const(4)), ir.Append("s", ir.Const(6)), ir.Pop("s"))
    assert run(*edits, scratch=("s",), output=ir.Len("s")).output == 1


def test_procedures_are_applied():
    n, r = ir.Var("n"), ir.Var("r")
    halving = ir.Recursion("g", "n", 1, n, "r", ir.Bin("//", n, ir.Const(2)), ir.Bin("+", r, n))
    # 10 + 5 + 2 + 1
    assert run(ir.Call("t", "g", ir.Const(10)), procedures=(halving,)).output == 18
    change = ir.If(ir.Parity(n, True), (ir.Assign("n", ir.Const(7)),))
    helper = ir.Helper("g", "n", (change,), ir.Bin("*", n, ir.Const(3)))
    for given, found in ((4, 21), (5, 15)):
        assert run(ir.Call("t", "g", ir.Const(given)), procedures=(helper,)).output == found


@pytest.mark.parametrize(
    "expr, value",
    [
        (ir.Func("gap", ir.Const(3), ir.Const(8)), 5), (ir.Func("less", ir.Const(3), ir.Const(8)), 0),
        (ir.Func("less", ir.Const(8), ir.Const(3)), 5), (ir.Func("min", ir.Const(3), ir.Const(8)), 3),
        (ir.Func("max", ir.Const(3), ir.Const(8)), 8), (ir.Bin("//", ir.Const(17), ir.Const(5)), 3),
        (ir.Bin("%", ir.Const(17), ir.Const(5)), 2), (ir.Bin("-", ir.Const(17), ir.Const(5)), 12),
        (ir.Item("a", ir.Const(0)), 10), (ir.Item("a", ir.Const(4)), 20), (ir.Len("a"), 3),
    ],
)  # fmt: skip
def test_expressions(expr, value):
    assert run(output=expr, given=(10, 20, 30)).output == value


@pytest.mark.parametrize(
    "body, said",
    [
        ((ir.Repeat(50, (ir.Repeat(50, ()),)),), "over a limit: steps"),
        ((ir.Repeat(9, (ir.Assign("t", ir.Bin("+", ir.Bin("*", T, ir.Const(9)), ir.Const(9))),)),), "over a limit: value"),
        ((ir.Assign("t", ir.Bin("-", T, ir.Const(1))),), "over a limit: value"),
    ],
)  # fmt: skip
def test_runs_over_a_limit_are_discarded(body, said):
    with pytest.raises(Discarded, match=said):
        run(*body)


def test_visits_tell_both_sides_of_a_condition_and_the_end_of_a_while():
    even = ir.ForEach("x", "a", (ir.If(ir.Parity(X, True), (ir.Count("p"),)),))
    interpreter = Interpreter(program(even))
    interpreter.run(((2, 4),))
    assert 0 in interpreter.visits
    interpreter.run(((3,),))
    assert 0 not in interpreter.visits
    loop = Interpreter(program(ir.While(ir.Compare(">=", T, ir.Const(0)), (ir.Count("p"),), 2)))
    loop.run(((),))
    assert 0 in loop.visits  # the cap ended it, never its condition


def test_names_do_not_count_in_the_canonical_form_and_constants_do():
    one = source(EXAMPLE)
    renamed = re.sub(r"\bt\b", "total", re.sub(r"\bw\b", "amber", one))
    assert canonical(one) == canonical(renamed)
    assert canonical(one) != canonical(one.replace("2 * k", "3 * k"))
    assert canonical(one) != canonical(one.replace("t - k", "k - t"))


def test_trackers_are_taken_out_again():
    bare = trackers.without(EXAMPLE)
    assert source(bare).count("+= 1") == 0 and bare.trackers == ()
    places = {1: trackers.Place(0.99, ir.Count("w")), 3: trackers.Place(0.99, ir.Count("d"))}
    assert trackers.insert(bare, [places]) == EXAMPLE


def cases(outputs, given=None, stats=None):
    given = given or [((number, 1, 1), 50 + number) for number in range(len(outputs))]
    stats = stats or [{"p": number} for number in range(len(outputs))]
    return [Case(*parts) for parts in zip(given, map(Stated, outputs, stats), strict=True)]


@pytest.mark.parametrize(
    "outputs, kept",
    [
        ([100, 101, 102, 103], True),
        ([7, 7, 7, 8], False),  # mostly a constant
        ([0, 1, 2, 99], False),  # mostly the first number
        ([2, 3, 4, 99], False),  # mostly the sum
        ([50, 51, 52, 99], False),  # mostly the argument
        ([100, 101], False),  # too few cases
        ([100, 101, True], False), ([100, 101, -1], False), ([100, 101, 10**7 + 1], False), ([1.5, 101, 102], False),
    ],
)  # fmt: skip
def test_which_outputs_are_kept(outputs, kept):
    assert (broken_cases(cases(outputs)) is None) is kept


@pytest.mark.parametrize(
    "p, q, kept",
    [
        ((1, 2, 3), (1, 1, 2), True), ((1, 2, 3), (1, 2, 3), False), ((1, 2, 3), (4, 4, 4), False),
        ((1, 2, 50), (1, 1, 2), False),
    ],
)  # fmt: skip
def test_which_trackers_are_kept(p, q, kept):
    stats = [{"p": one, "q": other} for one, other in zip(p, q, strict=True)]
    assert (broken_trackers(("p", "q"), cases([1, 2, 3], stats=stats)) is None) is kept


def test_a_text_that_says_too_much_or_too_little_is_noticed():
    instance = Generator().draw("text")
    assert broken_text(instance) is None
    name = instance.program.trackers[0]
    for text in (
        instance.description + " 7",
        instance.description + f" {name}",
        instance.description.replace(name, "it", 1),
    ):
        changed = replace(instance, description=text)
        assert broken_text(changed) is not None


def test_wordings_are_enough_distinct_and_mention_each_thing_once():
    for tier in ("full", "tiny"):
        for construct, ways in phrasings(tier).items():
            templates = ways.train + ways.held_out
            assert len(ways.train) >= 3 and ways.held_out, construct
            assert len(set(templates)) == len(templates), construct
            fields = [sorted(set(re.findall(r"{(\w+)}", template))) for template in templates]
            assert all(found == fields[0] for found in fields), construct
            for template in templates:
                assert not re.search(r"\d", template)
                once = re.findall(
                    r"{(l|r|e|c|n|by|v|names|base|result|body|then|other|lst)}", template
                )
                assert len(once) == len(set(once)), template
                words = set(re.findall(r"\b[a-z]+\b", re.sub(r"{\w+}", "", template)))
                assert words.isdisjoint(trackers.WORDS) and words.isdisjoint(trackers.LETTERS)


def test_a_source_yields_all_cases_of_a_program_with_json_gold():
    examples = list(SOURCES["logic"](num_rows=20).load(seed=3))
    assert len(examples) == 20
    assert len({example.id.split("/")[0] for example in examples}) == 3
    for example in examples:
        assert (
            example.answer is None and example.completion is None and example.prompt == example.text
        )
        assert Stated.loads(example.gold)
        assert example.row()["gold"] == example.gold
    again, other = (list(SOURCES["logic"](num_rows=20).load(seed)) for seed in (3, 4))
    assert examples == again and {e.text for e in examples}.isdisjoint({e.text for e in other})


def test_targets_of_the_tiny_tier_are_right_and_fit_its_model():
    tokenizer = AutoTokenizer.from_pretrained("data/tiny/base_model")
    tiny = SOURCES["logic"](num_rows=400, tier="tiny", with_completion=True)
    assert tiny.has_targets
    for example in tiny.load(seed=1):
        completion = split(example.completion)
        assert completion.outcome == "closed" and completion.reasoning
        read = replace(sample(example.completion, gold=None), stated=example.gold)
        assert Logic().score([read]) == [1.0]
        ids = tokenizer(example.prompt + example.completion).input_ids
        assert len(ids) < 700 and tokenizer.decode(ids) == example.prompt + example.completion


def test_a_range_of_difficulty_and_levels_are_kept():
    low = list(SOURCES["logic"](num_rows=40, difficulty=(20, 24), levels=("easy",)).load(seed=0))
    assert {20 <= example.difficulty <= 24 for example in low} == {True}


@pytest.mark.parametrize(
    "mistake, said",
    [
        ({"num_rows": 0}, "num_rows: found 0"),
        ({"num_cases": 2}, "num_cases: found 2; expected at least 3"),
        ({"with_completion": True}, "with_completion: found true"),
        ({"levels": ()}, "levels: found none"),
    ],
)
def test_a_source_without_sense_is_refused(mistake, said):
    with pytest.raises(UserError, match=said):
        build_sources(({"name": "logic", **({"num_rows": 1} | mistake)},), "r.yaml")


def test_a_mixture_with_problems_keeps_both_kinds_of_gold():
    parts = ({"name": "logic", "num_rows": 4}, {"name": "tiny", "num_rows": 4})
    rows = load_mixture(build_sources(parts, "r.yaml"), 0, Decontaminator(None, "r.yaml"))
    assert {(row["answer"] is None, row["gold"] is None) for row in rows} == {
        (True, False),
        (False, True),
    }


RIGHT = '{"output": 9, "stats": {"w": 2, "d": 2}}'


@pytest.mark.parametrize(
    "text, whole, fraction",
    [
        (f"<think>a</think>{RIGHT}", 1.0, 1.0),
        (f"<think>a</think>I got\n{RIGHT}", 1.0, 1.0),
        ('<think>a</think>{"output": 9, "stats": {"w": 2, "d": 3}}', 0.0, 2 / 3),
        ('<think>a</think>{"output": 9, "stats": {"w": 2, "d": 2, "e": 1}}', 0.0, 3 / 4),
        (f"<think>{RIGHT}</think>done", 0.0, 0.0),
        (f"<think>{RIGHT}", 0.0, 0.0),
        (f'<think>a</think>{RIGHT} or {{"output": 8, "stats": {{"w": 2, "d": 2}}}}', 0.0, 2 / 3),
        ("", 0.0, 0.0),
    ],
)
def test_the_reward(text, whole, fraction):
    reader, gold = READER, Stated(9, {"w": 2, "d": 2}).dumps()
    columns = {"answer": [None], "constraints": ["[]"], "id": ["p"], "gold": [gold]}
    for aggregate, paid in (("all", whole), ("fraction", fraction)):
        reward = TRLReward("logic", Logic(aggregate), reader)
        assert reward([text], [[1, 2]], **columns) == [pytest.approx(paid)]


def test_the_reward_does_not_apply_without_such_a_gold():
    reward = TRLReward("logic", Logic(), READER)
    columns = {"answer": ["4"], "constraints": ["[]"], "id": ["p"]}
    assert reward([RIGHT], [[1, 2]], **columns) == [None]
    assert reward([RIGHT], [[1, 2]], **columns, gold=[None]) == [None]
