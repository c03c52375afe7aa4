"""LogicIF as a benchmark: Output, State and Both, of cases and of questions, on our rows and on rows in upstream's form."""

import json
import subprocess
import sys

import pytest

from data.constraints.base import check_all
from data.tokenizer import Thinking
from eval.benchmarks import build_benchmarks, tasks
from eval.generate import Generation
from eval.records import judge
from eval.scores import scores
from recipes.errors import UserError


def row(task, case, output, stats, score=10.0):
    """Made up, in upstream's form."""
    return {
        "task_id": task, "test_case_id": case, "input": [[1, 2]], "code_output": {"output": output, "stats": stats},
        "instruction": f"Carry out {task} on case {case}.", "complexity_metrics": {"code_complexity_score": score},
    }  # fmt: skip


ROWS = [
    row("sum", 0, 3, {"w": 2}, 10.0),
    row("sum", 1, 5, {"w": 1}, 10.0),
    row("rope", 0, [1, 2], {"used": True}, 20.0),
    row("none", 0, None, {"d": 0}, 30.0),
]


@pytest.fixture
def upstream(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in ROWS), encoding="utf-8")
    return str(path)


def benchmark(**settings):
    return build_benchmarks(({"name": "logicif"} | settings,), "x.yaml")[0]


def judged(asked, responses):
    generated = [
        (task, Generation(text, [], False)) for task, text in zip(asked, responses, strict=True)
    ]
    return judge(generated, Thinking(False, None))


def value(found, metric, name="all"):
    return next(one.value for one in found if (one.metric, one.slice) == (metric, name))


def test_cases_and_questions_by_hand(upstream):
    """Of four cases, the output is right in three, the state in two, both in one; of three functions, 1, 1 and 0 wholly."""
    asked = tasks(benchmark(rows=upstream), 0)
    found = scores(judged(asked, [
        'So {"output": 3, "stats": {"w": 2}}',
        '<think>{"output": 5, "stats": {"w": 1}}</think>{"output": 5, "stats": {"w": 9}}',
        '{"output": [1, 2], "stats": {"used": false}}',
        '{"output": 0, "stats": {"d": 0}}',
    ]))  # fmt: skip
    assert value(found, "hacc") == 25.0
    assert value(found, "met", "kind=logic:output") == 75.0
    assert value(found, "met", "kind=logic:state") == 50.0
    assert value(found, "question_hacc") == 0.0
    assert value(found, "question_met", "kind=logic:output") == pytest.approx(200 / 3)
    assert value(found, "question_met", "kind=logic:state") == pytest.approx(100 / 3)


def test_upstream_rows_take_one_for_true_and_ours_do_not(upstream):
    asked = {task.example.id: task for task in tasks(benchmark(rows=upstream), 0)}
    rope = asked["logicif/rope/0"].constraints
    assert check_all(rope, '{"output": [1, 2], "stats": {"used": 1}}') == [True, True]
    ours = tasks(benchmark(tier="tiny", limit=1, levels=["easy"]), 0)[0]
    gold = json.loads(ours.constraints[0].gold)
    assert check_all(ours.constraints, json.dumps(gold)) == [True, True]
    lie = {key: bool(value) for key, value in gold["stats"].items()}
    assert check_all(ours.constraints, json.dumps(gold | {"stats": lie}))[1] is False


@pytest.mark.parametrize("response", ["", "no JSON", "<think>never ends", "{}", '{"output": null}'])
def test_a_response_without_the_json_states_nothing(upstream, response):
    """Upstream passes the output of a row whose gold is null for a response without any JSON; we do not."""
    records = judged(tasks(benchmark(rows=upstream), 0), [response] * 4)
    assert [one.met for one in records] == [[False, False]] * 4


def test_levels_are_terciles_of_the_functions(upstream):
    found = {
        task.example.id: task.example.difficulty for task in tasks(benchmark(rows=upstream), 0)
    }
    assert [found[f"logicif/{one}/0"] for one in ("sum", "rope", "none")] == [1, 2, 3]


def test_our_functions_keep_their_cases_together():
    asked = tasks(benchmark(tier="tiny", limit=2), 0)
    problems = {task.example.problem_id for task in asked}
    assert len(problems) == 6 and len(asked) == 48
    assert {task.example.difficulty for task in asked} == {1, 2, 3}
    assert len({task.prompt for task in asked}) == 48


@pytest.mark.parametrize(
    "settings, told",
    [
        ({"rows": "nowhere.jsonl"}, "nowhere.jsonl: no such file"),
        ({"conditions": ["without"]}, "conditions"),
        ({"limit": 0}, "limit: found 0"),
        ({"tier": "huge"}, "tier"),
    ],
)
def test_bad_settings_end_in_one_line(settings, told):
    with pytest.raises(UserError, match=told):
        tasks(benchmark(**settings), 0)


@pytest.mark.parametrize(
    "broken",
    [
        {"task_id": 3},
        {"instruction": None},
        {"code_output": {"output": 3}},
        {"code_output": {"output": 3, "stats": []}},
    ],
)
def test_a_row_that_is_none_of_upstreams_is_named(tmp_path, broken):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(ROWS[0] | broken) + "\n", encoding="utf-8")
    with pytest.raises(UserError, match=rf"rows\.jsonl:1: {next(iter(broken))}"):
        tasks(benchmark(rows=str(path)), 0)


def test_responses_made_elsewhere_are_scored_from_the_command_line(upstream, tmp_path):
    responses = tmp_path / "responses.jsonl"
    lines = [
        {"prompt": one["instruction"], "response": json.dumps(one["code_output"])} for one in ROWS
    ]
    responses.write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    command = [sys.executable, "-m", "eval.score", "logicif", str(responses), f"rows={upstream}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = " ".join(done.stdout.split())
    for name in (
        "cases: output",
        "cases: state",
        "questions: output",
        "questions: state",
        "questions: both",
    ):
        assert f"{name} │ 100.00" in told
