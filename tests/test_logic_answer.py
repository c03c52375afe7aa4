"""What a response states, and how much of it is right: each step of the scoring, and responses meant to cheat it."""

import json
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.logic.answer import Stated, compare, equal, score, stated
from data.response import split
from tests.support import SHARED, needs_shared

GOLD = Stated(9, {"w": 2, "d": 2})
RIGHT = '{"output": 9, "stats": {"w": 2, "d": 2}}'


@pytest.mark.parametrize(
    "response, output, state, matching",
    [
        (RIGHT, True, True, 1.0),
        (f"So the result is:\n```json\n{RIGHT}\n```", True, True, 1.0),
        ('{"stats": {"d": 2, "w": 2}, "output": 9}', True, True, 1.0),
        ('{"output": 9.0, "stats": {"w": 2, "d": 2.0}}', True, True, 1.0),
        ('{"output": 8, "stats": {"w": 2, "d": 2}}', False, True, 2 / 3),
        ('{"output": 9, "stats": {"w": 2, "d": 3}}', True, False, 2 / 3),
        ('{"output": 9, "stats": {"w": 2}}', True, False, 2 / 3),
        ('{"output": 9, "stats": {"w": 2, "d": 2, "e": 0}}', True, False, 3 / 4),
        ('{"output": 9, "stats": {}}', True, False, 1 / 3),
        ('{"output": 9, "stats": [2, 2]}', True, False, 1 / 3),
        ('{"output": 9, "stats": null}', True, False, 1 / 3),
        ('{"output": "9", "stats": {"w": "2", "d": 2}}', False, False, 1 / 3),
        ('{"output": null, "stats": {"w": 2, "d": 2}}', False, True, 2 / 3),
        ('{"output": NaN, "stats": {"w": 2, "d": 2}}', False, True, 2 / 3),
        ('{"output": [9], "stats": {"w": 2, "d": 2}}', False, True, 2 / 3),
        ('{"output": true, "stats": {"w": 2, "d": 2}}', False, True, 2 / 3),
        ('{"output": 9}', False, False, 0.0),
        ('{"stats": {"w": 2, "d": 2}}', False, False, 0.0),
        ("The output is 9, w is 2 and d is 2.", False, False, 0.0),
        ("{'output': 9, 'stats': {'w': 2, 'd': 2}}", False, False, 0.0),
        ("", False, False, 0.0),
    ],
)  # fmt: skip
def test_output_state_and_matching(response, output, state, matching):
    found = score(response, GOLD)
    assert (found.output, found.state, found.matching) == (output, state, pytest.approx(matching))
    assert found.both is (output and state)


@pytest.mark.parametrize(
    "response, found",
    [
        (f'{RIGHT} no, {{"output": 1, "stats": {{}}}}', Stated(1, {})),  # the last one counts
        (f'{RIGHT} where {{"output": 1}} is not all', GOLD),  # of those with both keys
        (f'{{"answer": {RIGHT}}}', None),  # at the top level only
        (f'[{RIGHT}]', GOLD),  # an array is not looked at, what is in it is
        (f"{{note: {RIGHT}}}", GOLD),  # braces that are no JSON are not in the way
        (f'{{"output": 1, "stats": {RIGHT}}}', Stated(1, {"output": 9, "stats": {"w": 2, "d": 2}})),
        (f'"{{" and {RIGHT} and "}}"', GOLD),
        ('{"text": "{\\"output\\": 9, \\"stats\\": {}}"}', None),  # within a text
        (RIGHT[:-1], None),  # cut off
        ('{"output": 1, "output": 9, "stats": {"w": 2, "d": 2}}', GOLD),  # as JSON readers do
    ],
)  # fmt: skip
def test_which_object_is_read(response, found):
    assert stated(response) == found


@pytest.mark.parametrize(
    "text, both",
    [
        (f"<think>{RIGHT}</think>I cannot say.", False),
        (f"<think>{RIGHT}", False),
        (f"<think>a</think>{RIGHT}<think>b", False),
        (f'<think>{{"output": 1, "stats": {{}}}}</think>{RIGHT}', True),
    ],
)
def test_json_in_the_reasoning_states_nothing(text, both):
    assert score(split(text).response, GOLD).both is both


@pytest.mark.parametrize("rule", ["strict", "upstream"])
@pytest.mark.parametrize(
    "found, gold, strict, upstream",
    [
        (1, True, False, True), (True, 1, False, True), (0, False, False, True), (True, True, True, True),
        (1.0, True, False, True), ([1], [True], False, True), ({"a": True}, {"a": 1}, False, True),
        (None, None, True, True), (0, None, False, False), ("", None, False, False), ([], None, False, False),
        ("5", 5, False, False), (5, "5", False, False), ("a", "a", True, True), ("a", "A", False, False),
        (5.0, 5, True, True), (0.1 + 0.2, 0.3, True, False), (1e-8, 0, False, False),
        ([1, [2.0]], [1, [2]], True, True), ([1, 2], [2, 1], False, False), ([1], [1, 2], False, False),
        (10**400, 1.5, False, False), (float("inf"), 10**400, False, False), (10**400, 10**400, True, True),
        (float("nan"), float("nan"), False, False),
    ],
)  # fmt: skip
def test_equality_by_either_rule(rule, found, gold, strict, upstream):
    assert equal(found, gold, rule) is (strict if rule == "strict" else upstream)


def test_a_null_output_is_matched_by_a_stated_null_only():
    gold = Stated(None, {})
    assert score('{"output": null, "stats": {}}', gold).both
    assert (
        not score("no JSON", gold).output and not score('{"output": 0, "stats": {}}', gold).output
    )


@pytest.mark.parametrize(
    "response",
    [
        "[" * 100_000,
        '{"output": ' + "[" * 100_000,
        '{"output": ' * 20_000,
        "{" * 100_000,
        '{"output": 9, "stats": ' * 10_000 + RIGHT,
        '{"output": ' + "9" * 100_000 + ', "stats": {"w": 2, "d": 2}}',
        '{"output": 1e999, "stats": {"w": 2, "d": 2}}',
        '{"a": "' * 30_000,
    ],
    ids=["arrays", "array", "objects", "braces", "nested", "digits", "infinite", "texts"],
)
def test_what_is_deep_or_huge_is_wrong_and_quick(response):
    assert not score(response, GOLD).both


def test_braces_of_formulas_are_not_in_the_way():
    assert score(r"\frac{1}{2} and {a, b}" * 10_000 + RIGHT, GOLD).both


def test_many_objects_are_read_in_one_pass_and_the_last_counts():
    others = '{"output": 8, "stats": {"w": 2, "d": 2}}' * 20_000
    assert score(others + RIGHT, GOLD).both
    assert not score(RIGHT + others, GOLD).both


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(
    values, st.dictionaries(st.text(), values, max_size=4), st.text(alphabet="ab [\n", max_size=9)
)
def test_a_gold_as_a_response_is_right_by_both_rules(output, stats, around):
    gold = Stated.loads(Stated(output, stats).dumps())
    response = around + gold.dumps() + around
    assert score(response, gold).both and score(response, gold, "upstream").both
    assert score(response, gold).matching == 1.0


@given(st.text(), values, st.dictionaries(st.text(), st.integers(), max_size=3))
def test_any_text_gets_a_score(response, output, stats):
    found = score(response, Stated(output, stats))
    assert 0.0 <= found.matching <= 1.0 and found.both is (found.matching == 1.0)


@given(st.dictionaries(st.text(), st.integers(), min_size=1, max_size=3), st.booleans())
def test_fractions_never_pay_for_stating_more_keys(stats, right):
    gold = Stated(3, stats)
    plain = compare(Stated(3 if right else 4, stats), gold)
    more = compare(Stated(3 if right else 4, {**stats, "\0more": 1}), gold)
    assert more.matching < plain.matching and not more.both


@pytest.mark.parametrize(
    "text, said", [('{"output": 1}', "keys output and stats"), ('{"output": 1, "stats": [1]}', "stats: found [1]")]
)  # fmt: skip
def test_a_gold_of_another_form_is_refused(text, said):
    with pytest.raises(ValueError, match="gold") as error:
        Stated.loads(text)
    assert said in str(error.value)


@needs_shared
@pytest.mark.parametrize("rule", ["strict", "upstream"])
def test_the_acceptance_numbers_of_the_published_demo_rows(rule):
    # logicif.md, section 6: case-level Both 8/12; question-level Output 2/3, State 2/3, Both 1/3.
    lines = (
        (SHARED / "logicif_samples/sample_result.jsonl").read_text(encoding="utf-8").splitlines()
    )
    cases = defaultdict(list)
    for row in map(json.loads, lines):
        gold = Stated(row["code_output"]["output"], row["code_output"]["stats"])
        found = Stated(row["llm_output"]["output"], row["llm_output"]["stats"])
        cases[row["task_id"]].append(compare(found, gold, rule))
    scores = [one for found in cases.values() for one in found]
    assert (sum(one.both for one in scores), len(scores)) == (8, 12)
    assert len(cases) == 3
    assert sum(all(one.output for one in found) for found in cases.values()) == 2
    assert sum(all(one.state for one in found) for found in cases.values()) == 2
    assert sum(all(one.both for one in found) for found in cases.values()) == 1
    # Their responses are of an older layout: JSON is not found in them, but by chance.
    assert all(stated(json.loads(line)["llm_response"]) is None for line in lines)
