"""A study of many regimes: runs that share a recipe are told apart, and drawn as numbered points."""

import json
from dataclasses import replace

import pytest

from eval.many import ACCURACY, HACC, TOKENS, Entry, draw_many
from eval.scores import Score
from recipes.checkpoints import STATE, seal
from recipes.errors import UserError
from recipes.schema import StudyRecipe
from recipes.typed import build
from scripts.study import plan

GRPO = "recipes/grpo/tiny_lengths.yaml"
SFT = "recipes/sft/tiny_mixed.yaml"


def study(**regimes):
    return build(StudyRecipe, {"name": "s", "seed": 0, "regimes": regimes, "sweep": {}}, "s.yaml")


def test_regimes_that_share_a_recipe_are_named_by_their_labels():
    entry = {"recipe": GRPO, "overrides": ["length_penalty={name: kimi}"]}
    recipe = study(**{"none": GRPO, "Kimi k1.5": entry, "GR3, all": entry})
    names = [run.name for run in plan(recipe, "s.yaml")]
    assert names == ["s.grpo_lengths.s0", "s.grpo_kimi_k1_5.s0", "s.grpo_gr3_all.s0"]
    assert plan(recipe, "s.yaml")[1].overrides == [
        "length_penalty={name: kimi}",
        "name=s.grpo_kimi_k1_5.s0",
        "seed=0",
    ]


def test_labels_that_give_one_name_are_refused():
    entry = {"recipe": GRPO, "overrides": []}
    with pytest.raises(
        UserError, match=r"found several for s\.grpo_a_b\.s0; expected labels that differ"
    ):
        plan(study(**{"a b": entry, "A-B": entry}), "s.yaml")


def test_every_regime_has_its_number_in_the_picture(tmp_path):
    def score(value):
        return Score("m", "all", value, value - 1, value + 1, 10)

    entries = [
        Entry(label, {TOKENS: score(10.0 * k), ACCURACY: score(50.0 + k), HACC: score(60.0 + k)})
        for k, label in enumerate(["base", *(f"regime {n}" for n in range(12))])
    ]
    draw_many(entries, "title", tmp_path)
    svg = (tmp_path / "curve.svg").read_text(encoding="utf-8")
    assert (tmp_path / "curve.png").stat().st_size > 10_000
    assert all(f"<!-- {k:2d}  regime {k - 1} -->" in svg for k in range(1, 13))
    assert svg.count("<!-- start -->") == 3 and svg.count("<!-- 7 -->") == 3


def test_a_regime_can_start_where_another_one_ends(monkeypatch, tmp_path):
    """Of the same seed, and not before it is finished."""
    monkeypatch.setenv("TETHER_RUNS", str(tmp_path))
    entry = {"recipe": GRPO, "start": "first"}
    recipe = replace(study(first=SFT, second=entry), num_seeds=2)
    runs = {run.name: run for run in plan(recipe, "s.yaml")}
    first, second = runs["s.sft_mixed.s1"], runs["s.grpo_second.s1"]
    assert second.start is first and first.ready() and not second.ready()
    assert second.command == [*second.command[:4], *second.overrides]
    last = tmp_path / first.name / "checkpoint-2"
    last.mkdir(parents=True)
    state = {"global_step": 2, "max_steps": 2}
    (last / STATE).write_text(json.dumps(state), encoding="utf-8")
    seal(last, 1)
    assert second.ready() and second.command[-1] == f"model.model_name_or_path={last}"
    said = (
        r"s.yaml: regimes: second: start: found 'first'; expected a regime above it: there is none"
    )
    with pytest.raises(UserError, match=said):
        plan(study(second=entry, first=SFT), "s.yaml")
