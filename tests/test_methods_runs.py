"""Methods (train/methods) in real runs of two steps, and the recipes that are refused."""

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
from trl import GRPOConfig

import train.grpo
from recipes.errors import UserError
from recipes.schema import GRPORecipe, load_recipe
from tests.test_end_to_end import (
    SMALL_GRPO,
    changed_recipe,
    check_resumes_exactly,
    history,
    launch,
    runs,
)
from tests.test_methods import CLOSE, THINK, tokenizer
from train.methods import METHODS
from train.methods.adaptthink import AdaptThink
from train.methods.apply import build_methods
from train.methods.base import Method
from train.rewards import REWARDS

__all__ = ["runs", "tokenizer"]
SEEN = []


@REWARDS.register("spy")
@dataclass(frozen=True)
class Spy:
    """Keeps the completions' ids of every call."""

    def score(self, samples):
        SEEN.append([list(sample.tokens) for sample in samples])
        return [float(index) for index in range(len(samples))]  # a signal in every group


@METHODS.register("doubled")
@dataclass(frozen=True, kw_only=True)
class Doubled(Method):
    """A method is one class and nothing else. Keeps what it is given."""

    seen: ClassVar[list] = []
    factor: float = 2.0

    def advantages(self, batch):
        self.seen.append(batch)
        return batch.advantages * self.factor


@METHODS.register("last")
@dataclass(frozen=True, kw_only=True)
class Last(Doubled):
    seen: ClassVar[list] = []
    factor: float = 1.0


def recipe(runs, *methods, **sections):
    spied = {
        "methods": list(methods),
        "rewards": [{"name": "answer"}, {"name": "spy"}],
        "length_penalty": None,
    }
    return changed_recipe(runs, spied | sections)


def started(runs, name, *methods):
    """The first step of a real run: what was logged for it."""
    SEEN.clear()
    launch(train.grpo, recipe(runs, *methods), *SMALL_GRPO, f"name={name}")
    logged = {
        key: history(runs / name / "checkpoint-2", key)
        for key in ("loss", "reward", "entropy", "completions/mean_length", "clip_ratio/region_mean", "grad_norm")
    }  # fmt: skip
    assert all(len(values) == 2 for values in logged.values())
    return {key: values[0] for key, values in logged.items()}


ADAPTTHINK = {
    "name": "adaptthink",
    "start": "\n",
}  # the tiny model's thinking begins with a line break


def test_a_new_method_is_one_class_and_methods_work_together(runs):
    Doubled.seen.clear()
    Last.seen.clear()
    lead, degrpo = {"name": "grpo_lead"}, {"name": "degrpo", "alpha": 0.5}
    started(runs, "all", {"name": "doubled"}, lead, degrpo, ADAPTTHINK, {"name": "last"})
    assert [found.reward_names for found in Doubled.seen] == [["answer", "spy"]] * 2
    for before, after in zip(Doubled.seen, Last.seen, strict=True):
        rho = float(before.rewards[:, 0].mean())
        total = int(before.completion_mask.sum())
        assert (before.num_tokens, before.num_completions) == (total, 4)
        assert before.advantages.shape == (4, 1) and before.advantages.abs().min() > 0.1
        for row, advantage in enumerate(before.advantages.flatten().tolist()):
            x = rho if advantage > 0 else 1 - rho
            weighed = 2 * advantage * (0.4 + 1.1 / (1 + math.exp(10 * (x - 0.75))))
            first, other = after.advantages[row, :2].tolist()
            assert first == pytest.approx(weighed * 0.5 * total / 4, rel=1e-4)
            assert other == pytest.approx(weighed * total / (total - 4), rel=1e-4)


def test_degrpo_in_a_real_run_changes_the_loss_and_nothing_else_that_is_logged(runs):
    plain = started(runs, "plain", ADAPTTHINK)  # whose completions differ in length
    found = started(runs, "degrpo", ADAPTTHINK, {"name": "degrpo", "alpha": 3.0})
    assert found.pop("grad_norm") != pytest.approx(plain.pop("grad_norm"), rel=1e-2)
    assert found.pop("loss") != pytest.approx(plain.pop("loss"), rel=1e-2)
    assert found == plain and plain["clip_ratio/region_mean"] > 0


# The CPU rollout, where the CPU has bf16, and TRL's own generation.
@pytest.mark.parametrize("bf16", [True, False])
def test_adaptthink_in_a_real_run_opens_half_of_every_group(runs, tokenizer, bf16):
    newline = tokenizer.encode("\n", add_special_tokens=False)[0]
    SEEN.clear()
    launch(
        train.grpo, recipe(runs, ADAPTTHINK), *SMALL_GRPO, "name=a", f"trainer.bf16={bf16}"
    )  # fmt: skip
    assert len(SEEN) == 2
    for completions in SEEN:
        assert [ids[:2] for ids in completions[:2]] == [[THINK, CLOSE]] * 2
        assert [ids[:2] for ids in completions[2:]] == [[THINK, newline]] * 2
        assert max(map(len, completions)) <= 24
    for name in ("no_think", "think"):
        found = history(runs / "a/checkpoint-2", f"openings/{name}/probability")
        assert len(found) == 2 and all(0 <= value <= 1 for value in found)


def test_adaptthink_resumes_exactly_with_dynamic_sampling(runs):
    path = recipe(
        runs, ADAPTTHINK, rewards=[{"name": "answer"}, {"name": "reasoning_tokens"}],
        dynamic_sampling={"reward": "answer", "max_rounds": 1},
    )  # fmt: skip
    keys = (
        "loss", "grad_norm", "reward", "openings/no_think/probability", "openings/think/probability",
        "completions/mean_length", "dynamic_sampling/generated_groups",
    )  # fmt: skip
    check_resumes_exactly(runs, path, keys)


# ---------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    "sections, overrides, message",
    [
        ({"methods": [{"name": "degroup"}]}, [], r"methods\.0: name: unknown method 'degroup'. Did you mean 'degrpo'"),
        ({"methods": [{"name": "degrpo", "alfa": 1}]}, [], "Did you mean 'alpha'"),
        ({"methods": [{"name": "degrpo", "alpha": 0}]}, [], "alpha: found 0"),
        ({"methods": [{"name": "degrpo"}, {"name": "degrpo"}]}, [], r"methods\.1: name: found degrpo again"),
        ({"methods": [{"name": "degrpo"}]}, ["trainer.loss_type=grpo"], "loss_type: found 'grpo'; expected 'dapo'"),
        ({"methods": [{"name": "grpo_lead"}], "rewards": [{"name": "constraints"}]}, [], "expected one named 'answer'"),
        ({"methods": [{"name": "grpo_lead", "low": 2.0}]}, [], "low, high: found 2.0, 1.5"),
        ({"methods": [{"name": "adaptthink", "start": ""}]}, [], "start: found ''"),
        (
            {"methods": [{"name": "adaptthink"}]},
            ["trainer.num_generations=5", "trainer.per_device_train_batch_size=5"],
            "num_generations: found 5; expected an even number",
        ),
        ({"methods": [{"name": "adaptthink"}]}, ["trainer.off_policy_mask_threshold=0.5"], "off_policy_mask_threshold"),
        ({"methods": [{"name": "dler"}]}, [], "scale_rewards: found 'group'; expected 'none'"),
        (
            {"methods": [{"name": "grpo_lead"}, {"name": "dler"}]}, ["trainer.scale_rewards=none"],
            "dler: found after grpo_lead",
        ),
        (
            {"methods": [{"name": "dler"}]},
            ["trainer.scale_rewards=none", "trainer.multi_objective_aggregation=normalize_then_sum"],
            "found 'normalize_then_sum'; expected 'sum_then_normalize'",
        ),
        ({"methods": [{"name": "repetition", "discount": 1.5}]}, [], "discount: found 1.5"),
        (
            {"methods": [{"name": "repetition"}], "length_penalty": {"name": "repetition"}}, [],
            "length_penalty: found 'repetition' too",
        ),
        ({"methods": [{"name": "adaptthink", "start": "</think>"}]}, [], "whose first token is that of '</think>'"),
    ],
)  # fmt: skip
def test_what_would_not_be_exact_is_refused_in_one_line(runs, sections, overrides, message):
    with pytest.raises(UserError, match=message) as caught:
        launch(train.grpo, recipe(runs, **sections), *SMALL_GRPO, *overrides, "name=x")
    assert "\n" not in str(caught.value) and "recipe.yaml" in str(caught.value)


def test_the_repetition_price_tells_tokens_apart_in_a_real_run(runs):
    Last.seen.clear()
    price = {"name": "repetition", "ngram_size": 1, "count": "completion"}
    started(runs, "repetition", price, {"name": "last"})
    for found in Last.seen:
        assert [list(sample.tokens) for sample in found.samples] in SEEN
        assert found.advantages.shape == found.completion_mask.shape
        assert (found.advantages.amax(1) > found.advantages.amin(1)).all()


def test_adaptthink_refuses_a_vllm_server(runs):
    # GRPOConfig itself is fine with it on a machine without vLLM.
    path = recipe(runs, {"name": "adaptthink"})
    loaded = load_recipe(path, GRPORecipe, [])
    config = GRPOConfig(
        output_dir=str(runs), use_cpu=True, bf16=False, report_to="none", use_vllm=True, vllm_mode="server",
    )  # fmt: skip
    with pytest.raises(UserError, match="vllm_mode: found 'server'; expected 'colocate'"):
        build_methods(loaded, config, path)
    config.vllm_mode = "colocate"
    assert build_methods(loaded, config, path) == (AdaptThink(),)
    assert build_methods(replace(loaded, methods=()), config, path) == ()
