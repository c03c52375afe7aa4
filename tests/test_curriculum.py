"""Prompts open level by level: by a schedule or by a gate, the same in every process, and after an interruption."""

from types import SimpleNamespace

import pytest
from datasets import Dataset

import train.grpo
from recipes.errors import UserError
from recipes.rl import Curriculum, Gate
from tests.test_end_to_end import (
    SMALL_GRPO,
    changed_recipe,
    check_resumes_exactly,
    history,
    launch,
    launch_on_two,
    runs,
)
from train.curriculum import Levels

__all__ = ["runs"]
DATA = Dataset.from_list(
    [
        {"id": f"logic-{d}-{k}", "source": "logic", "difficulty": d}
        for d in (1, 2, 3)
        for k in range(4)
    ]
    + [{"id": "maths-0", "source": "maths", "difficulty": 9}]
)
GATE = Curriculum((1, 2, 3), ("logic",), gate=Gate("logic", 0.5, 2))
SCHEDULE = Curriculum((1, 2, 3), ("logic",), starts=(0.25, 0.5))


def levels(settings):
    return Levels(settings, DATA, seed=0, where="x.yaml")


def test_a_schedule_opens_levels_at_its_shares():
    found = levels(SCHEDULE)
    assert [found.num_open(p) for p in (0, 0.24, 0.25, 0.49, 0.5, 1)] == [1, 1, 2, 2, 3, 3]


def test_closed_prompts_become_open_ones_and_the_others_stay():
    rows = [row for row in DATA for _ in range(2)]
    found = levels(SCHEDULE).opened(rows, step=3, progress=0.3)
    assert len(found) == len(rows)
    for old, new in zip(rows, found, strict=True):
        if old["source"] == "maths" or old["difficulty"] <= 2:
            assert new == old
        else:
            assert new["source"] == "logic" and new["difficulty"] <= 2
    assert found[::2] == found[1::2]  # copies of a prompt stay one prompt


def test_replacements_depend_on_seed_step_and_prompt_alone():
    closed = [row for row in DATA if row["difficulty"] == 3]

    def drawn(rows, step):
        return [row["id"] for row in levels(SCHEDULE).opened(rows, step, 0.0)]

    assert drawn(closed, 1) == drawn(closed[::-1], 1)[::-1]  # as other processes hold other rows
    assert any(drawn(closed, 1) != drawn(closed, step) for step in (2, 3, 4))


def test_the_gate_opens_a_level_above_its_bound_and_never_the_last_one_again():
    found = levels(GATE)
    found.observe(3.0, 4)  # 0.75, of one batch of two
    assert found.num_open(1.0) == 1
    found.observe(1.0, 4)  # 4 of 8: not above a half
    assert found.num_open(1.0) == 1
    found.observe(4.0, 4)  # 5 of the last 8
    assert found.num_open(1.0) == 2
    found.observe(4.0, 4)  # counted anew
    assert found.num_open(1.0) == 2
    found.observe(0.0, 0)  # a batch without prompts of the newest level says nothing
    assert found.num_open(1.0) == 2
    for _ in range(5):
        found.observe(4.0, 4)
    assert found.num_open(1.0) == 3


def test_the_newest_level_alone_pays_the_gate():
    found = levels(GATE)
    assert found.newest("logic", 1, 0.0) and not found.newest("logic", 2, 0.0)
    assert not found.newest("maths", 1, 0.0)


def test_what_is_open_is_saved_with_a_checkpoint():
    found, other = levels(GATE), levels(GATE)
    for total in (4.0, 4.0, 3.0):
        found.observe(total, 4)
    state = SimpleNamespace(stateful_callbacks={"Levels": found.state()})
    other.on_train_begin(None, state, None)
    assert other.num_open(1.0) == 2
    found.observe(0.0, 4)
    other.observe(0.0, 4)
    assert other.state() == found.state()


@pytest.mark.parametrize(
    "settings, told",
    [
        (dict(levels=(1,), starts=()), "levels: found"),
        (dict(levels=(2, 1), starts=(0.5,)), "levels: found"),
        (dict(levels=(1, 2)), "found both or none"),
        (dict(levels=(1, 2), starts=(0.5,), gate=Gate("logic")), "found both or none"),
        (dict(levels=(1, 2, 3), starts=(0.5,)), "starts: found"),
        (dict(levels=(1, 2, 3), starts=(0.5, 0.2)), "starts: found"),
        (dict(levels=(1, 2), starts=(1.5,)), "starts: found"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, told):
    with pytest.raises(ValueError, match=told):
        Curriculum(**settings)


def test_nothing_to_begin_with_is_told_with_what_there_is():
    told = "no prompt of source 'logic' with a difficulty up to 0.5.*logic: 1 to 3, maths: 9 to 9"
    with pytest.raises(UserError, match=told):
        levels(Curriculum((0.5, 2), ("logic",), starts=(0.5,)))
    with pytest.raises(UserError, match="no prompt of source 'logics'"):
        levels(Curriculum((1, 2), ("logics",), starts=(0.5,)))


def test_a_gate_on_a_reward_that_is_not_there_ends_before_anything_is_loaded(runs):
    path = changed_recipe(runs, {"curriculum": {"levels": [2, 6], "gate": {"reward": "answr"}}})
    with pytest.raises(UserError, match=r"curriculum\.gate: reward: found 'answr'.*'answer'"):
        train.grpo.plan(path, [])


def test_a_gated_run_resumes_exactly(runs):
    gate = {"reward": "answer", "above": -1.0, "batches": 1}
    path = changed_recipe(runs, {"curriculum": {"levels": [2, 4, 6], "gate": gate}})
    keys = ("loss", "reward", "curriculum/levels", "curriculum/replaced")
    check_resumes_exactly(runs, path, keys)
    first, second = history(runs / "whole/checkpoint-2", "curriculum/levels")
    assert (first, second) == (1, 2)
    assert history(runs / "whole/checkpoint-2", "curriculum/replaced")[0] > 0


def test_two_processes_open_the_same_levels(runs):
    schedule = {"levels": [2, 6], "starts": [0.5]}
    path = changed_recipe(runs, {"curriculum": schedule})
    launch_on_two(path, *SMALL_GRPO, "name=two")
    assert history(runs / "two/checkpoint-2", "curriculum/levels") == [1, 2]


def test_it_is_off_unless_asked_for(runs):
    launch(train.grpo, changed_recipe(runs, {}), *SMALL_GRPO, "name=plain")
    assert not history(runs / "plain/checkpoint-2", "curriculum/levels")
