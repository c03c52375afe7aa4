"""Real sources: rows of our own in the shape of the published files become prompts with constraints; bad rows are named."""

import json
import re
from pathlib import Path

import pytest

import train.sft
from data.constraints.base import check_all
from data.decontaminate import Decontaminator
from data.response import split
from data.sources import SOURCES, load_mixture
from recipes.errors import UserError

SPEC = '[{"instruction_id": ["a:b"], "kwargs": %s}]'
ROWS = {
    "gsm8k/train.jsonl": {"question": "Zoë has 3 pens. How many?", "answer": "3*1=<<3*1=3>>3\n#### 3"},
    "math/train.jsonl": {
        "problem": r"Find $\frac12+\frac12$.",
        "solution": r"Adding, $\boxed{\frac{2}{2}}$, that is $\boxed{1}$.",
        "level": "Level 3",
        "type": "Algebra",
    },
    "if_multi/train.jsonl": {
        "key": "k1",
        "messages": [{"role": "user", "content": "Write a poem. Use no commas."}],
        # As published: a Python literal, with None for padding.
        "ground_truth": str(
            [{"instruction_id": ["punctuation:no_comma", "count:lowercase_counting"], "kwargs": [None, {"N": 9, "n": None}]}]
        ),
        "dataset": "ifeval",
    },
}  # fmt: skip
DEEPSCALER = [{"problem": "How many?", "answer": r"\frac{1}{2}", "solution": ""}]


@pytest.fixture
def mirror(monkeypatch, tmp_path):
    for name, row in ROWS.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(json.dumps(row) + "\n", encoding="utf-8")
    (tmp_path / "deepscaler").mkdir()
    (tmp_path / "deepscaler/deepscaler.json").write_text(json.dumps(DEEPSCALER), encoding="utf-8")
    monkeypatch.setenv("TETHER_DATA", str(tmp_path))
    return tmp_path


def only(name, **settings):
    (example,) = SOURCES[name](num_rows=5, **settings).load(0)
    return example


@pytest.mark.parametrize(
    "name, answer, difficulty",
    [("gsm8k", "3", 1), ("math", "1", 3), ("deepscaler", r"\frac{1}{2}", 0)],
)
def test_a_problem_becomes_a_prompt_with_constraints(mirror, name, answer, difficulty):
    example = only(name, num_constraints=(2,))
    assert (example.answer, example.difficulty) == (answer, difficulty)
    assert len(example.constraints) == 2
    # MathIF's assembly: no blank between the question and the instruction, one between descriptions.
    described = " ".join(constraint.describe() for constraint in example.constraints)
    assert example.prompt == (
        example.question + r"Let's think step by step and output the final answer within \boxed{}." + described
    )  # fmt: skip
    plain = only(name, num_constraints=(2,), assembly="plain")
    assert plain.prompt == f"{plain.question}\n\n{described}"


@pytest.mark.parametrize(
    "name, reasoning", [("gsm8k", "3*1=3"), ("math", r"Adding, $\boxed{\frac{2}{2}}$")]
)
def test_the_target_reasons_as_the_data_set_does_and_meets_its_constraints(mirror, name, reasoning):
    example = only(name, num_constraints=(3,), lengths="short")
    target = split(example.completion)
    assert target.reasoning.startswith(reasoning)
    assert all(check_all(example.constraints, target.response))


def test_prompts_of_a_mixture_have_ids_of_their_own(mirror):
    """Two entries of one source, and both splits of one data set, are different prompts to a group-relative reward."""
    (mirror / "gsm8k/test.jsonl").write_text(json.dumps(ROWS["gsm8k/train.jsonl"]) + "\n")
    tiny = SOURCES["tiny"]
    sources = [tiny(num_rows=3, steps=(1,)), tiny(num_rows=3, steps=(2,))]
    sources += [SOURCES["gsm8k"](num_rows=1, split=split) for split in ("train", "test")]
    ids = load_mixture(sources, 0, Decontaminator(None, "test"))["id"]
    assert len(set(ids)) == len(ids) == 8
    assert {only("gsm8k").id, only("gsm8k", split="test").id} == {"gsm8k-train-0", "gsm8k-test-0"}


def test_deepscaler_has_no_targets(mirror):
    assert only("deepscaler").completion is None


def test_if_multi_keeps_its_prompt_and_has_no_answer(mirror):
    example = only("if_multi")
    assert example.prompt == "Write a poem. Use no commas."
    assert example.answer is None
    assert [c.name for c in example.constraints] == [
        "punctuation:no_comma",
        "count:lowercase_counting",
    ]
    assert example.constraints[1].kwargs() == {"N": 9}


@pytest.mark.parametrize(
    "name, file, changes, said",
    [
        ("gsm8k", "gsm8k/train.jsonl", {"answer": "3"}, "found no '#### N'"),
        ("math", "math/train.jsonl", {"solution": "It is 1."}, r"found no \boxed{}"),
        ("math", "math/train.jsonl", {"level": None}, "missing level"),
        ("if_multi", "if_multi/train.jsonl", {"ground_truth": "[{"}, "ground_truth: found '[{'"),
        ("if_multi", "if_multi/train.jsonl", {"ground_truth": SPEC % "[]"}, "equal length"),
        ("if_multi", "if_multi/train.jsonl", {"ground_truth": SPEC % "[null]"}, "unknown constraint 'a:b'"),
        ("if_multi", "if_multi/train.jsonl", {"messages": []}, "found roles []; expected one user message"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_used_is_named_by_file_and_line(mirror, name, file, changes, said):
    with (mirror / file).open("a", encoding="utf-8") as rows:
        rows.write("\n" + json.dumps(ROWS[file] | changes) + "\n")
    with pytest.raises(UserError) as error:
        list(SOURCES[name](num_rows=5).load(0))
    assert f"{file}:3: " in str(error.value)
    assert said in str(error.value)


def test_a_bad_element_of_a_list_is_named_by_its_index(mirror):
    (mirror / "deepscaler/deepscaler.json").write_text(json.dumps([*DEEPSCALER, {"problem": "?"}]))
    with pytest.raises(UserError, match=r"deepscaler\.json\[1\]: missing answer"):
        list(SOURCES["deepscaler"](num_rows=5).load(0))


@pytest.mark.parametrize("name", ["gsm8k", "math", "deepscaler"])
def test_impossible_settings_are_refused_before_anything_is_read(name):
    with pytest.raises(ValueError, match=r"num_constraints: found \[99\]"):
        SOURCES[name](num_constraints=(99,))
    with pytest.raises(ValueError, match="num_rows: found 0"):
        SOURCES[name](num_rows=0)


@pytest.mark.parametrize("name", ["deepscaler", "if_multi"])
def test_sft_refuses_a_source_without_completions(tmp_path, name):
    recipe = Path("recipes/sft/tiny_long.yaml").read_text(encoding="utf-8")
    path = tmp_path / "x.yaml"
    path.write_text(re.sub(r"- \{name: tiny.*\}", f"- {{name: {name}, num_rows: 2560}}", recipe))
    with pytest.raises(UserError, match=rf"data\.0: '{name}' has no completions to learn"):
        train.sft.plan(str(path), [])
