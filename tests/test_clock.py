"""Shares of the wall clock."""

import pytest

import train.clock
from tests.test_end_to_end import GRPO, SMALL_GRPO, history, launch, runs
from train.clock import Clock

__all__ = ["runs"]


def test_shares_of_the_time_since_the_last_call(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(train.clock.time, "perf_counter", lambda: now[0])
    clock = Clock()
    for part, before, during in (
        ("generation", 1, 3),
        ("rewards", 1, 0.5),
        ("generation", 0, 1),
        ("rest", 3.5, 0),
    ):
        now[0] += before
        with clock.measuring(part):
            now[0] += during
    assert clock.shares() == pytest.approx(
        {"time/generation_share": 0.4, "time/rewards_share": 0.05, "time/rest_share": 0}
    )
    now[0] += 5
    assert clock.shares() == {}


def test_what_fails_is_measured_too(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(train.clock.time, "perf_counter", lambda: now[0])
    clock = Clock()
    with pytest.raises(KeyError), clock.measuring("rewards"):
        now[0] += 1
        raise KeyError
    now[0] += 1
    assert clock.shares() == {"time/rewards_share": 0.5}


def test_a_run_logs_where_its_time_goes(runs):
    import train.grpo

    launch(train.grpo, GRPO, *SMALL_GRPO, "name=run")
    folder = runs / "run/checkpoint-2"
    shares = [history(folder, f"time/{part}_share") for part in ("generation", "rewards")]
    assert all(len(found) == 2 for found in shares)
    assert all(0 < generation + rewards < 1 for generation, rewards in zip(*shares, strict=True))
    padding, longest, mean = (
        history(folder, f"completions/{name}")
        for name in ("padding_share", "max_length", "mean_length")
    )
    assert padding == pytest.approx(
        [1 - b / a for a, b in zip(longest, mean, strict=True)], abs=1e-4
    )
