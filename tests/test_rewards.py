"""Rewards and penalties: sign, range, monotonicity, the exact number of a worked example, and ways to
cheat."""

import pickle
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.answers import Verdict
from data.constraints.base import dumps, from_spec
from data.response import split
from data.tokenizer import Thinking
from train.penalties.soft_overlong import SoftOverlong
from train.reward_functions import TRLReward
from train.rewards import REWARDS
from train.rewards.answer import Answer
from train.rewards.constraints import Constraints
from train.rewards.product import Product
from train.rewards.think_format import ThinkFormat
from train.samples import Sample, SampleReader, per_sample

NO_COMMA = from_spec("punctuation:no_comma", {}, "test")
QUOTED = from_spec("startend:quotation", {}, "test")
READER = SampleReader(Thinking(False, close_id=9), end_ids=frozenset((2,)), num_generations=1)


def sample(text, constraints=(), gold="4", num_reasoning_tokens=10, soft=()):
    return Sample(
        split(text), gold, constraints, num_reasoning_tokens, 20, (), "p", 1, 0.0, soft=soft
    )


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
    "text, gold, given, paid",
    [
        (r"<think>a</think>\boxed{4}", "4", (NO_COMMA,), 1.0),
        (r"<think>a</think>so, \boxed{4}", "4", (NO_COMMA,), 0.0),
        (r"<think>a</think>\boxed{5}", "4", (NO_COMMA,), 0.0),
        (r"<think>a</think>so, \boxed{4}", "4", (), 1.0),
        (r"<think>a</think>so, \boxed{4}", None, (NO_COMMA,), None),
    ],
)
def test_an_answer_pays_only_where_the_constraints_are_met(text, gold, given, paid):
    assert Answer(condition="satisfied").score([sample(text, given, gold)]) == [paid]


@pytest.mark.parametrize(
    "text, gold, paid",
    [
        (r"<think>a</think>\boxed{4}", "4", 0.5),
        (r"<think>a</think>\boxed{5}", "4", 0.0),
        (r"<think>a</think>hello", None, 0.5),  # a request without an answer is not gated
    ],
)
def test_compliance_pays_only_with_the_right_answer(text, gold, paid):
    reward = Constraints(condition="correct")
    assert reward.score([sample(text, (NO_COMMA, QUOTED), gold)]) == [paid]


@pytest.mark.parametrize(
    "text, gold, given, paid",
    [
        (r"<think>a</think>\boxed{4}", "4", (NO_COMMA,), (1.0, 1.0)),
        (r"<think>a</think>\boxed{4}", "4", (NO_COMMA, QUOTED), (0.5, 0.0)),
        (r"<think>a</think>\boxed{5}", "4", (NO_COMMA,), (0.0, 0.0)),
        (r"<think>a</think>\boxed{4}", "4", (), (1.0, 1.0)),
        (r"<think>a</think>a b", None, (NO_COMMA, QUOTED), (0.5, 0.0)),
        (r"<think>a</think>a b", None, (), (None, None)),
    ],
)
def test_the_product_of_correctness_and_compliance(text, gold, given, paid):
    one = sample(text, given, gold)
    assert (Product("mean").score([one])[0], Product("all").score([one])[0]) == paid


@pytest.mark.parametrize(
    "text, paid",
    [
        ('<think>a</think>"b c"', 2.0),  # p = m
        ('<think>a</think>"b, c"', 2 / 3),
        ("<think>a</think>b, c", 1 / 3),
        ("<think>a</think>, ", -2.0),  # nothing but punctuation meets nothing
        ('<think> </think>"b c"', -2.0),  # empty reasoning
        ('<think>...</think>"b c"', -2.0),  # a placeholder
        ('"b c"', -2.0),  # bad format
    ],
)
def test_raif_by_the_reference_pages_numbers(text, paid):
    # length_rewards.md, section 5: m = 3: p = 3, 2, 0 give 2, 0.667, -2.
    no_zebra = from_spec("keywords:forbidden_words", {"forbidden_words": ["zebra"]}, "test")
    found = Constraints("raif").score([sample(text, (NO_COMMA, QUOTED, no_zebra))])
    assert found == [pytest.approx(paid)]


def test_undecided_is_neither_right_nor_wrong(monkeypatch):
    undecided = sample(r"<think>a</think>\boxed{4}", (NO_COMMA,))
    vars(undecided)["verdict"] = Verdict(None, "4", "timeout")
    rewards = (Answer(), Constraints(condition="correct"), Product())
    assert [reward.score([undecided]) for reward in rewards] == [[None]] * 3
    assert Constraints().score([undecided]) == [1.0]


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
    reward = pickle.loads(pickle.dumps(TRLReward("constraints", Constraints(), READER)))
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
        "completions/accuracy": 0.0,
        "completions/undecided_rate": 0.0,
        "completions/hacc": 1.0,
        "completions/sacc": 1.0,
        "rewards/constraints/not_applicable": 0.5,
    }


def test_a_name_is_registered_once():
    with pytest.raises(ValueError, match="registered by"):
        REWARDS["answer"]  # scan first
        REWARDS.register("answer")(ThinkFormat)


class Broken:
    def score(self, samples):
        return per_sample(
            lambda one: 1 / (len(one.completion.response) - 1), samples, "reward broken"
        )


def batch(*texts, **columns):
    count = len(texts)
    return {
        "completions": list(texts), "completion_ids": [[1, 9, 2]] * count, "answer": ["4"] * count,
        "constraints": [dumps(())] * count, "id": [f"row{k}" for k in range(count)],
    } | columns  # fmt: skip


def test_a_bug_in_a_reward_stops_the_run_and_names_its_row():
    with pytest.raises(ZeroDivisionError) as caught:
        TRLReward("broken", Broken(), READER)(**batch("<think>a</think>good", "<think>a</think>b"))
    assert "reward broken: row 'row1', gold '4'" in caught.value.__notes__[0]


def test_a_checker_that_raises_stops_the_run_and_names_its_row(monkeypatch):
    monkeypatch.setattr(type(NO_COMMA), "check", lambda self, response: 1 / 0)
    rows = batch("<think>a</think>good", constraints=[dumps((NO_COMMA,))])
    with pytest.raises(ZeroDivisionError) as caught:
        TRLReward("answer", Answer(), READER)(**rows)
    assert "checking constraints: row 'row0'" in caught.value.__notes__[0]


def test_a_batch_is_read_once_for_all_rewards(monkeypatch):
    read = []
    monkeypatch.setattr(
        Thinking, "read", lambda self, text, ids: read.append(text) or (split(text), 1)
    )
    rows = batch(r"<think>a</think>\boxed{4}", "<think>a</think>b")
    assert TRLReward("answer", Answer(), READER)(**rows) == [1.0, 0.0]
    assert TRLReward("think_format", ThinkFormat(), READER)(**rows) == [1.0, 1.0]
    assert len(read) == 2
    assert TRLReward("answer", Answer(), READER)(**batch("<think>a</think>b")) == [
        0.0
    ]  # another batch
    assert len(read) == 3


def test_no_end_of_text_token_is_truncation():
    cut = batch("<think>a", "<think>a</think>b", completion_ids=[[1, 1], [1, 9, 2]])
    READER.read(cut.pop("completions"), cut.pop("completion_ids"), cut, None, None)
    assert [one.truncated for one in READER.samples] == [True, False]
