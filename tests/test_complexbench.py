"""ComplexBench's rules and dependencies by hand, and the judge against a server on this machine."""

import argparse
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.complexbench import (
    Question,
    arguments,
    coherent,
    drfr,
    gated,
    main,
    pieces,
    read_data,
)
from eval.complexbench_rules import ASKS, FORBIDS, judge_pieces
from recipes.errors import UserError
from tests import judges


@pytest.mark.parametrize(
    "rule, found, verdict",
    [
        ("model_keyword:[sun, moon]", ["the sun and the moon"], True),
        ("model_keyword:[sun, moon]", ["the sun"], False),
        ("model_keyword:[a.b]", ["a。b"], True),  # full width and ASCII are one
        ("model_keyword_num:[1,2,sun,moon,star]", ["sun, moon"], True),
        ("model_keyword_num:[1,2,sun,moon,star]", ["sun, moon, star"], False),
        ("model_keyword_each:[x]", ["x1", "2"], False),
        ("model_keyword:[x]", ["x1", "2"], True),
        ("model_forbidden_word:[x]", ["abc"], True),
        ("model_forbidden_word_each:[x]", ["abc", "x"], False),
        ("model_startswith:Dear Tom,", ["Dear Tom， hello"], True),
        ("model_endswith:bye", ["good bye。"], True),
        ("model_endswith:bye", ['"good bye"'], True),
        ("model_endswith_each:end", ["a end", "b end", "c"], True),
        ("model_startswith:A\nmodel_endswith:Z", ["A to Z"], True),
        ("model_startswith:A\nmodel_endswith:Z", ["A to Y"], False),
        ("model_not_endswith:bye", ["good bye"], False),
        ("model_length:[3,4]", ['"abcd"'], True),
        ("model_length:[3,4]", ["ab"], False),
        ("model_length_word_each:[1,2]", ["a b", "a b c"], False),
        ("model_number_each:[2,3]", ["a", "b"], True),
        ("model_number_each:[2,3]", ["a"], False),
        ("model_constraint_punc:[，]", ["a，b"], True),
        ("model_constraint_punc:[，]", ["a，b!"], False),
        ("model_starts_with_list_each:[1,2]", ["1 a", "2 b"], True),
        ("model_starts_with_list_each:[1,2]", ["2 b", "1 a"], False),
        ("Json:[a,b]", ['so {"b": {"c": 1}, "a": "}"} it is'], True),
        ("Json:[a]", ['{"a": 1, "b": 2}'], False),
        ("Json:[]", ["none"], False),
        ("model_rhymes:[a]", ["a"], None),
    ],
)
def test_rules(rule, found, verdict):
    assert judge_pieces(rule, found) is verdict


@pytest.mark.parametrize("name", [*ASKS, *FORBIDS])
def test_without_a_passage_what_forbids_holds(name):
    assert judge_pieces(f"model_{name}:[1,2]", []) is (name in FORBIDS)


NAMES = st.sampled_from([*ASKS, *FORBIDS, "number", "starts_with_list", "rhymes"])
ARGUMENTS = st.text() | st.just("[1,2]") | st.lists(st.text()).map(",".join)


@given(NAMES, st.sampled_from(["", "_each"]), ARGUMENTS, st.lists(st.text()), st.text())
def test_rules_are_total(name, each, argument, found, before):
    for rule in (f"model_{name}{each}:{argument}", f"{before}\nmodel_{name}{each}:{argument}"):
        assert judge_pieces(rule, found) in (True, False, None)


def asked(*deps):
    return [Question("?", None, dep, (), ()) for dep in deps]


def test_dependencies():
    """c needs b, which needs a; a is not met, b would be."""
    chain = asked((), (0,), (1,))
    assert gated([False, True, True], chain, transitive=False) == [False, False, True]
    assert gated([False, True, True], chain, transitive=True) == [False, False, False]
    assert gated([True, True, True], chain, transitive=True) == [True] * 3
    # An unknown rule is not met, and holds nothing back.
    assert gated([None, True], asked((), (0,)), transitive=True) == [False, True]


def test_figures():
    assert drfr([[True, False], [True, True]]) == 75.0


def test_what_the_judge_copied():
    assert pieces("all", "the response") == ["the response"] and pieces("None", "x") == []
    assert pieces("one || two||", "x") == ["one", "two"]


DATA = [
    {"main_id": n, "group": 1, "category": "And_1", "instruction_en": f"Task {n}", "scoring_questions": [
        {"question_en": "Is it about rivers?", "rule": None, "dep": [],
         "constraint_dimensions": ["Topic"], "composition_types": ["And"]},
        {"question_en": "Does it end with bye?", "rule": "model_endswith:bye", "dep": [0],
         "constraint_dimensions": ["End with"], "composition_types": ["And"]},
    ]} for n in (0, 1)
]  # fmt: skip


@pytest.fixture
def server():
    """Says YES about rivers, and copies the whole response; every third request fails."""
    calls = {"asked": 0, "all": 0}

    def answer(prompt):
        calls["all"] += 1
        if calls["all"] % 3 == 1:
            return None
        calls["asked"] += 1
        if "Copy it word for word" in prompt:
            return "all"
        return "Yes." if "the Nile" in prompt else "NO"

    with judges.judge(answer) as url:
        yield url, calls


def launched(folder, url, *more):
    words = [str(folder / "responses.jsonl"), "--data", str(folder / "data.json"), "--judge-model", "m", "--judge-url", url,
             "--cache", str(folder / "cache"), "--out", str(folder / "out.jsonl"), *more]  # fmt: skip
    main(arguments().parse_args(words))


def test_judge_rules_and_dependencies_together(tmp_path, server, capsys):
    url, calls = server
    (tmp_path / "data.json").write_text(json.dumps(DATA))
    rows = [
        {"main_id": 0, "response": "<think>the Po</think>the Nile, bye"},
        {"main_id": 1, "response": "<think>the Nile</think>a tree, bye"},
    ]
    (tmp_path / "responses.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    launched(tmp_path, url, "--concurrency", "1")
    verdicts = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [one["verdicts"] for one in verdicts] == [[True, True], [False, True]]
    out = capsys.readouterr().out
    assert "50.00" in out  # the second's ending is held back by its topic: 2 of 4
    before = calls["all"]
    launched(tmp_path, url)
    assert calls["all"] == before, "verdicts are cached"
    instances = read_data(tmp_path / "data.json", "en")
    assert coherent(instances, [[True, True], [False, False]]) == 0.0
    assert coherent(instances, [[True, True], [True, True]]) == 100.0


def test_mistakes_are_one_line(tmp_path):
    args = argparse.Namespace(
        data=tmp_path / "no.json", language="en", responses=tmp_path / "r.jsonl"
    )
    with pytest.raises(UserError, match="no such file; expected ComplexBench's data"):
        main(args)
    (tmp_path / "no.json").write_text(json.dumps([{"main_id": 1}]))
    with pytest.raises(
        UserError, match="found a row without 'group'; expected ComplexBench's keys"
    ):
        main(args)
    (tmp_path / "no.json").write_text(json.dumps(DATA))
    (tmp_path / "r.jsonl").write_text(json.dumps({"main_id": 0}) + "\n")
    with pytest.raises(UserError, match="found keys main_id; expected main_id and a response"):
        main(args)
