"""Length terms against the worked examples of shared/reference/length_rewards.md, to 1e-4; what the page does not work out
is worked out by hand beside it."""

from dataclasses import replace
from statistics import fmean

import pytest

from tests.penalty_samples import (
    CODE,
    CORRECT,
    NAMES,
    NO_THINK,
    NO_THINK_WRONG,
    RIGHT,
    WRONG,
    W,
    group,
    grouped,
    penalty_named,
    sample,
    totals,
)
from train.penalties.laser_d import num_needed, smallest_target, tier

LEAD = [5000, 6000, 9000, 7000]
QUARTERS = [0, 3584, 7168, 10752]  # of 14336
TRL_QUARTERS = [0, 1024, 2048, 4096]
TRL_COSINE = {
    "max_tokens": 4096, "correct_at_zero": 1.0, "correct_at_max": 0.5, "wrong_at_zero": -1.0, "wrong_at_max": -0.5,
    "exceed": None,
}  # fmt: skip

# Terms that are r - c: the published r.
REWARDS = [
    ("l1_exact", {}, W, RIGHT, [0.82, 0.94, -0.06, 0.82]),
    ("l1_max", {}, W, RIGHT, [0.68, 0.56, 0, 0.32]),
    ("l1_max", {"variant": "code"}, W, RIGHT, [0.59, 0.53, 0, 0.41]),
    # Sample instead of population std would give 0.9705, 0.9554, 0, 0.9251.
    ("arora_zanette", {}, W, RIGHT, [0.9744, 0.9566, 0, 0.9208]),
    ("arora_zanette", {"alpha": 0.4}, W, RIGHT, [0.8978, 0.8266, 0, 0.6832]),
    ("arora_zanette", {}, W, [False, True, False, False], [0, 0.95, 0, 0]),
    ("cosine", {}, QUARTERS, [True] * 4, [2, 1.8536, 1.5, 1.1464]),
    ("cosine", {}, QUARTERS, [False] * 4, [-10, -8.5355, -5, -1.4645]),
    ("cosine", {}, [14319, 14320, 14320, 20000], [True, True, False, True], [1, -10, -10, -10]),
    ("cosine", TRL_COSINE, TRL_QUARTERS, [True] * 4, [1, 0.9268, 0.75, 0.5]),
    ("cosine", TRL_COSINE, TRL_QUARTERS, [False] * 4, [-1, -0.9268, -0.75, -0.5]),
    ("thinkprune", {"limits": [1000]}, W, RIGHT, [1, 1, 0, 0]),
    ("dler", {"target_tokens": 1000}, W, RIGHT, [1, 1, 0, 0]),
    # Accuracy 3/4 takes the tight target, 1/2 is not above 0.5.
    ("da_dler", {}, [1000, 3000, 3000, 5000], [True, True, True, False], [1, 0, 0, 0]),
    ("da_dler", {}, [1000, 3000, 4001, 5000], [True, True, False, False], [1, 1, 0, 0]),
    ("laser", {}, W, RIGHT, [1.5, 1.5, -0.5, 1.0]),
    ("laser", {"mode": "penalty"}, W, RIGHT, [1, 1, -0.5, 0.5]),
    ("laser", {"mode": "hybrid"}, W, RIGHT, [1.5, 1.5, -0.5, 0.5]),
    # Accuracy 3/4, high tier: int(4 * 2/3) = 2, so 2 of 400, 800, 1600 must fit: 1024 is the first threshold.
    ("laser_d", {}, W, RIGHT, [1.5, 1.5, -0.5, 1.0]),
    ("laser_de", {}, W, RIGHT, [1.5, 1.5, 0.0, 1.0]),
    ("grpo_lead", {}, LEAD, [True, True, True, False], [1.0408, 1.0161, 0.9455, -1]),
    ("grpo_lead", {}, W, RIGHT, [1, 1, -1, 1]),  # the three shortest average 800 <= 4000
    ("grpo_lead", {}, LEAD, [True, False, False, False], [1, -1, -1, -1]),
    ("gr3", {}, W, RIGHT, [0.8834, 0.7911, 0, 0.6545]),
    # 1 - 0.001 * 400 * 3/4 and so on; K = 4, so nothing solved counts as 1/4.
    ("alp", {"beta": 1e-3}, W, RIGHT, [0.7, 0.4, -0.9, -0.2]),
    ("alp", {"beta": 1e-3}, W, [False] * 4, [-0.1, -0.2, -0.3, -0.4]),
    ("o1_pruner", {}, [500, 800, 1600], [True, False, True], [1.5, -1.25, 0.125]),
    ("o1_pruner", {}, [0, 1], [True, False], [4, 4]),  # clipped: 1000 - 1 + ...
    ("o1_pruner", {"high": None}, [1], [True], [999.5]),
]  # fmt: skip

# Terms that are added to c as they are.
TERMS = [
    ("kimi", {}, W, RIGHT, [0.5, 0.1667, -0.1667, -0.5]),
    ("kimi", {}, W, [False, True, True, True], [0, 0.1667, -0.1667, -0.5]),
    ("kimi", {}, W, [False] * 4, [0, 0, -0.1667, -0.5]),
    ("kimi", {}, [700] * 4, RIGHT, [0, 0, 0, 0]),
    ("kimi", {"only_solved": True}, W, [False] * 4, [0, 0, 0, 0]),
    ("kimi", {"only_solved": True}, W, RIGHT, [0.5, 0.1667, -0.1667, -0.5]),
    ("kimi", {"condition": "correct"}, W, RIGHT, [0.5, 0.1667, 0, -0.5]),
    ("soft_overlong", {}, W, RIGHT, [0, 0, -0.3438, -1]),
    ("soft_overlong", {"max_tokens": 20480, "buffer_tokens": 4096}, [18432], [True], [-0.5]),
    (
        "soft_overlong", {"max_tokens": 4096, "buffer_tokens": 512},
        [3584, 3712, 3840, 4096, 4097], [True] * 5, [0, -0.25, -0.5, -1, -1],
    ),
    ("conditioned", {"max_tokens": 1000}, W, RIGHT, [1, 1, 0, 0]),
    ("conditioned", {"max_tokens": 1000}, W, [False, True, True, True], [0, 1, 0, 0]),
    ("conditioned", {"max_tokens": 1000, "condition": "none"}, W, [False] * 4, [1, 1, 0, 0]),
    ("budget", {"target_tokens": 4096, "variant": "max_length"}, [3000], [False], [0.9666]),
    ("budget", {"target_tokens": 4096}, [3000, 5000], [True, False], [1, 0.9724]),
]  # fmt: skip

ELSEWHERE = {"adaptthink", "arm", "repetition", "thinkless"}  # not a matter of n and c; below


def test_every_penalty_has_a_worked_example():
    assert {case[0] for case in REWARDS + TERMS} | ELSEWHERE == set(NAMES)


@pytest.mark.parametrize("name, settings, lengths, correct, published", REWARDS)
def test_published_rewards(name, settings, lengths, correct, published):
    penalty = penalty_named(name, **settings)
    assert totals(penalty, group(lengths, correct)) == pytest.approx(published, abs=1e-4)


@pytest.mark.parametrize("name, settings, lengths, correct, published", TERMS)
def test_published_terms(name, settings, lengths, correct, published):
    terms = penalty_named(name, **settings).score(group(lengths, correct))
    assert terms == pytest.approx(published, abs=1e-4)


def test_repetition_dense_and_as_trl():
    ids = [1, 2, 3] * 3
    dense = penalty_named("repetition", ngram_size=3)
    trl = penalty_named("repetition", ngram_size=3, penalty=-1.0, variant="trl")
    assert dense.term(ids) == pytest.approx(-0.30)
    assert trl.term(ids) == pytest.approx(-0.5714, abs=1e-4)
    assert trl.term([1, 2]) == dense.term([1, 2]) == 0


def test_repetition_counts_the_reasoning_only():
    looping = sample(3, True, tokens=(1, 2, 3) * 9)
    assert penalty_named("repetition", ngram_size=3).score([looping]) == [0]
    # 24 tokens after the first three of 27.
    whole = replace(looping, num_tokens=27)
    dense = penalty_named("repetition", ngram_size=3, count="completion")
    assert dense.score([whole]) == pytest.approx([-1.2])


def test_thinkprune_lowers_its_limit_with_progress():
    penalty = penalty_named("thinkprune")
    limits = [penalty.limit(progress) for progress in (0, 0.33, 0.34, 0.66, 0.67, 1)]
    assert limits == [4096, 4096, 3072, 3072, 2048, 2048]
    assert [penalty.term(3000, True, progress) for progress in (0, 0.5, 1)] == [0, 0, -1]


@pytest.mark.parametrize(
    "name, settings, terms",
    [
        ("conditioned", {"max_tokens": 800}, [1, 0]),
        ("dler", {"target_tokens": 800}, [0, -1]),
        ("da_dler", {"easy_target_tokens": 800}, [0, -1]),
        ("thinkprune", {"limits": [800]}, [0, -1]),
        ("laser", {"target_tokens": 800}, [0.5, 0]),
        ("laser", {"target_tokens": 800, "mode": "penalty"}, [0, -0.5]),
    ],
)
def test_the_target_itself_is_within(name, settings, terms):
    assert penalty_named(name, **settings).score(group([800, 801], [True, True])) == terms


def test_laser_d_thresholds_are_within_too():
    # High tier, m = int(4 * 2/3) = 2: two of four fit in 800, and int(2/4 * 2) = 1.
    samples = group([800, 800, 801, 801], [True] * 4)
    assert penalty_named("laser_d", min_tokens=800).score(samples) == [0.5, 0.5, 0, 0]


@pytest.mark.parametrize("num_correct, of", [(3, "high"), (2, "high"), (1, "medium"), (0, "low")])
def test_laser_d_tiers(num_correct, of):
    assert tier([True] * num_correct + [False] * (3 - num_correct)) == of


def test_laser_d_targets_of_the_page():
    # Of 20 correct responses 6, 9 and 11 fit (0.30, 0.45, 0.55); of 50, 31 (0.62).
    medium = [4000] * 6 + [5000] * 3 + [6000] * 2 + [16000] * 9
    thresholds = (4096, 5120, 6144)
    assert smallest_target(medium, num_needed("medium", 8), thresholds) == 6144
    high = [4000] * 31 + [16000] * 19
    assert smallest_target(high, num_needed("high", 8), thresholds) == 4096
    assert [num_needed(tier, 8) for tier in ("high", "medium", "low")] == [5, 2, 1]
    assert smallest_target([4000, 7000], num_needed("low", 8), thresholds) is None  # needs all
    assert smallest_target([], 1, thresholds) is None


def test_laser_d_measures_each_tier_on_the_whole_batch():
    # Both are high tier, m = int(4 * 2/3) = 2: half of the 7 correct must fit, four do in 2048.
    easy = group([500, 600, 700, 9000], [True, True, True, False])
    harder = group([2000, 3000, 3000, 3000], [True] * 4, "q")
    penalty = penalty_named("laser_d")
    assert penalty.score([*easy, *harder]) == [0.5, 0.5, 0.5, -0.5, 0.5, 0, 0, 0]
    # Alone, two of the second group's four must fit: 3072.
    assert penalty.score(harder) == [0.5] * 4


def test_laser_de_pays_no_exploration_in_circles():
    samples = group(W, RIGHT)
    samples[2] = replace(samples[2], tokens=tuple(range(50)) * 30)
    assert penalty_named("laser_de").score(samples) == [0.5, 0.5, -0.5, 0]


# ------------------------------------------------------------------------------------ modes, formats
def test_adaptthink():
    samples = grouped(
        [sample(1, True, NO_THINK), sample(1, False, NO_THINK_WRONG), *group([900] * 2, [True] * 2)]
    )
    assert totals(penalty_named("adaptthink"), samples) == pytest.approx([0.30, -0.70, 0.25, 0.25])


def test_thinkless_and_its_advantages_without_std():
    samples = [
        sample(1, True, NO_THINK), sample(900, True), sample(1, False, NO_THINK_WRONG), sample(900, False)
    ]  # fmt: skip
    rewards = totals(penalty_named("thinkless"), samples)
    assert rewards == [1, 0.5, -1, -1]
    advantages = [reward - fmean(rewards) for reward in rewards]
    assert advantages == pytest.approx([1.125, 0.625, -0.875, -0.875])


@pytest.mark.parametrize(
    "progress, once, twice, five_times", [(0, 8, 4, 1.6), (0.5, 4.5, 2.5, 1.3), (1, 1, 1, 1)]
)
def test_arm(progress, once, twice, five_times):
    # long_tokens 1000: five long chains of thought, two short ones and one direct answer.
    texts = [CORRECT] * 7 + [NO_THINK]
    lengths = [1001, 2000, 3000, 4000, 5000, 1000, 10, 1]
    samples = [
        sample(n, True, text, progress=progress) for n, text in zip(lengths, texts, strict=True)
    ]
    found = totals(penalty_named("arm"), grouped(samples))
    assert found == pytest.approx([five_times] * 5 + [twice] * 2 + [once])


def test_arm_counts_wrong_answers_in_their_format_and_pays_them_nothing():
    samples = grouped(
        [sample(10, True), sample(10, False), sample(10, True, CODE), sample(1, False, WRONG)]
    )
    # Three short ones of four: f = 4/3; one with code: f = 4.
    assert totals(penalty_named("arm"), samples) == pytest.approx([4 / 3, 0, 4, 0])


# ------------------------------------------------------------------- cut off, or badly formatted
@pytest.mark.parametrize(
    "name, settings, published",
    [
        # As if the third were wrong: the page's numbers for W.
        ("arora_zanette", {}, [0.9744, 0.9566, 0, 0.9208]),
        ("cosine", {"max_tokens": 3200}, [1.9619, 1.8536, -10, 1.5]),  # cos(pi/8), cos(pi/4), cos(pi/2)
        ("cosine", {"max_tokens": 3200, "exceed": None}, [1.9619, 1.8536, 1.6913, 1.5]),
        ("dler", {}, [1, 1, 0, 1]),
        ("da_dler", {}, [1, 1, 0, 1]),
        ("thinkprune", {}, [1, 1, 1, 1]),  # the answer stands within the limit
        ("laser", {"target_tokens": 2000}, [1.5, 1.5, 1.5, 1.5]),
    ],
)  # fmt: skip
def test_a_right_answer_in_a_completion_that_is_cut_off(name, settings, published):
    samples = group(W, [True] * 4)
    samples[2] = replace(samples[2], truncated=True)
    found = totals(penalty_named(name, **settings), samples)
    assert found == pytest.approx(published, abs=1e-4)


@pytest.mark.parametrize("name, reward", [("cosine", -10), ("arora_zanette", 0), ("dler", 0)])
def test_a_wrong_answer_in_a_completion_that_is_cut_off(name, reward):
    assert totals(penalty_named(name), [sample(500, False, truncated=True)]) == [reward]


def test_da_dler_takes_an_answer_that_is_cut_off_for_wrong():
    samples = group([3000, 3000, 3000, 100], [True, True, True, False])
    samples[2] = replace(samples[2], truncated=True)
    # Accuracy 2/4 keeps the wide target; 3/4 would pay none of them.
    assert totals(penalty_named("da_dler"), samples) == [1, 1, 0, 0]


BAD = [r"<think>\boxed{4}", "<think>a</think>4", r"\boxed{4}", ""]


@pytest.mark.parametrize("text", BAD)
@pytest.mark.parametrize(
    "name, reward", [("grpo_lead", 0), ("laser", -1), ("laser_d", -1), ("laser_de", -1)]
)
def test_without_closed_thinking_or_a_box(name, reward, text):
    # 20000 tokens are beyond every target, where LASER-DE pays a wrong answer.
    samples = grouped([sample(20000, None, text), *group(LEAD, [True] * 4)])
    assert totals(penalty_named(name), samples)[0] == reward


@pytest.mark.parametrize("text, reward", [(r"\boxed{4}", 1.0), (r"<think>\boxed{4}", -0.5)])
def test_laser_goes_by_the_answer_alone_where_asked(text, reward):
    penalty = penalty_named("laser", unformatted=None)
    assert totals(penalty, [sample(20000, None, text)]) == [reward]


def test_grpo_lead_leaves_badly_formatted_answers_out_of_its_statistics():
    samples = grouped([sample(20000, None, r"\boxed{4}"), *group(LEAD, [True, True, True, False])])
    found = totals(penalty_named("grpo_lead"), samples)
    assert found == pytest.approx([0, 1.0408, 1.0161, 0.9455, -1], abs=1e-4)
