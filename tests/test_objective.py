"""What is paid when: ramps, multipliers by hand arithmetic, groups without signal under both aggregations, alarms."""

import json
import logging
import math
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from data.constraints.base import from_spec
from data.response import split
from recipes.rl import Alarms, Bound, Ramp
from train.alarms import ALARMS, MEASURES, WINDOW, Watch, measure
from train.constrained import DualAscent
from train.group_signal import combined, silent
from train.objective import Objective
from train.penalties.soft_overlong import SoftOverlong
from train.reward_functions import WeightedReward
from train.rewards.answer import Answer
from train.rewards.constraints import Constraints
from train.samples import Sample

NAN = math.nan

# ---------------------------------------------------------------- ramps


def test_kimis_warm_up_is_no_reward_first_and_then_a_constant_one():
    ramp = Ramp(start=0.25)
    assert [ramp.at(t) for t in (0, 0.24, 0.25, 1)] == [0, 0, 1, 1]


def test_a_ramp_is_linear_between_its_ends():
    ramp = Ramp(start=0.2, length=0.4)
    assert [ramp.at(t) for t in (0.2, 0.3, 0.6, 0.9)] == pytest.approx([0, 0.25, 1, 1])


@given(st.floats(0, 0.99), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_ramp_never_falls_and_stays_within_0_and_1(start, length, a, b):
    ramp = Ramp(start, length)
    assert 0 <= ramp.at(min(a, b)) <= ramp.at(max(a, b)) <= 1


# ---------------------------------------------------------------- the constrained objective


def test_multipliers_follow_dual_ascent_by_hand():
    dual = DualAscent(
        (
            Bound("constraints", at_least=0.8, learning_rate=0.5),
            Bound("reasoning_tokens", at_most=40, learning_rate=0.5, initial=0.3),
        )
    )
    assert dual.weight("constraints") == 0 and dual.weight("answer") is None
    assert dual.weight("reasoning_tokens") == pytest.approx(-0.3 / 40)
    dual.update({"constraints": 0.6, "reasoning_tokens": 50})
    # 0.5 * (0.8 - 0.6) / 0.8 = 0.125; 0.3 + 0.5 * (50 - 40) / 40 = 0.425
    assert dual.values == pytest.approx({"constraints": 0.125, "reasoning_tokens": 0.425})
    assert dual.weight("constraints") == pytest.approx(0.125 / 0.8)
    dual.update({"reasoning_tokens": 20})  # constraints applied to no completion
    assert dual.values == pytest.approx({"constraints": 0.125, "reasoning_tokens": 0.175})


@given(st.lists(st.floats(-5, 5), max_size=30), st.booleans())
def test_a_multiplier_stays_in_its_range_and_falls_while_the_bound_holds(means, at_least):
    bound = Bound("r", **{"at_least" if at_least else "at_most": 0.5}, maximum=2.0)
    dual = DualAscent((bound,))
    for mean in means:
        before = dual.values["r"]
        dual.update({"r": mean})
        assert 0 <= dual.values["r"] <= 2
        holds = mean >= 0.5 if at_least else mean <= 0.5
        assert dual.values["r"] <= before if holds else dual.values["r"] >= before
    weight = dual.weight("r")
    assert weight >= 0 if at_least else weight <= 0


@pytest.mark.parametrize(
    "settings, message",
    [
        ({}, "expected one of them"),
        ({"at_least": 1, "at_most": 2}, "expected one of them"),
        ({"at_least": 0}, "bound of 0"),
        ({"at_least": 1, "learning_rate": 0}, "above 0"),
        ({"at_least": 1, "initial": 11}, r"\[0, maximum"),
    ],
)
def test_a_bound_that_makes_no_sense_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Bound("r", **settings)


# ---------------------------------------------------------------- groups without signal


def test_a_group_without_signal_is_counted_under_both_aggregations():
    # Two groups of two; rewards cancel in the second one's sum, but not after normalisation.
    rewards = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    weights = torch.ones(2)
    assert silent(combined(rewards, weights, 2, "sum_then_normalize")).tolist() == [True, True]
    assert silent(combined(rewards, weights, 2, "normalize_then_sum")).tolist() == [True, True]
    rewards[3, 1] = 0.5
    assert silent(combined(rewards, weights, 2, "sum_then_normalize")).tolist() == [True, False]
    # Normalised, 1/0 and 0/0.5 cancel all the same: (0.707, -0.707) and (-0.707, 0.707).
    values = combined(rewards, weights, 2, "normalize_then_sum")
    assert values[1].abs().max() < 2e-4


def test_none_is_no_signal():
    rewards = torch.tensor([[1.0], [NAN], [NAN], [NAN], [1.0], [0.0]])
    assert silent(combined(rewards, torch.ones(1), 2, "sum_then_normalize")).tolist() == [
        True,
        True,
        False,
    ]


def test_the_combined_values_are_those_of_the_reference_pages_worked_example():
    # length_rewards.md, 4.5: S before whitening.
    c, k, length = [1, 1, 0, 1], [1, 0.5, 1, 0], [0, 0, -0.34375, -1]
    rewards = torch.tensor([c, k, length], dtype=torch.float32).T
    weights = torch.tensor([1, 0.5, 0.5])
    found = combined(rewards, weights, 4, "normalize_then_sum")
    assert found[0].tolist() == pytest.approx([1.2477, 0.7256, -1.1164, -0.8569], abs=1e-4)
    total = combined(rewards, weights, 4, "sum_then_normalize")
    assert total[0].tolist() == pytest.approx([1.5, 1.25, 0.3281, 0.5], abs=1e-4)


# ---------------------------------------------------------------- the objective


def objective(**settings):
    rewards = [
        WeightedReward("answer", 1.0, Answer()),
        WeightedReward("constraints", 1.0, Constraints(), Ramp(start=0.5)),
        WeightedReward(
            "soft_overlong", 0.5, SoftOverlong(max_tokens=8, buffer_tokens=4), is_penalty=True
        ),
    ]
    return Objective(rewards, **settings)


def test_weights_follow_ramps_and_multipliers():
    assert objective().weights(0.0) == [1.0, 0.0, 0.5]
    assert objective().weights(0.5) == [1.0, 1.0, 0.5]
    bounded = objective(bounds=(Bound("soft_overlong", at_least=-0.5, initial=0.2),))
    assert bounded.weights(1.0) == pytest.approx([1.0, 1.0, 0.4])


def test_observed_metrics_by_hand():
    rewards = torch.tensor([[0.0, NAN, -0.2], [0.0, NAN, -0.4], [1.0, 0.5, 0.0], [0.0, 0.5, 0.0]])
    weights = torch.tensor([1.0, 1.0, 0.5])
    found = objective().observe(rewards, weights, 2, "sum_then_normalize", {"truncated": 0.25})
    assert found["rewards/answer/frac_groups_without_signal"] == 0.5
    assert (
        found["rewards/constraints/frac_groups_without_signal"] == 1.0
    )  # of the one group it applies to
    assert (
        found["frac_groups_without_signal"] == 0.0
    )  # the length term tells the first group's two apart
    assert found["alarms/all_zero_groups"] == 0.5 and found["alarms/truncated"] == 0.25


def test_a_resumed_run_knows_its_multipliers_and_alarms():
    bounds = (Bound("constraints", at_least=0.9),)
    first = objective(bounds=bounds)
    rewards = torch.tensor([[0.0, 0.5, 0.0], [1.0, 0.0, 0.0]])
    first.observe(rewards, torch.ones(3), 2, "sum_then_normalize", {"truncated": 0.9})
    saved = json.loads(json.dumps(first.state()))  # as trainer_state.json holds it
    second = objective(bounds=bounds)
    second.on_train_begin(None, SimpleNamespace(stateful_callbacks={"Objective": saved}), None)
    assert second.state() == first.state() and first.dual.values["constraints"] > 0
    assert second.watch.rung == ["truncated"]


# ---------------------------------------------------------------- alarms


def sample(text="<think>a</think>b", tokens=(1, 2, 3, 4, 5), constraints=(), gold=None, **facts):
    settings = {
        "num_reasoning_tokens": 3,
        "num_tokens": len(tokens),
        "group": "p",
        "group_size": 1,
        "progress": 0.0,
    }
    return Sample(
        completion=split(text),
        gold=gold,
        constraints=constraints,
        tokens=tokens,
        **(settings | facts),
    )


def measured(samples):
    names = [values.__name__ for values in MEASURES]
    return {
        name: total / count
        for name, (total, count) in zip(names, measure(samples), strict=True)
        if count
    }


def test_what_is_measured_on_completions():
    spam = from_spec("keywords:existence", {"keywords": ["tree", "sky"]}, "test")
    samples = [
        sample(r"<think>a</think>\boxed{4}", gold="4", truncated=True),
        sample("<think>a</think>Tree, sky tree tree. A", gold="4", constraints=(spam,)),
        sample(
            "<think>a</think>\\boxed{5} tree sky", gold="4", constraints=(spam,), tokens=(7,) * 8
        ),
    ]
    found = measured(samples)
    assert found["truncated"] == pytest.approx(1 / 3) and found["accuracy"] == pytest.approx(1 / 3)
    assert found["compliant_without_answer"] == 0.5  # the second of two with constraints
    assert found["keyword_spam"] == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert found["repeated_ngrams"] == pytest.approx((1 - 1 / 5) / 3)  # five 4-grams, one distinct
    assert found["response_tokens"] == pytest.approx((2 + 2 + 5) / 3)


QUIET = {
    "truncated": 0.0, "accuracy": 0.8, "response_tokens": 40.0, "compliant_without_answer": 0.0, "repeated_ngrams": 0.1,
    "keyword_spam": 0.05, "restated_constraints": 0.0, "reward": 1.0, "all_zero_groups": 0.1,
}  # fmt: skip
LOUD = {
    "truncated": {"truncated": 0.9},
    "compliant_without_answer": {"compliant_without_answer": 0.9},
    "shrinking_answers": {"response_tokens": 4.0},
    "repeated_ngrams": {"repeated_ngrams": 0.9},
    "keyword_spam": {"keyword_spam": 0.9},
    "restated_constraints": {"restated_constraints": 0.9},
    "drift": {"accuracy": 0.4, "reward": 1.5},
    "all_zero_groups": {"all_zero_groups": 1.0},
}


@pytest.mark.parametrize("name", ALARMS)
def test_each_alarm_rings_once_and_only_for_its_own_trouble(name, caplog):
    watch = Watch(Alarms())
    with caplog.at_level(logging.WARNING):
        for _ in range(WINDOW):
            watch.look(QUIET)
        assert watch.rung == [] and not caplog.records
        for _ in range(3 * WINDOW):
            watch.look(QUIET | LOUD[name])
    assert watch.rung == [name]
    assert [record.message.split()[1] for record in caplog.records] == [f"{name}:"]


def test_falling_accuracy_is_no_drift_while_the_reward_falls_too():
    watch = Watch(Alarms())
    for _ in range(WINDOW):
        watch.look(QUIET)
    for _ in range(WINDOW):
        watch.look(QUIET | {"accuracy": 0.2, "reward": 0.3})
    assert watch.rung == []


def test_an_alarm_can_be_switched_off():
    watch = Watch(Alarms(truncated=None))
    assert watch.look(QUIET | {"truncated": 1.0})["truncated"] == 1.0 and watch.rung == []


def test_what_was_never_measured_does_not_ring():
    assert Watch(Alarms()).look({"reward": 0.0, "all_zero_groups": 0.0}) == {"all_zero_groups": 0.0}
