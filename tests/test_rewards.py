"""Rewards and penalties: sign, range, monotonicity, the exact number of a worked example, and ways to
cheat."""

import pickle
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.constraints.base import dumps, from_spec
from data.response import split
from data.tokenizer import Thinking
from train.penalties.soft_overlong import SoftOverlong
from train.rewards import REWARDS, Sample, TRLReward
from train.rewards.answer import Answer
from train.rewards.constraints import Constraints
from train.rewards.think_format import ThinkFormat

NO_COMMA = from_spec("punctuation:no_comma", {}, "test")
QUOTED = from_spec("startend:quotation", {}, "test")


def sample(text, constraints=(), gold="4", num_reasoning_tokens=10):
    return Sample(split(text), gold, constraints, num_reasoning_tokens, 20, (), "p", 1, 0.0)


@pytest.mark.parametrize(
    "text, paid",
    [
        (r"<think>2+2</think>It is \boxed{4}.", 1.0),
        (r"<think>2+2</think>It is \boxed{5}.", 0.0),
        (r"<think>\boxed{4}</think>It is four.", 0.0),
        (r"<think>\boxed{4}", 0.0),
        (r"<think>a</think><think>\boxed{4}", 0.0),
        ("", 0.0),
    ],
)
def test_answer(text, paid):
    assert Answer().score([sample(text)]) == [paid]


def test_constraints_mean_and_all():
    text = '<think>a, b</think>"It is, say, 4"'
    both = (NO_COMMA, QUOTED)
    assert Constraints("mean").score([sample(text, both)]) == [0.5]
    assert Constraints("all").score([sample(text, both)]) == [0.0]
    assert Constraints("mean").score([sample(text, (QUOTED,))]) == [1.0]


def test_constraints_do_not_apply_without_any():
    assert Constraints().score([sample("<think>a</think>b")]) == [None]


def test_unterminated_thinking_meets_no_constraint():
    assert Constraints().score([sample("<think>no end", (NO_COMMA,))]) == [0.0]


@pytest.mark.parametrize(
    "text, paid",
    [("<think>a</think>b", 1.0), ("a</think>b", 1.0), ("<think>a</think>", 0.0), ("b", 0.0)],
)
def test_think_format(text, paid):
    assert ThinkFormat().score([sample(text)]) == [paid]


@pytest.mark.parametrize(
    "num_tokens, penalty", [(3584, 0), (3712, -0.25), (3840, -0.5), (4096, -1), (4097, -1)]
)
def test_soft_overlong_worked_example_of_the_paper_formula(num_tokens, penalty):
    assert SoftOverlong(max_tokens=4096, buffer_tokens=512).term(num_tokens, True, 0) == penalty


@given(st.integers(0, 9999), st.integers(0, 9999))
def test_soft_overlong_is_in_range_and_never_rises(a, b):
    term = SoftOverlong(max_tokens=400, buffer_tokens=100).term
    assert -1 <= term(a, True, 0) <= 0
    assert term(max(a, b), True, 0) <= term(min(a, b), True, 0)


def test_the_penalty_counts_reasoning_only():
    text = "<think>a</think>" + "word " * 999
    long_response = replace(sample(text, num_reasoning_tokens=3), num_tokens=2000)
    assert SoftOverlong(max_tokens=100, buffer_tokens=50).score([long_response]) == [0]


def test_trl_signature_logging_and_pickling():
    reward = pickle.loads(
        pickle.dumps(TRLReward("constraints", Constraints(), Thinking(False, 9), 1))
    )
    logged = {}
    scores = reward(
        prompts=[[], []],
        completions=[
            [{"role": "assistant", "content": "<think>a</think>b"}],
            [{"role": "assistant", "content": "<think>"}],
        ],
        completion_ids=[[1, 9, 2], [1, 1, 1, 1]],
        answer=["4", "4"],
        constraints=[dumps((NO_COMMA,)), dumps(())],
        log_metric=logged.__setitem__,
        trainer_state=None,
        id=["x", "y"],
    )
    assert reward.__name__ == "constraints" and scores == [1.0, None]
    # Two tokens up to </think>, and four of thinking that never ends.
    assert logged == {
        "completions/reasoning_tokens": 3.0,
        "completions/unterminated_rate": 0.5,
        "rewards/constraints/not_applicable": 0.5,
    }


def test_a_name_is_registered_once():
    with pytest.raises(ValueError, match="registered by"):
        REWARDS["answer"]  # scan first
        REWARDS.register("answer")(ThinkFormat)
