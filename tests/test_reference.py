"""Reference statistics: sampled, resumed, joined to the prompts, and refused where they do not fit."""

import argparse
import json
from pathlib import Path

import pytest
from datasets import Dataset

import train.grpo
from data.reference import load_reference, with_reference
from recipes.errors import UserError
from scripts import reference
from tests.test_end_to_end import GRPO, SMALL_GRPO, launch, runs

__all__ = ["runs"]
SMALL = ["data.0.num_rows=6", "trainer.max_completion_length=24"]


def sample(out, *overrides, samples=2, count="reasoning"):
    arguments = argparse.Namespace(
        config=GRPO, out=out, samples=samples, count=count, overrides=[*SMALL, *overrides]
    )
    reference.main(arguments)
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def test_every_prompt_is_sampled_once_and_an_interrupted_run_goes_on(runs, monkeypatch):
    monkeypatch.setattr(reference, "PROMPTS", 2)
    out = runs / "reference.jsonl"
    rows = sample(out)
    assert len({row["id"] for row in rows}) == 6
    assert all(0 < row["reference_tokens"] <= 24 for row in rows)
    assert {row["reference_accuracy"] for row in rows} <= {0.0, 0.5, 1.0}
    lines = out.read_text(encoding="utf-8").splitlines(keepends=True)
    out.write_text("".join(lines[:2]) + lines[2][:20], encoding="utf-8")  # killed while writing
    again = sample(out)
    assert again[:2] == rows[:2] and {row["id"] for row in again} == {row["id"] for row in rows}
    assert sample(out) == again  # nothing is left to do
    with pytest.raises(UserError, match=r"expected .*'num_samples': 4.*remove"):
        sample(out, samples=4)


def test_a_length_term_is_paid_with_them(runs):
    out = runs / "reference.jsonl"
    sample(out)
    settings = [f"reference={out}", "length_penalty={name: o1_pruner}", "trainer.max_steps=1"]
    launch(train.grpo, GRPO, *SMALL_GRPO, "data.0.num_rows=6", *settings, "name=x")
    assert (runs / "x/checkpoint-1").is_dir()
    with pytest.raises(UserError, match=r"1[0-9] of 16 prompts are missing, such as '0/tiny-train"):
        launch(train.grpo, GRPO, *SMALL_GRPO, *settings, "name=y")  # 16 prompts


def test_a_missing_file_is_told_before_anything_is_loaded(runs):
    with pytest.raises(
        UserError, match=r"'nowhere\.jsonl', which is no file; scripts/reference\.py writes one"
    ):
        launch(train.grpo, GRPO, "reference=nowhere.jsonl", "name=x")


def written(folder: Path, **values):
    path = folder / "r.jsonl"
    path.write_text(json.dumps({"id": "a"} | values) + "\n", encoding="utf-8")
    return str(path)


def test_the_columns_stand_at_their_prompts(tmp_path):
    path = written(tmp_path, reference_tokens=12.5, reference_accuracy=0.75)
    found = with_reference(Dataset.from_list([{"id": "a"}, {"id": "a"}]), path, "r.yaml")
    assert found["reference_tokens"][:] == [12.5, 12.5] and found["reference_accuracy"][:] == [
        0.75,
        0.75,
    ]


@pytest.mark.parametrize(
    "values, message",
    [
        ({"reference_tokens": 1.0}, "reference_accuracy: found None"),
        ({"reference_tokens": "many", "reference_accuracy": 1}, "reference_tokens: found 'many'"),
        ({"reference_tokens": -1, "reference_accuracy": 1}, "reference_tokens: found -1"),
        (
            {"reference_tokens": 1, "reference_accuracy": 1.5},
            r"found 1.5; expected a number in \[0, 1\]",
        ),
    ],
)
def test_a_value_out_of_range_names_file_and_line(tmp_path, values, message):
    with pytest.raises(UserError, match=f"r.jsonl:1: .*{message}|r.jsonl:1: {message}"):
        load_reference(written(tmp_path, **values), "r.yaml")
