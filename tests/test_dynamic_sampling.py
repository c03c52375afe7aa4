"""Groups without signal are replaced, in every process alike, and a resumed run draws the same replacements."""

import random

import pytest
import torch

import train.grpo
from data.answers import Verdict
from recipes.errors import UserError
from recipes.rl import DynamicSampling
from tests.test_end_to_end import (
    SMALL_GRPO,
    changed_recipe,
    check_resumes_exactly,
    history,
    launch,
    launch_on_two,
    runs,
)
from train.dynamic_sampling import Generated, refill, split_groups
from train.trainer import GRPOTrainer

__all__ = ["runs"]
SIZE = 2


class Scripted:
    """A trainer whose prompt k has a signal if k is in `useful`, and whose other processes lack `others` groups."""

    def __init__(self, useful, others=0, rows=100):
        self.useful, self.others, self.rows = useful, others, rows
        self.calls = []

    def generate_groups(self, inputs):
        self.calls.append([row["k"] for row in inputs[::SIZE]])
        ids = [[row["k"]] for row in inputs]
        generated = Generated(ids, ids, None, [str(row["k"]) for row in inputs], None, {}, None, [])
        signal = torch.tensor([row["k"] in self.useful for row in inputs[::SIZE]])
        return split_groups(inputs, generated, signal, SIZE)

    def draw(self, order, num_groups):
        return [{"k": k} for k in order.sample(range(self.rows), num_groups) for _ in range(SIZE)]

    def most(self, number):
        return max(number, self.others)


def rows(*prompts):
    return [{"k": k} for k in prompts for _ in range(SIZE)]


def test_silent_groups_are_replaced_and_the_others_stay_in_place():
    trainer = Scripted(useful={1, *range(10, 100)}, rows=100)
    found = refill(trainer, DynamicSampling(max_rounds=9), rows(0, 1, 2), "seed")
    kept = [row["k"] for row in found.inputs[::SIZE]]
    assert kept[1] == 1 and kept[0] >= 10 and kept[2] >= 10
    assert found.inputs == rows(*kept)
    assert found.generated.completion_ids == [[k] for k in kept for _ in range(SIZE)]
    assert found.generated.completions == [str(k) for k in kept for _ in range(SIZE)]
    assert found.metrics["dynamic_sampling/unfilled"] == 0


def test_nothing_more_is_generated_when_every_group_has_a_signal():
    trainer = Scripted(useful={0, 1})
    found = refill(trainer, DynamicSampling(), rows(0, 1), "seed")
    assert trainer.calls == [[0, 1]] and found.inputs == rows(0, 1)
    assert found.metrics == {"dynamic_sampling/generated_groups": 1, "dynamic_sampling/unfilled": 0}


def test_what_cannot_be_filled_stays_and_is_counted():
    trainer = Scripted(useful={1})
    trainer.rows = 1  # only prompt 0 is ever drawn
    found = refill(trainer, DynamicSampling(max_rounds=2), rows(0, 1), "seed")
    assert found.inputs == rows(0, 1) and len(trainer.calls) == 3
    assert found.metrics == {
        "dynamic_sampling/generated_groups": 2,
        "dynamic_sampling/unfilled": 0.5,
    }


def test_a_process_that_lacks_nothing_generates_along_with_one_that_does():
    trainer = Scripted(useful={0, 1}, others=2)
    found = refill(trainer, DynamicSampling(max_rounds=1), rows(0, 1), "seed")
    assert [len(call) for call in trainer.calls] == [2, 2] and found.inputs == rows(0, 1)


def test_replacements_depend_on_seed_and_step_alone():
    def drawn(seed):
        random.seed()  # the global generator must not matter
        return [
            row["k"]
            for row in refill(Scripted(range(2, 100)), DynamicSampling(), rows(0, 1), seed).inputs
        ]

    assert drawn("0/7") == drawn("0/7") != drawn("0/8")


SECTIONS = {
    "rewards": [
        {"name": "answer"},
        {"name": "constraints", "aggregate": "all"},
        {"name": "reasoning_tokens"},
    ],
    "constrained": [
        {"reward": "constraints", "at_least": 0.9},
        {"reward": "reasoning_tokens", "at_most": 5.0},
    ],
    "dynamic_sampling": {"reward": "reasoning_tokens", "max_rounds": 1},
    "stages": [{"start": 0.5, "max_completion_length": 16}],
    "length_penalty": None,
}


def recipe(runs, **sections):
    return changed_recipe(runs, SECTIONS | sections)


def test_multipliers_replacements_and_stages_resume_exactly(runs):
    path = recipe(runs)
    keys = (
        "loss", "grad_norm", "reward", "multipliers/constraints", "multipliers/reasoning_tokens",
        "dynamic_sampling/generated_groups", "alarms/truncated", "completions/max_length",
    )  # fmt: skip
    check_resumes_exactly(runs, path, keys)
    assert history(runs / "whole/checkpoint-2", "completions/max_length")[1] <= 16
    first, second = history(runs / "whole/checkpoint-2", "multipliers/reasoning_tokens")
    assert 0 < first < second  # the tiny model thinks for more than five tokens


@pytest.mark.parametrize(
    "sections, message",
    [
        ({"constrained": [{"reward": "constrains", "at_least": 0.9}]}, "Did you mean 'constraints'"),
        ({"dynamic_sampling": {"reward": "accuracy"}}, "dynamic_sampling: reward: found 'accuracy'"),
        ({"dynamic_sampling": {"max_rounds": 0}}, "max_rounds: found 0"),
        ({"stages": [{"start": 0.5, "max_completion_length": 999}]}, "expected at most trainer.max_completion"),
        ({"stages": [{"start": 0.5, "max_completion_length": 9}, {"start": 0.1, "max_completion_length": 9}]}, "rising"),
        (
            {"rewards": [{"name": "answer"}, {"name": "constraints", "weight": 2}],
             "constrained": [{"reward": "constraints", "at_least": 0.9}], "dynamic_sampling": None},
            "found a weight and a bound",
        ),
        ({"rewards": [{"name": "answer", "ramp": {"start": 1.0}}], "constrained": []}, "ramp"),
        ({"alarms": {"truncated": 3}}, "truncated: found 3"),
        ({"alarms": {"trunkated": 0.3}}, "Did you mean 'truncated'"),
    ],
)  # fmt: skip
def test_a_section_that_makes_no_sense_is_refused_in_one_line(runs, sections, message):
    with pytest.raises(UserError, match=message) as caught:
        launch(train.grpo, recipe(runs, **sections), "name=x")
    assert "\n" not in str(caught.value) and "recipe.yaml" in str(caught.value)


def test_two_processes_train_together(runs):
    """Groups of four spread over two processes, for a length term that compares them; then whole groups, refilled."""
    spread = {"length_penalty": {"name": "kimi"}, "dynamic_sampling": None}
    for name, sections, rows in (("spread", spread, 2), ("refilled", {}, 4)):
        launch_on_two(
            recipe(runs, **sections), *SMALL_GRPO, f"name={name}",
            f"trainer.per_device_train_batch_size={rows}", "trainer.max_steps=1",
        )  # fmt: skip
        folder = runs / name / "checkpoint-1"
        assert len(list(folder.glob("rng_state_*"))) == 2  # both processes were there
        assert history(folder, "multipliers/reasoning_tokens")[0] > 0
    assert history(runs / "refilled/checkpoint-1", "dynamic_sampling/generated_groups")[0] >= 1


def test_an_undecided_completion_trains_nothing(runs, monkeypatch):
    """Its rewards are left out altogether: TRL would pay the sum of the others, as for a wrong answer."""
    seen = {}

    def watched(self, *args):
        rewards = original(self, *args)
        undecided = [
            one.gold is not None and one.correct is None for one in self.extras.reader.samples
        ]
        seen.update(rewards=rewards, undecided=undecided)
        return rewards

    verdicts = iter([Verdict(None, "4", "timeout"), *[Verdict(True, "4", "number")] * 99])
    monkeypatch.setattr(
        "train.samples.grade_all", lambda pairs, **_: [next(verdicts) for _ in pairs]
    )
    original = GRPOTrainer._calculate_rewards
    monkeypatch.setattr(GRPOTrainer, "_calculate_rewards", watched)
    path = recipe(runs, dynamic_sampling=None)
    launch(train.grpo, path, *SMALL_GRPO, "name=x", "trainer.max_steps=1")
    assert seen["undecided"] == [True, False, False, False]
    assert seen["rewards"].isnan().all(dim=1).tolist() == [True, False, False, False]
    assert history(runs / "x/checkpoint-1", "completions/undecided_rate") == [0.25]
