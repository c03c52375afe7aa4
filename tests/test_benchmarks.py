"""Published benchmarks as tasks, how their completions are judged, and outputs that were made elsewhere."""

import json

import pytest

from data.constraints.base import from_spec
from data.example import Example
from data.tokenizer import Thinking
from eval.benchmarks import BENCHMARKS, build_benchmarks, tasks
from eval.elsewhere import join
from eval.elsewhere_report import table
from eval.floors import floors
from eval.generate import Generation
from eval.records import Rules, Task, judge
from eval.regions import last_think, mathif, reasoning
from recipes.errors import UserError
from tests.support import SHARED, needs_punkt, needs_shared

NO_COMMA = from_spec("punctuation:no_comma", None, "x")
LOWER = from_spec("change_case:english_lowercase", None, "x")


def asked(name, **keys):
    found = build_benchmarks(({"name": name, **keys},), "x")[0]
    return found, tasks(found, 0)


@pytest.fixture(autouse=True)
def other_files():
    tasks.cache_clear()


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    monkeypatch.setenv("TETHER_DATA", str(tmp_path))

    def write(path, rows):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / path).write_text(json.dumps(rows) if path.endswith(".json") else lines)

    return write


# regions, by the rules of the page


@pytest.mark.parametrize(
    "text, found",
    [
        ("plain", "plain"),
        ("<think>a</think>b", "b"),
        ("a</think>b</think>c", "b"),
        ("<think>a<think>b</think>c", "a"),
        ("no end of thinking, <think>a, b", "a, b"),
        ("<think>a</think><answer>b</answer>c", "b"),
        ("<think>a</think>b</answer>c", "b"),
    ],
)
def test_mathifs_region(text, found):
    assert mathif(text) == found


def test_other_regions():
    assert last_think("<think>a</think> b </think>\n c \n") == "c" and last_think(" a ") == "a"
    assert reasoning("<think>a, b</think>c") == "a, b" and reasoning("c") == ""
    assert reasoning("<think>never ends") == "never ends"


# judging


def judged(task, text):
    return judge([(task, Generation(text, [], False))], Thinking(False, None))[0]


def test_official_and_repaired_verdicts_stand_side_by_side():
    """Thinking that never ends: MathIF's scorer reads it, ours does not."""
    example = Example("a", "s", "1 + 1?", "2", (NO_COMMA, LOWER))
    record = judged(Task(example, "with"), "<think>no comma here and all small: \\boxed{2}")
    assert record.met_official == [True, True] and record.met == [False, False]
    assert record.correct is False and record.met_loose == []


def test_constraints_on_the_chain_of_thought():
    example = Example("a", "s", "1 + 1?", "2", (NO_COMMA,), text="Think without commas. 1 + 1?")
    task = Task(example, "with", Rules(official="reasoning", reasoning=True, fallbacks=True))
    assert task.prompt == "Think without commas. 1 + 1?"
    good = judged(task, "<think>one and one</think><answer>2</answer>, with commas, outside")
    assert good.met == good.met_official == [True] and good.correct is True
    assert judged(task, "<think>one, one</think>\\boxed{2}").met == [False]
    assert judged(task, "\\boxed{2}").met == [False], "an empty trace follows nothing"


def test_chinese_thoughts():
    """langdetect tells zh-cn from zh-tw; ReasonIF asks for zh."""
    chinese = from_spec("language:reasoning_language", {"language": "zh"}, "x")
    french = from_spec("language:reasoning_language", {"language": "fr"}, "x")
    text = "我们先把两个数相加，然后除以三，最后得到四十二。这个结果是正确的。"
    assert chinese.check(text) and chinese.official(text)
    assert not french.check(text) and not french.official(text)
    assert not chinese.check("First we add the two numbers, then we divide the sum by three.")
    with pytest.raises(UserError, match="language: found 'xx'"):
        from_spec("language:reasoning_language", {"language": "xx"}, "x")


def test_a_request_without_an_answer_is_not_graded():
    example = Example(
        "a", "s", "Name a river.", None, (NO_COMMA,), text="Name a river without commas."
    )
    record = judged(
        Task(example, "with", Rules(official="last_think", loose=True)), "Sure, here:\nThe Po."
    )
    assert record.correct is None and record.gold is None and record.method == "no gold"
    assert record.met_official == [False] and record.met_loose == [True], (
        "loose forgives a first line"
    )


# each benchmark's file


def test_capability_benchmarks_read_problem_and_gold(mirror):
    mirror("gsm8k/test.jsonl", [{"question": "1 + 1? ", "answer": "It is 2.\n#### 1,002"}])
    mirror(
        "math500/test.jsonl", [{"problem": "x?", "answer": "\\frac12", "unique_id": "test/a.json"}]
    )
    mirror("aime24/test.jsonl", [{"problem": "n?", "answer": "033"}] * 2)
    mirror("aime25/test.jsonl", [{"problem": "n?", "answer": 70}])
    mirror("amc23/test.jsonl", [{"question": "n?", "answer": 27.0}])
    mirror("minerva/test.jsonl", [{"question": "E?", "answer": "mc^2"}])
    mirror("olympiad/test.jsonl", [{"question": "n?", "final_answer": ["2"]}])
    golds = {"gsm8k": "1002", "math500": "\\frac12", "aime24": "033", "aime25": "70", "amc23": "27.0", "minerva": "mc^2",
             "olympiad": "2"}  # fmt: skip
    for name, gold in golds.items():
        benchmark, found = asked(name, limit=1)
        (task,) = found
        assert (
            task.example.answer == gold and task.condition == "without" and benchmark.label == name
        )
        assert task.prompt.endswith(r"output the final answer within \boxed{}.")
        assert judged(task, rf"\boxed{{{gold}}}").correct is True, name


def test_a_gold_that_is_missing_is_named(mirror):
    mirror("olympiad/test.jsonl", [{"question": "n?", "final_answer": ["2", "3"]}])
    with pytest.raises(
        UserError,
        match=r"olympiad/test.jsonl:1: final_answer: found \['2', '3'\]; expected an answer",
    ):
        asked("olympiad")
    with pytest.raises(UserError, match=r"conditions: found .*expected .without."):
        asked("math500", conditions=["with"])


def test_reasonif_with_other_word_limits(mirror):
    row = {"source": "gsm8k", "question": "1 + 1?", "answer": " 2",
           "constraint_name": ["length_constraint_checkers:number_words"],
           "constraint_args": [{"num_words": 52}], "prompt": "Think with less than 52 words. 1 + 1?"}  # fmt: skip
    mirror("reasonif/reasonIF_dataset.json", [row])
    assert asked("reasonif")[1][0].prompt == row["prompt"]
    (task,) = asked("reasonif", word_limits={"gsm8k": 3})[1]
    assert task.prompt == "Think with less than 3 words. 1 + 1?" and task.example.answer == "2"
    assert judged(task, "<think>one two</think>2").met == [True]
    assert judged(task, "<think>one two three</think>2").met == [False]
    with pytest.raises(UserError, match="word_limits: found gsm; expected some of gsm8k"):
        asked("reasonif", word_limits={"gsm": 3})


def test_another_version_of_a_file_is_said_once(mirror, capsys):
    mirror("aime25/test.jsonl", [{"problem": "n?", "answer": 70}])
    mirror("gsm8k/test.jsonl", [{"question": "1 + 1?", "answer": "#### 2"}] * 2)
    asked("aime25")
    assert "caution" not in capsys.readouterr().err, "no version of it is known"
    for _ in range(2):
        tasks.cache_clear()
        asked("gsm8k")
    said = capsys.readouterr().err
    assert said.count("caution") == 1 and "gsm8k/test.jsonl: found SHA-256" in said


@needs_shared
@needs_punkt
def test_the_real_files(monkeypatch, capsys):
    monkeypatch.setenv("TETHER_DATA", str(SHARED))
    for name, count in {
        "ifeval": 541,
        "ifbench": 300,
        "reasonif": 300,
        "gsm8k": 1319,
        "mathif": 840,
    }.items():
        _, found = asked(name)
        assert len(found) == len({task.key for task in found}) == count
    assert "caution" not in capsys.readouterr().err
    _, found = asked("mathif")
    broken = {task.example.id for task in found if not task.example.satisfiable}
    assert broken == {"gsm8k_double/gsm8k-single-21", "math500_double/level2-double-21",
                      "minerva_double/level3-double-21", "olympiad_double/olympiad-double-21"}  # fmt: skip
    assert len(BENCHMARKS["ifeval"]().examples(0)) == 541
    assert sum(len(task.constraints) for task in asked("ifeval")[1]) == 834


@needs_shared
def test_the_floors_of_mathif(monkeypatch):
    """Computed with the reference scorer over all 420 rows (shared/reference/mathif.md, section 6)."""
    monkeypatch.setenv("TETHER_DATA", str(SHARED))
    _, found = asked("mathif")
    columns = [list(column.cells) for column in floors(found, "mathif").columns]
    expected = [
        ("12.14", "31.03"),
        ("11.90", "30.48"),
        ("14.76", "33.53"),
        ("15.24", "36.90"),
        ("14.05", "29.29"),
    ]
    assert list(zip(columns[1], columns[2], strict=True)) == expected


def test_no_floor_without_answers_or_on_the_chain_of_thought():
    request = Example("a", "s", "q", None, (NO_COMMA,), text="q")
    thought = Example("a", "s", "q", "2", (NO_COMMA,))
    assert floors([Task(request, "with")], "t") is None
    assert floors([Task(thought, "with", Rules(reasoning=True))], "t") is None
    assert floors([Task(thought, "without")], "t") is None
    assert floors([Task(thought, "with")], "t").row_count == 5


# outputs that were made elsewhere


@pytest.fixture
def constrained():
    examples = [Example(str(n), "s", f"{n} + 1?", str(n + 1), (NO_COMMA,)) for n in range(3)]
    return tuple(
        Task(example, condition) for condition in ("with", "without") for example in examples
    )


def written(tmp_path, rows):
    path = tmp_path / "responses.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_rows_are_joined_by_prompt_whatever_they_are_called(constrained, tmp_path):
    rows = [
        {"prompt": constrained[1].prompt + "\n", "response": r"\boxed{2}"},
        {"question": "0 + 1?", "output": [r"\boxed{1}", "one, two"]},
        {"prompt": "another benchmark's", "response": ""},
    ]
    found = join(constrained, written(tmp_path, rows))
    assert [record.key for record in found.records] == ["0/with", "0/with#1", "1/with", "2/with"]
    assert [record.correct for record in found.records] == [True, False, True, False]
    assert [record.met for record in found.records] == [[True], [False], [True], [False]]
    assert (found.missing, found.unknown) == (1, 1)
    shown = table(found.records, Rules(), "t")
    cells = dict(zip(*(list(column.cells) for column in shown.columns[:2]), strict=True))
    assert cells["HAcc, official"] == "50.00" and cells["correct and followed"] == "50.00"
    assert "correct, without" not in cells


def test_rows_in_the_benchmarks_order(constrained, tmp_path):
    rows = [{"text": rf"\boxed{{{n + 1}}}"} for n in range(3)]
    found = join(constrained, written(tmp_path, rows), in_order=True)
    assert [record.correct for record in found.records] == [True] * 3 and found.missing == 0
    with pytest.raises(UserError, match="--in-order: found 2 rows; expected 3"):
        join(constrained, written(tmp_path, rows[:2]), in_order=True)


@pytest.mark.parametrize(
    "row, said",
    [
        ({"prompt": "0 + 1?"}, "found keys prompt; expected a response"),
        ({"prompt": "0 + 1?", "response": 3}, "expected a response, a text or a list"),
        ({"response": "x"}, "found no prompt; expected it under one of prompt"),
        ({"prompt": "other", "response": "x"}, "none of 1 prompts is the benchmark's"),
    ],
)
def test_a_file_that_cannot_be_joined(constrained, tmp_path, row, said):
    with pytest.raises(UserError, match=said):
        join(constrained, written(tmp_path, [row]))


def test_instruction_level_counts_every_instruction():
    examples = [
        Example("a", "ifeval", "p", None, (NO_COMMA, LOWER), text="p"),
        Example("b", "ifeval", "q", None, (NO_COMMA,), text="q"),
    ]
    rules = Rules(official="last_think", loose=True)
    records = [judged(Task(one, "with", rules), "Small, no") for one in examples[:1]]
    records += [judged(Task(examples[1], "with", rules), "fine")]
    shown = table(records, rules, "t")
    cells = dict(zip(*(list(column.cells) for column in shown.columns[:2]), strict=True))
    assert cells["prompt strict"] == "50.00" and cells["instruction strict"] == "33.33"
