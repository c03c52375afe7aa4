"""The classifier in the slot of the `constraints` reward: right label, right order, the instruction never cut."""

import os
import pickle

import pytest
import torch
import transformers.distributed.fsdp
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer
from transformers.integrations import (
    HfDeepSpeedConfig,
    is_deepspeed_zero3_enabled,
    unset_hf_deepspeed_config,
)

from data.adherence import BEFORE, CUT, encode
from data.constraints.base import from_spec
from recipes.errors import UserError
from tests import stand_ins
from tests.test_end_to_end import history, launch_on_two
from tests.test_engines import needs_compiler
from tests.test_rewards import sample
from train.config import cpu_has_bf16
from train.reward_functions import WeightedReward, check_ready
from train.rewards.constraints import Constraints
from train.soft_scorers.classifier import Classifier
from train.soft_scorers.probe import probe, without_restating

NO_COMMA = from_spec("punctuation:no_comma", {}, "test")
BASE = "data/tiny/base_model"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A classifier of random weights with the tiny model's tokenizer."""
    return str(stand_ins.write_judge(tmp_path_factory.mktemp("classifier")))


PAIRS = [
    ("be polite", "yes sir"),
    ("be brief", "no"),
    ("be polite", "a b c d e f g h"),
    ("be kind", "ok then"),
]


def test_scores_are_the_probability_of_label_1_for_each_pair_alone(path):
    scorer = Classifier(path, batch_size=2)
    scores = scorer.score(PAIRS)
    model, tokenizer = scorer.loaded
    for (instruction, response), score in zip(PAIRS, scores, strict=True):
        text = BEFORE.format(constraint=instruction) + response
        logits = model(**tokenizer(text, return_tensors="pt")).logits[0]
        assert score == pytest.approx(float(logits.softmax(0)[1]), abs=1e-5)
    assert len(set(scores)) == len(PAIRS)


def test_its_memory_is_counted_before_it_is_loaded(path, tmp_path):
    """Every parameter of the saved model, 4 bytes or 2; of one that is not there, as many parameters as are said."""
    loaded = Classifier(path).loaded.model
    count = sum(weight.numel() for weight in loaded.parameters())
    assert Classifier(path).weight_bytes(7) == 4 * count
    assert Classifier(path, dtype="bfloat16").weight_bytes(7) == 2 * count
    reward = {
        "name": "classifier",
        "model_name_or_path": str(tmp_path / "none"),
        "dtype": "bfloat16",
    }
    assert Constraints(soft=reward).weight_bytes(7) == 14 and Constraints().weight_bytes(7) == 0


def test_weights_in_bf16_say_nearly_the_same(path):
    scorer = Classifier(path, dtype="bfloat16")
    expected = torch.bfloat16 if torch.cuda.is_available() or cpu_has_bf16() else torch.float32
    assert scorer.loaded.model.dtype == expected
    assert scorer.score(PAIRS) == pytest.approx(Classifier(path).score(PAIRS), abs=0.02)


def test_it_is_whole_where_zero3_shards_what_is_trained(path):
    """transformers shards every model that is loaded then, and processes with fewer responses would be waited for."""
    held = HfDeepSpeedConfig(
        {"zero_optimization": {"stage": 3}, "train_micro_batch_size_per_gpu": 1}
    )
    assert is_deepspeed_zero3_enabled()
    model, _ = Classifier(path).loaded
    assert all(weight.numel() and not hasattr(weight, "ds_shape") for weight in model.parameters())
    assert is_deepspeed_zero3_enabled() and held.is_zero3()  # for what is loaded next
    unset_hf_deepspeed_config()


def test_it_has_its_weights_where_fsdp_lets_one_process_read(path, monkeypatch):
    """transformers gives the other processes of a node zeros, which the engine fills in for what it trains."""
    whole = Classifier(path).score(PAIRS)
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    monkeypatch.setenv("FSDP_CPU_RAM_EFFICIENT_LOADING", "true")
    for module in (transformers.distributed.fsdp, transformers.modeling_utils):
        monkeypatch.setattr(module, "_is_torch_distributed_initialized", lambda: True)
    monkeypatch.setattr(transformers.modeling_utils, "is_local_dist_rank_0", lambda: False)
    assert transformers.modeling_utils.is_fsdp_enabled()
    assert Classifier(path).score(PAIRS) == pytest.approx(whole, abs=1e-6)
    assert os.environ["FSDP_CPU_RAM_EFFICIENT_LOADING"] == "true"


@needs_compiler
def test_two_processes_that_zero3_shards_score_different_numbers_of_responses(
    path, monkeypatch, tmp_path
):
    """One at a time, so that they are not equally often at it: with a sharded scorer this never ends."""
    monkeypatch.setenv("TETHER_RUNS", str(tmp_path))
    launch_on_two(
        "recipes/grpo/tiny_ssrl.yaml", "name=z", f"model.model_name_or_path={BASE}", "trainer.max_steps=2",
        "trainer.save_steps=2", "trainer.logging_steps=1", "trainer.per_device_train_batch_size=8",
        "trainer.max_completion_length=32", "trainer.report_to=none", "trainer.bf16=false", "data.0.seeds.num_rows=64",
        f"rewards.1.soft.model_name_or_path={path}", "rewards.1.soft.batch_size=1", engine="zero3",
    )  # fmt: skip
    means = history(tmp_path / "z/checkpoint-2", "rewards/constraints/mean")
    assert len(means) == 2 and all(0 <= mean <= 1 for mean in means)


def test_softmax_of_the_reference_pages_example():
    # self_supervised_rl.md: logits (0.5, 2.0) give 0.8176.
    assert float(torch.tensor([0.5, 2.0]).softmax(0)[1]) == pytest.approx(0.8176, abs=1e-4)


def test_a_long_response_does_not_push_the_instruction_out(path):
    long = "word " * 500
    scores = Classifier(path, max_length=80).score([("be polite", long), ("be unkind", long)])
    assert scores[0] != scores[1]


def test_of_a_long_response_the_middle_is_left_out():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    response = "first " + "word " * 500 + "last"
    ids = encode(tokenizer, "be polite", response, 90)
    text = tokenizer.decode(ids)
    assert len(ids) == 90 and text.startswith(BEFORE.format(constraint="be polite") + "first word")
    assert text.endswith("word last") and text.count(CUT) == 1
    short = encode(tokenizer, "be polite", "no", 90)
    assert tokenizer.decode(short) == BEFORE.format(constraint="be polite") + "no"


def test_a_constraint_that_leaves_no_room_is_an_error():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    with pytest.raises(UserError, match="max_length: found 30; expected at least"):
        encode(tokenizer, "be polite", "yes", 30)


def test_a_threshold_makes_verdicts(path):
    scores = Classifier(path).score(PAIRS)
    bound = sorted(scores)[1]
    assert Classifier(path, threshold=bound).score(PAIRS) == [float(p >= bound) for p in scores]


@pytest.mark.parametrize("where", ["nowhere/at/all", BASE])
def test_what_is_no_reward_model_is_told_before_anything_is_loaded(where):
    soft = {"name": "classifier", "model_name_or_path": where}
    entry = WeightedReward("constraints", 1.0, Constraints(soft=soft))
    with pytest.raises(UserError, match=f"^x.yaml: rewards: constraints: soft.*{where}") as error:
        check_ready([entry], "x.yaml")
    assert "\n" not in str(error.value)


def test_the_soft_scores_alone_are_paid_where_the_checkers_are_not():
    reward = Constraints(soft={"name": "classifier", "model_name_or_path": "x"}, hard=False)
    vars(reward)["scorer"] = Fixed()
    mixed = sample("<think>a</think>b, c", (NO_COMMA,), soft=("good",))
    hard = sample("<think>a</think>b", (NO_COMMA,))
    assert reward.score([mixed, hard]) == [pytest.approx(0.8), None]
    with pytest.raises(ValueError, match="hard: found False"):
        Constraints(hard=False)


# ---------------------------------------------------------------------- the probe


class Gullible:
    """Believes what a response says of itself."""

    def score(self, pairs):
        return [0.9 if constraint in response else 0.4 for constraint, response in pairs]


class Strict:
    """Looks at the last word alone."""

    def score(self, pairs):
        return [float(response.endswith("sir")) for _, response in pairs]


TONE = "Write in a formal tone."


def test_sentences_that_restate_a_constraint_are_taken_off():
    said = "I write in a formal tone. Dear sir"
    assert without_restating(TONE, said) == " Dear sir"
    assert without_restating(TONE, "Dear sir. No tone.") == "Dear sir. No tone."
    assert without_restating("...", "Dear sir.") == "Dear sir."  # no words to restate


@given(constraint=st.text(max_size=40), response=st.text(max_size=200))
def test_taking_sentences_off_never_fails_and_adds_nothing(constraint, response):
    rest = without_restating(constraint, response)
    assert len(rest) <= len(response)
    assert without_restating(constraint, rest) == rest


def test_a_scorer_that_can_be_talked_into_it_is_seen():
    pairs = [(TONE, "Dear sir"), (TONE, "Hey"), (TONE, f"{TONE} Hey")]
    fooled = probe(Gullible(), pairs, 8)
    assert fooled["soft_restated"] == pytest.approx(1 / 3)
    assert fooled["soft_talked_up"] == pytest.approx((0.5 + 0.5 + 0.0) / 3)
    assert fooled["soft_hacked"] == pytest.approx(0.5)
    firm = probe(Strict(), pairs, 8)
    assert firm["soft_talked_up"] == firm["soft_hacked"] == 0.0
    assert probe(Strict(), pairs, 0) == {"soft_restated": pytest.approx(1 / 3)}
    assert probe(Strict(), [], 8) == {}


def test_the_probe_is_logged_beside_the_reward():
    reward = Constraints(soft={"name": "classifier", "model_name_or_path": "x"})
    vars(reward)["scorer"] = Gullible()
    found = reward.facts([sample(f"<think>a</think>{TONE} Hey", soft=(TONE,)), sample("b")])
    assert found == {"soft_restated": 1.0, "soft_talked_up": 0.0, "soft_hacked": pytest.approx(0.5)}
    assert Constraints().facts([sample("b")]) == {}


def test_an_unloaded_scorer_is_pickled_and_a_loaded_one_leaves_its_weights(path):
    scorer = Classifier(path)
    expected = scorer.score(PAIRS[:1])
    copy = pickle.loads(pickle.dumps(scorer))
    assert "loaded" not in vars(copy) and copy.score(PAIRS[:1]) == expected


class Fixed:
    """Scores by the instruction's text."""

    def score(self, pairs):
        return [{"half": 0.5, "good": 0.8, "bad": 0.1}[text] for text, _ in pairs]


def with_fixed_scores(aggregate):
    reward = Constraints(aggregate)
    vars(reward)["scorer"] = Fixed()
    return reward


@pytest.mark.parametrize(
    "aggregate, text, soft, paid",
    [
        ("mean", "<think>a</think>b", ("good",), (1 + 0.8) / 2),
        ("mean", "<think>a</think>b, c", ("good", "bad"), (0 + 0.8 + 0.1) / 3),
        ("all", "<think>a</think>b", ("good", "half"), 1.0),
        ("all", "<think>a</think>b", ("good", "bad"), 0.0),
        ("raif", "<think>a</think>b", ("good",), 2.0),
        ("raif", "<think>a</think>b", ("bad",), 0.5),
        ("raif", "<think>a</think>b, c", ("bad",), -2.0),
    ],
)
def test_soft_scores_stand_beside_the_checkers(aggregate, text, soft, paid):
    reward = with_fixed_scores(aggregate)
    plain = sample("<think>a</think>b")
    mixed = sample(text, (NO_COMMA,), soft=soft)
    assert reward.score([plain, mixed, mixed]) == [None, pytest.approx(paid), pytest.approx(paid)]


def test_the_mean_of_hard_and_soft_scores_of_the_reference_page():
    # self_supervised_rl.md, section 4: hard pass, hard fail, soft 0.8: R_f = 0.6.
    reward = with_fixed_scores("mean")
    quoted = from_spec("startend:quotation", {}, "test")
    assert reward.score([sample("<think>a</think>b", (NO_COMMA, quoted), soft=("good",))]) == [
        pytest.approx(0.6)
    ]


@pytest.mark.parametrize(
    "soft, message",
    [
        ({"name": "classifer"}, "Did you mean 'classifier'"),
        ({"name": "classifier"}, "missing key 'model_name_or_path'"),
        ({"name": "classifier", "model_name_or_path": "x", "batch_size": 0}, "batch_size: found 0"),
    ],
)
def test_a_bad_scorer_is_refused_before_any_model_is_loaded(soft, message):
    with pytest.raises((UserError, ValueError), match=message):
        Constraints(soft=soft)


def test_a_soft_scorer_needs_its_column(path):
    assert Constraints(soft={"name": "classifier", "model_name_or_path": path}).columns == (
        "soft_constraints",
    )
