"""The classifier in the slot of the `constraints` reward: right label, right order, the instruction never cut."""

import pickle

import pytest
import torch
from transformers import AutoTokenizer, Qwen3Config, Qwen3ForSequenceClassification

from data.constraints.base import from_spec
from recipes.errors import UserError
from tests.test_rewards import sample
from train.rewards.constraints import Constraints
from train.soft_scorers.classifier import Classifier

NO_COMMA = from_spec("punctuation:no_comma", {}, "test")
BASE = "data/tiny/base_model"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A classifier of random weights with the tiny model's tokenizer."""
    folder = tmp_path_factory.mktemp("classifier")
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, head_dim=16, num_labels=2, pad_token_id=tokenizer.pad_token_id, initializer_range=0.5,
    )  # fmt: skip
    Qwen3ForSequenceClassification(config).save_pretrained(folder)
    return str(folder)


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
        logits = model(**tokenizer(instruction, response, return_tensors="pt")).logits[0]
        assert score == pytest.approx(float(logits.softmax(0)[1]), abs=1e-5)
    assert len(set(scores)) == len(PAIRS)


def test_softmax_of_the_reference_pages_example():
    # self_supervised_rl.md: logits (0.5, 2.0) give 0.8176.
    assert float(torch.tensor([0.5, 2.0]).softmax(0)[1]) == pytest.approx(0.8176, abs=1e-4)


def test_a_long_response_does_not_push_the_instruction_out(path):
    scorer = Classifier(path, max_length=24)
    long = "word " * 500
    one, other = scorer.score([("be polite", long), ("be very unkind please", long)])
    assert one != other


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
