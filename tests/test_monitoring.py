"""A monitoring set: kept out of training, scored during it, and what LASER-D learns from it."""

import json
import re

import pytest

import train.grpo
from data.decontaminate import Decontaminator
from data.sources import build_sources, load_mixture
from recipes.errors import UserError
from recipes.schema import GRPORecipe, load_recipe
from tests.penalty_samples import RIGHT, W, group, penalty_named
from tests.test_end_to_end import (
    SMALL_GRPO,
    changed_recipe,
    check_resumes_exactly,
    history,
    launch,
    launch_on_two,
    runs,
)

__all__ = ["runs"]
LASER = {
    "name": "laser_d",
    "target_tokens": 12,
    "min_tokens": 4,
    "max_tokens": 40,
    "step_tokens": 4,
    "unformatted": None,
}


def recipe(runs, **sections):
    monitored = {"monitoring": {"num_prompts": 3, "every_steps": 1}, "length_penalty": LASER}
    return changed_recipe(runs, monitored | sections)


@pytest.mark.parametrize("name", ["laser_d", "laser_de"])
def test_the_fixed_target_holds_until_the_monitoring_set_has_been_seen(name):
    penalty = penalty_named(name, target_tokens=1000, min_tokens=500, step_tokens=500)
    long = 0 if name == "laser_d" else 0.5  # LASER-DE pays a long wrong answer
    trained = group(W, RIGHT)
    assert penalty.score(trained) == [0.5, 0.5, -0.5 + long, 0]
    # High tier of 4, m = 2: half of the six correct of both groups must fit. Three do in 500.
    first = group([300, 400, 900, 9000], [True, True, True, False], "a", held_out=True)
    second = group([500, 2000, 2000, 9000], [True, True, True, False], "b", held_out=True)
    for monitored in (first, second):  # as batches of an evaluation
        penalty.score(monitored)
    assert penalty.score(trained) == [0.5, 0.5, -0.5 + long, 0]  # it has not ended
    penalty.monitored()
    assert penalty.values == {"high_target": 500}
    assert penalty.score(trained) == [0.5, 0, -0.5 + long, 0]
    # No monitored group was of the medium tier: then the batch's longest completion is the target.
    assert penalty.score(group(W, [True, False, False, False])) == [0.5, -0.5, -0.5, -0.5]
    other = penalty_named(name, target_tokens=1000, min_tokens=500, step_tokens=500)
    other.restore(json.loads(json.dumps(penalty.state())))
    assert other.score(trained) == penalty.score(trained)


def test_a_later_pass_replaces_an_earlier_one():
    penalty = penalty_named("laser_d", target_tokens=1000, min_tokens=500, step_tokens=500)
    for lengths, target in (([100] * 4, 500), ([800] * 4, 1000)):
        penalty.score(group(lengths, [True] * 4, held_out=True))
        penalty.monitored()
        assert penalty.values == {"high_target": target}


def test_the_monitoring_set_is_not_trained_on(runs):
    loaded = load_recipe(recipe(runs), GRPORecipe, ["data.0.num_rows=16"])
    sources = build_sources(loaded.data, "test")
    data = load_mixture(sources, loaded.seed, Decontaminator(loaded.decontaminate, "test"))
    trained, held_out = train.grpo.split(data, loaded)
    assert (len(trained), len(held_out)) == (len(data) - 3, 3)
    assert sorted([*trained["id"], *held_out["id"]]) == sorted(data["id"])


def test_targets_follow_the_monitoring_set_and_resume_exactly(runs):
    keys = (
        "loss",
        "grad_norm",
        "reward",
        "eval_reward",
        "eval_completions/accuracy",
        "rewards/laser_d/mean",
    )
    check_resumes_exactly(runs, recipe(runs), keys)
    state = json.loads((runs / "whole/checkpoint-2/trainer_state.json").read_text(encoding="utf-8"))
    targets = state["stateful_callbacks"]["Objective"]["attributes"]["monitored"]["laser_d"][
        "targets"
    ]
    assert set(targets) == {"high", "medium", "low"}
    assert all(target is None or target % 4 == 0 for target in targets.values())


def test_two_processes_follow_one_monitoring_set(runs):
    launch_on_two(recipe(runs), *SMALL_GRPO, "name=two")
    assert len(history(runs / "two/checkpoint-2", "eval_reward")) == 2


@pytest.mark.parametrize(
    "sections, overrides, message",
    [
        ({"monitoring": None}, [], "laser_d: target_tokens: found 12 with no section `monitoring:`"),
        ({"length_penalty": {"name": "laser_de"}}, [], "found None with a section `monitoring:`; set it"),
        ({"monitoring": {"num_prompts": 16}}, [], "num_prompts: found 16; expected fewer than the data's 16"),
        ({"monitoring": {"num_prompts": 0}}, [], "num_prompts: found 0"),
        ({}, ["trainer.eval_steps=5"], "eval_steps is set by Tether (from `monitoring`)"),
    ],
)  # fmt: skip
def test_a_wrong_section_is_refused_in_one_line(runs, sections, overrides, message):
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        launch(train.grpo, recipe(runs, **sections), "data.0.num_rows=16", *overrides, "name=x")
    assert "\n" not in str(caught.value)
