"""Reasoning traces: a teacher's, sampled, graded, filtered and resumed; read back as what SFT learns."""

import argparse
import json
from pathlib import Path

import pytest

import train.sft
from data.constraints.base import from_spec
from data.decontaminate import Decontaminator
from data.example import Example
from data.prompt import INSTRUCTION
from data.sources import SOURCES, build_sources, load_mixture
from data.tokenizer import Thinking
from eval.generate import Generation
from recipes.errors import UserError
from recipes.schema import Decontaminate, TracesRecipe, load_recipe
from scripts import traces
from tests.test_end_to_end import runs

__all__ = ["runs"]
ROOT = Path(__file__).resolve().parents[1]
RECIPE = "recipes/traces/tiny.yaml"
GOOD = {"question": "What is 1+1?", "completion": "<think>\n1+1=2\n</think>\nIt is 2.", "answer": 2}


def lines(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# ---------------------------------------------------------------------- the source


def test_a_trace_becomes_what_sft_learns(tmp_path):
    asked = {key: GOOD[key] for key in GOOD if key != "question"} | {
        "prompt": "1+1? Be brief.",
        "id": "a",
    }
    path = lines(tmp_path / "t.jsonl", GOOD, asked, GOOD | {"prompt": "Sum of 1, 1?"}, GOOD)
    source = SOURCES["traces"](path=path)
    assert len(source) == len(list(source.load(0))) == 4  # all, where no number is given
    first, second, third = SOURCES["traces"](path=path, num_rows=3).load(0)
    assert first.prompt == "What is 1+1?" + INSTRUCTION and first.answer == "2"
    assert first.completion == GOOD["completion"]
    assert (second.prompt, second.question, second.id) == ("1+1? Be brief.",) * 2 + ("traces-a",)
    # The prompt is what the teacher saw, the question what benchmarks are compared with.
    assert (third.prompt, third.question) == ("Sum of 1, 1?", "What is 1+1?")


@pytest.mark.parametrize(
    "row, said",
    [
        ({"completion": GOOD["completion"]}, "missing key 'question' or 'prompt'"),
        ({"question": "x"}, "missing key 'completion'"),
        (GOOD | {"completion": "It is 2."}, "completion: found 'It is 2....'; expected <think>"),
        (GOOD | {"completion": "<think>\n1+1=2"}, "completion: found '<think>"),
        (GOOD | {"completion": "1+1=2</think>2"}, "put it back"),
        (GOOD | {"answer": ["2"]}, "answer"),
    ],
)
def test_a_row_that_is_no_trace_is_named_by_its_line(tmp_path, row, said):
    source = SOURCES["traces"](path=lines(tmp_path / "t.jsonl", GOOD, row), num_rows=9)
    with pytest.raises(UserError) as error:
        list(source.load(0))
    assert str(error.value).startswith(f"{tmp_path / 't.jsonl'}:2: ") and said in str(error.value)


def test_a_missing_file_names_the_script():
    with pytest.raises(
        UserError, match=r"nowhere\.jsonl: no such file; scripts/traces\.py writes one"
    ):
        list(SOURCES["traces"](path="nowhere.jsonl", num_rows=1).load(0))


def test_a_file_without_rows_is_told(tmp_path):
    path = lines(tmp_path / "t.jsonl")
    sources = build_sources(({"name": "traces", "path": path},), "r.yaml")
    assert len(sources[0]) == 0
    with pytest.raises(UserError, match="data: found no rows in traces; expected at least one"):
        load_mixture(sources, 0, Decontaminator(None, "r.yaml"))


def test_traces_are_decontaminated(tmp_path, monkeypatch):
    monkeypatch.setenv("TETHER_DATA", str(tmp_path))
    (tmp_path / "amc23").mkdir()
    lines(tmp_path / "amc23/test.jsonl", {"question": GOOD["question"]})
    path = lines(tmp_path / "t.jsonl", GOOD, GOOD | {"question": "What is 1+2?"})
    sources = build_sources(({"name": "traces", "path": path, "num_rows": 9},), "r.yaml")
    decontaminator = Decontaminator(Decontaminate(against=("amc23",)), "r.yaml")
    assert load_mixture(sources, 0, decontaminator)["id"][:] == ["0/traces-1"]


# ---------------------------------------------------------------------- the script


@pytest.mark.parametrize("path", sorted((ROOT / "recipes/traces").glob("*.yaml")), ids=str)
def test_traces_recipes_load(path):
    recipe = load_recipe(str(path), TracesRecipe, [])
    assert build_sources(recipe.data, str(path))


NO_COMMA = from_spec("punctuation:no_comma", None, "test")
THINKING = Thinking(prefilled=False, close_id=9)


@pytest.mark.parametrize(
    "text, num_reasoning, truncated, dropped",
    [
        ("<think>\n1+1=2\n</think>\n\\boxed{2}", 4, False, None),
        ("<think>\n1+1=2\n</think>\n\\boxed{2}", 5, False, "too long"),
        ("<think>\n1+1=2\n</think>\n\\boxed{3}", 4, False, "wrong answer"),
        ("<think>\n1+1=2\n</think>\nI cannot say", 4, False, "wrong answer"),
        ("<think>\n1+1=2\n</think>\n\\boxed{2}, of course", 4, False, "unmet constraint"),
        ("<think>\n1+1=2\n</think>\n\\boxed{2}", 4, True, "cut off"),
        ("<think>\n1+1=2\n\\boxed{2}", 4, False, "no closed thinking"),
        ("\\boxed{2}", 0, False, "no closed thinking"),
    ],
)
def test_what_is_dropped_and_why(text, num_reasoning, truncated, dropped):
    """The limit is 4 reasoning tokens, `</think>` (9) included."""
    example = Example("a", "test", "What is 1+1?", "2", (NO_COMMA,))
    ids = [*[1] * (num_reasoning - 1), 9, 2] if "</think>" in text else [1]
    (attempt,) = traces.judge([(example, Generation(text, ids, truncated))], THINKING, 4)
    assert attempt["dropped"] == dropped
    assert attempt["completion"] == text  # ours is written in the form that we write


def test_what_has_no_answer_is_kept_for_its_constraints():
    example = Example("a", "test", "Write a poem.", None, (NO_COMMA,))
    texts = ["<think>\nhm\n</think>\nroses", "<think>\nhm\n</think>\nroses, red"]
    sampled = [(example, Generation(text, [9, 2], False)) for text in texts]
    found = traces.judge(sampled, THINKING, 4)
    assert [one["dropped"] for one in found] == [None, "unmet constraint"]


SMALL = [
    "data.0.num_rows=8", "data.0.steps=[1,2,6]", "sampling.max_new_tokens=64", "sampling.batch_size=4", "dtype=float32",
]  # fmt: skip


def run(*overrides, dry_run=False):
    traces.main(argparse.Namespace(config=RECIPE, overrides=[*SMALL, *overrides], dry_run=dry_run))


def test_a_teacher_is_sampled_filtered_and_resumed(runs, capsys):
    run()
    folder = runs / "tiny_traces"
    attempts, kept = rows(folder / "attempts.jsonl"), rows(folder / "traces.jsonl")
    assert len({attempt["id"] for attempt in attempts}) == 8
    assert 0 < len(kept) < 8  # it solves most of one step and few of six in 64 tokens
    for row in kept:
        assert rf"\boxed{{{row['answer']}}}" in row["completion"] and row["reasoning_tokens"] <= 64
    dropped = {attempt["id"] for attempt in attempts if attempt["dropped"]}
    assert dropped.isdisjoint(row["id"] for row in kept) and len(dropped) + len(kept) == 8
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["kept"] == len(kept) and sum(summary.values()) == 8

    # Killed while it wrote its third line: the first two stay, the others are sampled again.
    written = (folder / "attempts.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "attempts.jsonl").write_text("".join(written[:2]) + written[2][:30], encoding="utf-8")
    run()
    again = (folder / "attempts.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    assert again[:2] == written[:2]
    assert sorted(json.loads(line)["id"] for line in again) == sorted(a["id"] for a in attempts)
    capsys.readouterr()
    run()  # nothing is left to do
    assert (folder / "attempts.jsonl").read_text(encoding="utf-8") == "".join(again)
    assert str(folder / "traces.jsonl") in capsys.readouterr().out
    with pytest.raises(UserError, match=r"found samples of another recipe .*another `name`"):
        run("seed=1")

    # What it wrote is what SFT reads.
    kept = rows(folder / "traces.jsonl")
    data = f"data=[{{name: traces, path: {folder}/traces.jsonl, num_rows: {len(kept)}}}]"
    plan = train.sft.plan("recipes/sft/tiny_long.yaml", [data])
    dataset = load_mixture(plan.sources, 0, Decontaminator(None, "test"))
    assert {row["completion"][0]["content"] for row in dataset} == {
        row["completion"] for row in kept
    }
    assert {row["prompt"][0]["content"] for row in dataset} == {row["prompt"] for row in kept}


def test_a_dry_run_says_what_would_be_sampled(runs, capsys):
    run(dry_run=True)
    assert "8 prompts at most" in capsys.readouterr().out and not (runs / "tiny_traces").exists()


def test_a_mistake_is_told_before_a_model_is_loaded(runs):
    with pytest.raises(UserError, match=r"teacher: found 'nowhere'; expected a folder"):
        run("teacher=nowhere")
    with pytest.raises(UserError, match="max_reasoning_tokens: found 0"):
        run("max_reasoning_tokens=0")
