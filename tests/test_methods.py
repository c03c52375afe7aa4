"""Changes of the trainer that are no rewards: how they begin completions and weigh their tokens, by hand."""

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import GRPOConfig

from data.decontaminate import Decontaminator
from data.sources import build_sources, load_mixture
from data.tokenizer import Thinking
from tests.penalty_samples import sample
from train.methods.adaptthink import AdaptThink
from train.methods.apply import (
    completed,
    completed_logps,
    openings,
    sampler_logps,
)
from train.methods.base import Batch, Opening
from train.methods.degrpo import DeGRPO
from train.methods.dler import DLER
from train.methods.grpo_lead import GRPOLead
from train.methods.repetition import Repetition
from train.objective import Objective
from train.penalties.repetition import repeats
from train.reward_functions import WeightedReward
from train.rewards.answer import Answer
from train.samples import SampleReader
from train.trainer import Extras, GRPOTrainer

BASE = "data/tiny/base_model"
THINK, CLOSE = 1280, 1281  # ids of the tiny tokenizer
NAN = math.nan


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(BASE, padding_side="left")


@pytest.fixture(scope="module")
def prefilled(tokenizer):
    """The same tokenizer with a chat template that opens the thinking."""
    other = AutoTokenizer.from_pretrained(BASE, padding_side="left")
    other.chat_template = tokenizer.chat_template + "<think>"
    return other


def batch(**given):
    """Two groups of four, all on this process."""
    given.setdefault("advantages", torch.ones(8, 1))
    return Batch(**{
        "completion_mask": torch.ones(len(given["advantages"]), 3, dtype=torch.long), "num_tokens": 24, "num_completions": 8,
        "samples": [], "rewards": torch.zeros(8, 1),
        "reward_names": ["answer"], "num_generations": 4, "first_row": 0, **given,
    })  # fmt: skip


# ---------------------------------------------------------------------- grpo_lead


@pytest.mark.parametrize("accuracy, weight", [(0.25, 1.4926), (0.5, 1.4166), (0.75, 0.95), (1.0, 0.4834)])  # fmt: skip
def test_difficulty_weights_are_the_papers(accuracy, weight):
    # shared/reference/length_rewards.md, section 3.10
    assert GRPOLead().weight(torch.tensor(accuracy)).item() == pytest.approx(weight, abs=5e-5)


def test_a_right_answer_counts_by_the_groups_accuracy_and_a_wrong_one_by_its_error_rate():
    answers = torch.tensor([1.0, 0, 0, 0, 1, 1, 1, 0])  # accuracies 0.25 and 0.75
    rewards = torch.stack([torch.full((8,), 7.0), answers], dim=1)
    found = GRPOLead().advantages(
        batch(
            advantages=torch.tensor([[1.5], [-0.5], [-0.5], [-0.5], [0.5], [0.5], [0.5], [-1.5]]),
            rewards=rewards,
            reward_names=["constraints", "answer"],
        )
    )
    # A > 0 times w(rho), else times w(1 - rho): w(0.25) = 1.4926, w(0.75) = 0.95
    hard = [1.5 * 1.4926, -0.5 * 0.95, -0.5 * 0.95, -0.5 * 0.95]
    easy = [0.5 * 0.95, 0.5 * 0.95, 0.5 * 0.95, -1.5 * 1.4926]
    assert found.squeeze(1).tolist() == pytest.approx(hard + easy, abs=1e-4)


def test_accuracy_is_of_the_whole_group_also_where_its_rows_are_on_two_processes():
    found = GRPOLead().advantages(
        batch(
            advantages=torch.ones(2, 1), first_row=2, num_generations=4,
            rewards=torch.tensor([[1.0], [1], [0], [1]]),  # two of four rows are here, 0.75 of the group are right
        )
    )  # fmt: skip
    assert found.squeeze(1).tolist() == pytest.approx([0.95, 0.95], abs=1e-4)


def test_an_undecided_answer_counts_as_wrong_and_a_group_without_gold_keeps_its_advantages():
    rewards = torch.tensor([[1.0], [NAN], [0], [0], [NAN], [NAN], [NAN], [NAN]])
    found = GRPOLead().advantages(batch(rewards=rewards)).squeeze(1).tolist()
    assert found == pytest.approx([1.4926] * 4 + [1.0] * 4, abs=1e-4)


def test_difficulty_weights_leave_tokens_apart_that_another_method_told_apart():
    tokens = torch.tensor([[2.0, -1.0]]).expand(8, 2)
    found = GRPOLead().advantages(batch(advantages=tokens))  # accuracy 0
    assert found.shape == (8, 2)
    weights = GRPOLead().weight(torch.tensor([0.0, 1.0]))
    assert torch.allclose(found[0], torch.tensor([2.0, -1.0]) * weights)


# ---------------------------------------------------------------------- dler


def test_whitening_over_the_batch_is_the_pages():
    centred = torch.tensor([0.5, 0.5, -0.5, -0.5, 0.75, -0.25, -0.25, -0.25]).unsqueeze(1)
    found = DLER().advantages(batch(advantages=centred)).squeeze(1).tolist()
    assert found == pytest.approx([1, 1, -1, -1, 1.5, -0.5, -0.5, -0.5], abs=1e-6)


def test_a_batch_without_signal_stays_without():
    assert DLER().advantages(batch(advantages=torch.zeros(8, 1))).abs().sum() == 0


# ---------------------------------------------------------------------- repetition

LOOP = (1, 2, 3, 1, 2, 3, 1, 2, 3)  # of the page: trigrams 3, 4, 5, 6 repeat, so tokens 3 to 8 do


def test_a_repeated_token_costs_those_before_it_by_its_own_discount():
    first, second = (sample(9, True, tokens=LOOP), sample(9, True, tokens=range(9)))
    found = Repetition(ngram_size=3, penalty=-1.0, discount=0.5, weight=2.0).advantages(
        batch(
            advantages=torch.tensor([[1.0], [1.0]]), completion_mask=torch.ones(2, 10), samples=[first, second]
        )
    )  # fmt: skip
    # R_8 = -1, R_7 = -1 - 0.5, ..., R_3 = -1.96875, then halved; the padding has none.
    returns = [
        -0.24609375,
        -0.4921875,
        -0.984375,
        -1.96875,
        -1.9375,
        -1.875,
        -1.75,
        -1.5,
        -1.0,
        0.0,
    ]
    assert found[0].tolist() == pytest.approx([1 + 2 * value for value in returns])
    assert found[1].tolist() == [1.0] * 10


def test_undiscounted_the_first_token_gets_the_pages_sum():
    assert Repetition(ngram_size=3, discount=1.0).returns(repeats(LOOP, 3))[0] == pytest.approx(
        -0.30
    )


def test_repeats_of_the_response_cost_where_asked():
    looped = replace(sample(0, True), num_reasoning_tokens=3, num_tokens=9, tokens=LOOP)
    given = {
        "advantages": torch.zeros(1, 1),
        "completion_mask": torch.ones(1, 9),
        "samples": [looped],
    }
    assert Repetition(ngram_size=3).advantages(batch(**given)).abs().sum() == 0
    assert (Repetition(ngram_size=3, count="completion").advantages(batch(**given)) < 0).all()


# ---------------------------------------------------------------------- degrpo


@pytest.fixture(scope="module")
def built(tmp_path_factory, tokenizer):
    """A trainer in fp32 on two groups of four tiny problems, which TRL itself generates for."""
    source = [{"name": "tiny", "num_rows": 4, "steps": [1], "num_constraints": [0]}]
    sources = build_sources(tuple(source), "test")
    dataset = load_mixture(sources, 0, Decontaminator(None, "test")).remove_columns("completion")
    ends = frozenset({tokenizer.eos_token_id, tokenizer.pad_token_id})

    def build(*methods, model_tokenizer=tokenizer, **settings):
        reader = SampleReader(Thinking.of(model_tokenizer), ends, 4)
        reward = WeightedReward("answer", 1.0, Answer())
        config = GRPOConfig(**{
            "output_dir": str(tmp_path_factory.mktemp("grpo")), "use_cpu": True, "bf16": False, "report_to": "none",
            "gradient_checkpointing": False, "num_generations": 4, "per_device_train_batch_size": 4,
            "gradient_accumulation_steps": 2, "max_completion_length": 12, **settings,
        })  # fmt: skip
        trainer = GRPOTrainer(
            model=AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32),
            args=config,
            extras=Extras(Objective([reward]), reader, methods=methods),
            reward_funcs=[reward.bind(reader)],
            train_dataset=dataset,
            processing_class=model_tokenizer,
        )
        trainer.state.max_steps, trainer.current_gradient_accumulation_steps = 2, 2
        trainer.model.train()
        rows = [trainer.train_dataset[index] for index in (0, 1) for _ in range(4)]
        return trainer, rows

    return build


def logps_of(model, inputs, temperature=1.0):
    """[rows, tokens], by transformers alone."""
    ids = torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], dim=1)
    mask = torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], dim=1)
    columns = inputs["completion_ids"].shape[1]
    logits = model(input_ids=ids, attention_mask=mask).logits[:, -columns - 1 : -1] / temperature
    return logits.log_softmax(-1).gather(2, inputs["completion_ids"].unsqueeze(2)).squeeze(2)


def clipped(logps, old, advantages):
    """PPO's token losses at TRL's default clip, 0.2."""
    ratio = (logps - old).exp()
    return -torch.min(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages)


def gradients(model):
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


LENGTHS = [6, 1, 3, 5, 2, 6, 4, 1]


def crafted():
    """A scored generation batch of eight rows: 28 tokens, of which 8 are first ones; old log-probabilities of clipped
    and of unclipped tokens."""
    generator = torch.Generator().manual_seed(0)
    columns = torch.arange(6)
    mask = torch.tensor([[int(column < length) for column in columns] for length in LENGTHS])
    return {
        "prompt_ids": torch.randint(5, 1200, (8, 5), generator=generator),
        "prompt_mask": torch.ones(8, 5, dtype=torch.long),
        "completion_ids": torch.randint(5, 1200, (8, 6), generator=generator) * mask,
        "completion_mask": mask,
        "advantages": torch.randn(8, generator=generator),
        "num_items_in_batch": torch.tensor(28),
        "noise": torch.randn(8, 6, generator=generator) * 0.3,
    }


def micro_batches(inputs):
    for rows in (slice(0, 4), slice(4, 8)):
        yield {
            key: value[rows] if value.dim() else value for key, value in inputs.items() if key != "noise"
        }  # fmt: skip


@pytest.mark.parametrize("alpha", [1e-3, 2.0])
def test_degrpo_is_alpha_times_the_mean_over_first_tokens_plus_the_mean_over_the_others(
    built, alpha
):
    trainer, _ = built(DeGRPO(alpha=alpha))
    model, inputs = trainer.model, crafted()
    with torch.no_grad():
        inputs["old_per_token_logps"] = logps_of(model, inputs) + inputs["noise"]
    plain = inputs["advantages"].unsqueeze(1)

    losses = clipped(logps_of(model, inputs), inputs["old_per_token_logps"], plain)
    others = losses[:, 1:][inputs["completion_mask"][:, 1:].bool()]
    by_hand = alpha * losses[:, 0].mean() + others.mean()
    model.zero_grad()
    by_hand.backward()
    expected = gradients(model)

    inputs["advantages"] = DeGRPO(alpha=alpha).advantages(
        batch(
            advantages=plain,
            completion_mask=inputs["completion_mask"],
            num_tokens=28,
            num_completions=8,
        )
    )
    model.zero_grad()
    total = torch.zeros(())
    for part in micro_batches(inputs):
        loss = trainer._compute_loss(model, part)
        loss.backward()
        total += loss.detach()
    assert total.item() == pytest.approx(by_hand.item(), rel=1e-4)
    assert (gradients(model) - expected).norm() < 1e-4 * expected.norm()


def test_degrpo_changes_no_metric_of_trl(built):
    trainer, _ = built(DeGRPO())
    inputs = crafted()
    with torch.no_grad():
        inputs["old_per_token_logps"] = logps_of(trainer.model, inputs) + inputs["noise"]
    plain = inputs["advantages"].unsqueeze(1)
    weighed = DeGRPO().advantages(
        batch(
            advantages=plain,
            completion_mask=inputs["completion_mask"],
            num_tokens=28,
            num_completions=8,
        )
    )
    found = []
    for advantages in (plain, weighed):
        trainer._metrics["train"].clear()
        loss = trainer._compute_loss(trainer.model, inputs | {"advantages": advantages})
        found.append((loss.item(), dict(trainer._metrics["train"])))
    assert found[0][0] != pytest.approx(found[1][0], rel=1e-2)
    assert found[0][1] == found[1][1]
    assert found[0][1]["clip_ratio/region_mean"][0] > 0 and found[0][1]["entropy"][0] > 0


@given(st.integers(1, 50), st.integers(0, 500), st.floats(1e-6, 10))
def test_degrpo_weights_sum_to_alpha_and_to_one(num_completions, num_others, alpha):
    """Of the sum over tokens that TRL divides by N: alpha for first tokens, 1 for the others."""
    total = num_completions + num_others
    found = DeGRPO(alpha=alpha).advantages(
        batch(num_tokens=total, num_completions=num_completions, advantages=torch.ones(1, 1))
    )
    assert float(found[0, 0]) * num_completions / total == pytest.approx(alpha, rel=1e-5)
    if num_others:
        assert float(found[0, 1]) * num_others / total == pytest.approx(1, rel=1e-5)


# ---------------------------------------------------------------------- adaptthink

HALF = math.log(0.5)


def test_half_of_a_group_closes_the_thinking_at_once_where_the_template_opens_it(prefilled):
    no_think, other, think, last = AdaptThink(start="\n").openings([0, 1, 2, 3], 4, prefilled)
    newline = tuple(prefilled.encode("\n", add_special_tokens=False))
    assert no_think == other == Opening("no_think", (CLOSE,), (HALF,))
    assert think == last == Opening("think", newline, (HALF,))


def test_the_choice_is_the_second_token_where_the_model_opens_the_thinking(tokenizer):
    no_think, think = AdaptThink(start="Alright").openings([0, 1], 2, tokenizer)
    letters = tuple(tokenizer.encode("Alright", add_special_tokens=False))
    assert len(letters) == 4  # a small vocabulary: all but the first are certain
    assert no_think == Opening("no_think", (THINK, CLOSE), (0.0, HALF))
    assert think == Opening("think", (THINK, *letters), (0.0, HALF, 0.0, 0.0, 0.0))


def test_a_group_on_two_processes_is_halved_as_a_whole(prefilled):
    class Process:
        num_generations, processing_class = 4, prefilled

        class model:
            training = True

        def __init__(self, index):
            self.accelerator = type("A", (), {"process_index": index})

    found = [
        opening.name
        for index in range(3)
        for opening in openings((AdaptThink(start="\n"),), Process(index), 4 // 2 * 2 + 2)
    ]
    assert found == (["no_think"] * 2 + ["think"] * 2) * 4 + ["no_think"] * 2
    Process.model.training = False
    assert openings((AdaptThink(),), Process(0), 2) == [Opening(), Opening()]


def test_a_completion_counts_its_opening_and_is_cut_where_any_other_is():
    forced = [Opening("a", (7, 8), (0.0, HALF)), Opening()]
    assert completed([[1, 2, 3], [1, 2, 3]], forced, 4) == [[7, 8, 1, 2], [1, 2, 3]]
    assert completed_logps([[-1.0, -2.0, -3.0], [-1.0]], forced, 4) == [[None, None, -1, -2], [-1]]


def test_the_sampler_replaces_the_old_policy_on_forced_tokens_only():
    old = torch.tensor([[-3.0, -4.0, -5.0], [-6.0, -7.0, -8.0]])
    found = sampler_logps(old, [Opening("a", (7, 8), (0.0, HALF)), Opening()])
    assert found.tolist() == [[0.0, pytest.approx(HALF), -5.0], [-6.0, -7.0, -8.0]]
    assert old[0, 0] == -3


@pytest.mark.parametrize(
    "steps_per_generation", [2, 4]
)  # TRL computes the old policy's at 4, not at 2
def test_openings_in_trls_own_generation_and_their_ratio_to_the_sampler(
    built, prefilled, steps_per_generation
):
    trainer, rows = built(
        AdaptThink(start="\n"), model_tokenizer=prefilled, steps_per_generation=steps_per_generation
    )
    output = trainer._generate_and_score_completions(rows)
    newline = prefilled.encode("\n", add_special_tokens=False)[0]
    first = output["completion_ids"][:, 0].tolist()
    assert first == [CLOSE, CLOSE, newline, newline] * 2
    assert output["completion_ids"].shape[1] <= 12

    mask, old = output["completion_mask"].bool(), output["old_per_token_logps"]
    logps = logps_of(trainer.model, output).detach()
    assert torch.allclose(old[:, 0], torch.full((8,), HALF))
    assert torch.allclose(old[:, 1:][mask[:, 1:]], logps[:, 1:][mask[:, 1:]], atol=1e-4)
    probability = trainer._metrics["train"]["openings/no_think/probability"]
    expected = logps[[0, 1, 4, 5], 0].exp().mean().item()
    assert probability == [pytest.approx(expected, rel=1e-3)]

    # The loss by hand: the first token's ratio is pi / 0.5, clipped as any, all others are 1.
    advantages = torch.tensor([1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 1.0, -1.0])
    ratio = torch.where(torch.arange(logps.shape[1]) == 0, 2 * logps.exp(), 1.0)
    losses = -torch.min(ratio * advantages[:, None], ratio.clamp(0.8, 1.2) * advantages[:, None])
    trainer.current_gradient_accumulation_steps = steps_per_generation  # the batch is one window
    loss = trainer._compute_loss(trainer.model, output | {"advantages": advantages})
    assert loss.item() == pytest.approx(losses[mask].mean().item(), abs=1e-5)


def test_evaluation_is_never_opened(built, prefilled):
    trainer, rows = built(AdaptThink(start="\n"), model_tokenizer=prefilled, num_generations_eval=4)
    trainer.model.eval()
    forced = openings(trainer.extras.methods, trainer, len(rows))
    assert forced == [Opening()] * 8
