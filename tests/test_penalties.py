"""Length terms: the worked examples of shared/reference/length_rewards.md (as published totals where a paper replaces the
correctness reward), then sign, range, order, permutations, edge cases, and groups spread over processes."""

import json
import math
import os
import pickle
import socket
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.constraints.base import dumps, from_spec
from data.response import split
from data.tokenizer import Thinking
from recipes.errors import UserError
from recipes.typed import build
from train.penalties import PENALTIES
from train.penalties.alp import ALP
from train.penalties.arora_zanette import AroraZanette
from train.penalties.base import PerGroup
from train.penalties.budget import Budget
from train.penalties.conditioned import Conditioned
from train.penalties.cosine import Cosine
from train.penalties.dler import DLER
from train.penalties.gr3 import GR3
from train.penalties.grpo_lead import GRPOLead
from train.penalties.kimi import Kimi
from train.penalties.l1_exact import L1Exact
from train.penalties.l1_max import L1Max
from train.penalties.laser import Laser
from train.penalties.laser_d import LaserD, num_needed, smallest_target
from train.penalties.laser_de import LaserDE
from train.penalties.o1_pruner import O1Pruner
from train.penalties.repetition import Repetition
from train.penalties.soft_overlong import SoftOverlong
from train.penalties.thinkprune import ThinkPrune
from train.rewards import Reference, Sample, TRLReward, WeightedReward, require_columns

ROOT = Path(__file__).resolve().parents[1]
W = [400, 800, 1200, 1600]
RIGHT = [True, True, False, True]
CORRECT, WRONG = r"<think>a</think>\boxed{4}", r"<think>a</think>\boxed{5}"

ALL = [
    ALP(), AroraZanette(), Budget(target_tokens=1000), Conditioned(max_tokens=1000), Cosine(max_tokens=4096), DLER(),
    GR3(), GRPOLead(free_tokens=0), Kimi(), L1Exact(target_tokens=1000), L1Max(target_tokens=1000),
    Laser(target_tokens=1000), LaserD(), LaserDE(), O1Pruner(), Repetition(),
    SoftOverlong(max_tokens=1536, buffer_tokens=512), ThinkPrune(),
]  # fmt: skip
GROUPED = [penalty for penalty in ALL if isinstance(penalty, PerGroup)]


def named(penalty):
    return penalty.name


def sample(n, correct, text=None):
    """A completion of n reasoning tokens, all different, and 100 more."""
    text = (CORRECT if correct else WRONG) if text is None else text
    tokens = tuple(range(n + 100))
    return Sample(split(text), "4", (), n, n + 100, tokens, "p", 1, 0.0, Reference(1000, 0.75))


def group(lengths, correct, name="p"):
    samples = [sample(n, right) for n, right in zip(lengths, correct, strict=True)]
    return [replace(one, group=name, group_size=len(samples)) for one in samples]


def totals(penalty, lengths, correct):
    """c + term: the published reward."""
    terms = penalty.score(group(lengths, correct))
    return [right + term for right, term in zip(correct, terms, strict=True)]


def test_every_penalty_is_tested_here():
    assert sorted(map(named, ALL)) == list(PENALTIES)


# ------------------------------------------------------------------------------- worked examples
LEAD = [5000, 6000, 9000, 7000]
TRL_COSINE = {
    "max_tokens": 4096, "correct_at_zero": 1.0, "correct_at_max": 0.5, "wrong_at_zero": -1.0, "wrong_at_max": -0.5,
    "exceed": None,
}  # fmt: skip


@pytest.mark.parametrize(
    "penalty, lengths, correct, published",
    [
        (L1Exact(target_tokens=1000), W, RIGHT, [0.82, 0.94, -0.06, 0.82]),
        (L1Max(target_tokens=1000), W, RIGHT, [0.68, 0.56, 0, 0.32]),
        (L1Max(target_tokens=1000, variant="code"), W, RIGHT, [0.59, 0.53, 0, 0.41]),
        (AroraZanette(), W, RIGHT, [0.9744, 0.9566, 0, 0.9208]),
        (AroraZanette(alpha=0.4), W, RIGHT, [0.8978, 0.8266, 0, 0.6832]),
        (AroraZanette(), W, [False, True, False, False], [0, 0.95, 0, 0]),
        (Cosine(), [0, 3584, 7168, 10752], [True] * 4, [2, 1.8536, 1.5, 1.1464]),
        (Cosine(), [0, 3584, 7168, 10752], [False] * 4, [-10, -8.5355, -5, -1.4645]),
        (Cosine(), [14319, 14320, 14320, 20000], [True, True, False, True], [1, -10, -10, -10]),
        (Cosine(**TRL_COSINE), [0, 1024, 2048, 4096], [True] * 4, [1, 0.9268, 0.75, 0.5]),
        (Cosine(**TRL_COSINE), [0, 1024, 2048, 4096], [False] * 4, [-1, -0.9268, -0.75, -0.5]),
        (ThinkPrune(limits=(1000,)), W, RIGHT, [1, 1, 0, 0]),
        (DLER(target_tokens=1000), W, RIGHT, [1, 1, 0, 0]),
        (Laser(target_tokens=1000), W, RIGHT, [1.5, 1.5, -0.5, 1.0]),
        # 1 - a * [n > L], and both.
        (Laser(target_tokens=1000, mode="penalty"), W, RIGHT, [1, 1, -0.5, 0.5]),
        (Laser(target_tokens=1000, mode="hybrid"), W, RIGHT, [1.5, 1.5, -0.5, 0.5]),
        # Accuracy 3/4, high tier: int(4 * 2/3) = 2, so 2 of 400, 800, 1600 must fit: 1024 is the first threshold.
        (LaserD(), W, RIGHT, [1.5, 1.5, -0.5, 1.0]),
        (LaserDE(), W, RIGHT, [1.5, 1.5, 0.0, 1.0]),
        (GRPOLead(), LEAD, [True, True, True, False], [1.0408, 1.0161, 0.9455, -1]),
        (GRPOLead(), W, RIGHT, [1, 1, -1, 1]),  # the three shortest average 800 <= 4000
        (GRPOLead(), LEAD, [True, False, False, False], [1, -1, -1, -1]),
        (GR3(), W, RIGHT, [0.8834, 0.7911, 0, 0.6545]),
        # 1 - 0.001 * 400 * 3/4 and so on; K = 4, so nothing solved counts as 1/4.
        (ALP(beta=1e-3), W, RIGHT, [0.7, 0.4, -0.9, -0.2]),
        (ALP(beta=1e-3), W, [False] * 4, [-0.1, -0.2, -0.3, -0.4]),
        (O1Pruner(), [500, 800, 1600], [True, False, True], [1.5, -1.25, 0.125]),
        (O1Pruner(), [0, 1], [True, False], [4, 4]),  # clipped: 1000 - 1 + ...
        (O1Pruner(high=None), [1], [True], [999.5]),
    ],
)  # fmt: skip
def test_published_rewards(penalty, lengths, correct, published):
    assert totals(penalty, lengths, correct) == pytest.approx(published, abs=1e-4)


@pytest.mark.parametrize(
    "penalty, lengths, correct, terms",
    [
        (Kimi(), W, RIGHT, [0.5, 0.1667, -0.1667, -0.5]),
        (Kimi(), W, [False, True, True, True], [0, 0.1667, -0.1667, -0.5]),
        (Kimi(), W, [False] * 4, [0, 0, -0.1667, -0.5]),
        (Kimi(only_solved=True), W, [False] * 4, [0, 0, 0, 0]),
        (Kimi(only_solved=True), W, RIGHT, [0.5, 0.1667, -0.1667, -0.5]),
        (Kimi(condition="correct"), W, RIGHT, [0.5, 0.1667, 0, -0.5]),
        (SoftOverlong(max_tokens=1536, buffer_tokens=512), W, RIGHT, [0, 0, -0.3438, -1]),
        (Conditioned(max_tokens=1000), W, RIGHT, [1, 1, 0, 0]),
        (Conditioned(max_tokens=1000), W, [False, True, True, True], [0, 1, 0, 0]),
        (Conditioned(max_tokens=1000, condition="none"), W, [False] * 4, [1, 1, 0, 0]),
        (Budget(target_tokens=4096, variant="max_length"), [3000], [False], [0.9666]),
        (Budget(target_tokens=4096), [3000, 5000], [True, False], [1, 0.9724]),
    ],
)
def test_published_terms(penalty, lengths, correct, terms):
    assert penalty.score(group(lengths, correct)) == pytest.approx(terms, abs=1e-4)


def test_repetition_dense_and_as_trl():
    ids = [1, 2, 3] * 3
    assert Repetition(ngram_size=3).term(ids) == pytest.approx(-0.30)
    trl = Repetition(ngram_size=3, penalty=-1.0, variant="trl")
    assert trl.term(ids) == pytest.approx(-0.5714, abs=1e-4)
    assert trl.term([1, 2]) == Repetition(ngram_size=3).term([1, 2]) == 0


def test_repetition_counts_the_reasoning_only():
    looping = replace(sample(3, True), tokens=(1, 2, 3) * 9)
    assert Repetition(ngram_size=3).score([looping]) == [0]
    # 24 tokens after the first three of 27.
    whole = replace(looping, num_tokens=27)
    assert Repetition(ngram_size=3, count="completion").score([whole]) == pytest.approx([-1.2])


def test_thinkprune_lowers_its_limit_with_progress():
    penalty = ThinkPrune(limits=(4096, 3072, 2048))
    limits = [penalty.limit(progress) for progress in (0, 0.33, 0.34, 0.66, 0.67, 1)]
    assert limits == [4096, 4096, 3072, 3072, 2048, 2048]
    assert [penalty.term(3000, True, progress) for progress in (0, 0.5, 1)] == [0, 0, -1]


def test_da_dler_asks_more_of_easy_groups():
    penalty = DLER(easy_target_tokens=2000)
    lengths = [1000, 3000, 3000, 5000]
    assert totals(penalty, lengths, [True, True, True, False]) == [1, 0, 0, 0]  # accuracy 3/4
    assert totals(penalty, lengths, [True, True, False, False]) == [
        1,
        1,
        0,
        0,
    ]  # 1/2 is not above 0.5


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
    assert LaserD().score([*easy, *harder]) == [0.5, 0.5, 0.5, -0.5, 0.5, 0, 0, 0]
    # Alone, two of the second group's four must fit: 3072.
    assert LaserD().score(harder) == [0.5] * 4


def test_laser_de_pays_no_exploration_in_circles():
    samples = group(W, RIGHT)
    samples[2] = replace(samples[2], tokens=tuple(range(50)) * 30)
    assert LaserDE().score(samples) == [0.5, 0.5, -0.5, 0]


@pytest.mark.parametrize("text", [r"<think>\boxed{4}", "<think>a</think>4", r"\boxed{4}", ""])
def test_grpo_lead_gives_0_without_closed_thinking_or_a_box(text):
    correct = text == r"\boxed{4}"
    samples = [sample(5000, correct, text), *group(LEAD, [True] * 4)]
    samples = [replace(one, group_size=5) for one in samples]
    assert GRPOLead().score(samples)[0] + correct == 0


# ------------------------------------------------------------------- signs, ranges, order, edges
groups = st.integers(1, 8).flatmap(
    lambda size: st.tuples(
        st.lists(st.integers(0, 20000), min_size=size, max_size=size),
        st.lists(st.booleans(), min_size=size, max_size=size),
    )
)
RANGES = {
    "alp": (-0.1, 0), "arora_zanette": (-0.1, 0), "budget": (-1, 1), "conditioned": (0, 1), "cosine": (-11, 1),
    "dler": (-1, 0), "gr3": (-1, 0), "grpo_lead": (-1, 1), "kimi": (-0.5, 0.5), "l1_exact": (-10, 0), "l1_max": (-1, 0),
    "laser": (-0.5, 0.5), "laser_d": (-0.5, 0.5), "laser_de": (-0.5, 0.5), "soft_overlong": (-1, 0), "thinkprune": (-1, 0),
}  # fmt: skip
FALLING = [one for one in ALL if one.name in RANGES.keys() - {"l1_exact", "cosine", "laser_de"}]


def of(penalty, lengths, correct):
    """Terms without the condition, as `score` sees them."""
    if isinstance(penalty, PerGroup):
        return penalty.terms(lengths, correct, 0.0)
    return [penalty.term(n, right, 0.0) for n, right in zip(lengths, correct, strict=True)]


@pytest.mark.parametrize("penalty", [one for one in ALL if one.name in RANGES], ids=named)
@given(groups)
@settings(max_examples=50)
def test_terms_stay_in_their_range(penalty, drawn):
    low, high = RANGES[penalty.name]
    assert all(low - 1e-9 <= term <= high + 1e-9 for term in of(penalty, *drawn))


@pytest.mark.parametrize("penalty", FALLING, ids=named)
@given(groups)
@settings(max_examples=50)
def test_longer_is_never_better_among_equally_correct_answers(penalty, drawn):
    lengths, correct = drawn
    scored = sorted(zip(correct, lengths, of(penalty, lengths, correct), strict=True))
    for (right, _, shorter), (also, _, longer) in pairwise(scored):
        assert right != also or longer <= shorter + 1e-9


@given(st.integers(0, 14000), st.integers(0, 14000))
def test_cosine_pays_short_right_and_long_wrong_answers(a, b):
    term, short, long = Cosine().term, min(a, b), max(a, b)
    assert term(long, True, 0) <= term(short, True, 0)
    assert term(long, False, 0) >= term(short, False, 0)


@given(st.integers(0, 5000))
def test_l1_exact_is_symmetric(off):
    term = L1Exact(target_tokens=5000).term
    assert term(5000 - off, True, 0) == term(5000 + off, False, 0) <= 0


@pytest.mark.parametrize("penalty", GROUPED, ids=named)
@given(groups, st.randoms())
@settings(max_examples=50)
def test_a_group_has_no_order(penalty, drawn, rng):
    lengths, correct = drawn
    order = list(range(len(lengths)))
    rng.shuffle(order)
    terms = of(penalty, lengths, correct)
    shuffled = of(penalty, [lengths[i] for i in order], [correct[i] for i in order])
    assert shuffled == pytest.approx([terms[i] for i in order], abs=1e-9)


@pytest.mark.parametrize("penalty", ALL, ids=named)
@pytest.mark.parametrize("right", [[True] * 4, [False] * 4, [False, True, False, False]], ids=str)
@pytest.mark.parametrize("lengths", [W, [700] * 4, [0] * 4], ids=str)
def test_uniform_groups_and_empty_completions_are_scored(penalty, lengths, right):
    terms = penalty.score(group(lengths, right))
    assert len(terms) == 4 and all(math.isfinite(term) for term in terms)
    if penalty.condition == "correct":
        assert [term for term, ok in zip(terms, right, strict=True) if not ok] == [0] * right.count(
            False
        )


@pytest.mark.parametrize("penalty", GROUPED, ids=named)
def test_equal_lengths_are_paid_alike(penalty):
    assert len(set(penalty.score(group([700] * 4, [True] * 4)))) == 1


def test_kimi_is_0_without_a_spread():
    assert Kimi().score(group([700] * 4, RIGHT)) == [0] * 4
    assert Kimi().score(group([700], [True])) == [0]


@pytest.mark.parametrize("penalty", ALL, ids=named)
def test_the_empty_completion_is_scored(penalty):
    (term,) = penalty.score([sample(0, False, "")])
    assert math.isfinite(term)


# ----------------------------------------------------------------- conditions, counts, unknowns
def test_conditions_gate_the_term():
    no_comma = from_spec("punctuation:no_comma", {}, "test")
    texts = [CORRECT, r"<think>a</think>Well, \boxed{4}", WRONG]
    samples = [replace(sample(2000, True, text), constraints=(no_comma,)) for text in texts]
    expected = {"none": [-0.3] * 3, "correct": [-0.3, -0.3, 0], "satisfied": [-0.3, 0, 0]}
    for condition, terms in expected.items():
        penalty = L1Exact(target_tokens=1000, condition=condition)
        assert penalty.score(samples) == pytest.approx(terms)


def test_satisfied_is_correct_where_nothing_is_asked():
    assert Conditioned(condition="satisfied").score(group([1, 1], [True, False])) == [1, 0]


def test_the_completion_counts_where_asked():
    samples = [sample(950, True)]  # 1050 tokens in all
    assert Conditioned(max_tokens=1000).score(samples) == [1]
    assert Conditioned(max_tokens=1000, count="completion").score(samples) == [0]


@pytest.mark.parametrize("penalty", ALL, ids=named)
def test_unknown_correctness_is_none_only_where_it_matters(penalty):
    (term,) = penalty.score([replace(sample(100, True), gold=None)])
    indifferent = {"budget", "l1_exact", "repetition", "soft_overlong"}
    assert (term is None) == (penalty.name not in indifferent)


def test_an_unknown_answer_counts_as_wrong_in_its_group():
    samples = group(W, [True] * 4)
    samples[2] = replace(samples[2], gold=None)
    terms = AroraZanette().score(samples)
    assert terms[2] is None
    assert [terms[0], terms[1], terms[3]] == pytest.approx([-0.0256, -0.0434, -0.0792], abs=1e-4)


# ------------------------------------------------------------------------------ groups, columns
@pytest.mark.parametrize("penalty", GROUPED, ids=named)
def test_a_partial_group_is_refused(penalty):
    with pytest.raises(ValueError, match="group 'p': found 3 completions; expected all 4"):
        penalty.score(group(W, RIGHT)[:3])


def test_groups_are_told_apart_by_id_not_by_position():
    first, second = group(W, RIGHT), group([10, 20, 20, 30], RIGHT, "q")
    mixed = [one for pair in zip(first, second, strict=True) for one in pair]
    assert Kimi().score(mixed)[::2] == Kimi().score(first)
    assert Kimi().score(mixed)[1::2] == Kimi().score(second)


def test_a_repeated_prompt_is_one_group():
    twice = [replace(one, group_size=2) for one in group(W, RIGHT)]
    assert Kimi().score(twice) == Kimi().score(group(W, RIGHT))


def test_o1_pruner_refuses_a_prompt_without_reference_statistics():
    bare = replace(sample(500, True), reference=None)
    with pytest.raises(ValueError, match="'p': found no reference_tokens and reference_accuracy"):
        O1Pruner().score([bare])


def test_missing_columns_are_found_before_training():
    rewards = [WeightedReward("o1_pruner", 1.0, O1Pruner()), WeightedReward("kimi", 1.0, Kimi())]
    with pytest.raises(UserError, match=r"^x\.yaml: length_penalty: o1_pruner needs the columns"):
        require_columns(rewards, ["answer", "id", "reference_tokens"], "x.yaml")
    require_columns(rewards, ["reference_tokens", "reference_accuracy"], "x.yaml")


@pytest.mark.parametrize(
    "name, given, said",
    [
        ("kimi", {"condition": "corect"}, "condition: found 'corect'"),
        ("arora_zanette", {"condition": "none"}, "condition: found 'none'"),
        ("kimi", {"count": "tokens"}, "count: found 'tokens'"),
        ("arora_zanette", {"alpha": 2.0}, r"alpha: found 2.0; expected a number in \(0, 1\]"),
        ("l1_max", {"target_tokens": 0}, "target_tokens: found 0; expected a number above 0"),
        ("l1_exact", {}, "missing key 'target_tokens'"),
        ("thinkprune", {"limits": [2048, 4096]}, "limits: found"),
        ("thinkprune", {"limits": []}, "limits: found"),
        ("dler", {"easy_target_tokens": 5000}, "easy_target_tokens: found 5000"),
        ("cosine", {"max_tokens": 16}, "max_tokens: found 16; expected a number above 16"),
        ("repetition", {"penalty": 0.05}, "penalty: found 0.05; expected a number below 0"),
        ("laser_d", {"min_tokens": 20000}, "min_tokens: found 20000"),
        ("laser_de", {"ngram_size": 0}, "ngram_size: found 0"),
        ("o1_pruner", {"low": 5.0}, "low: found 5.0; expected a number below high"),
    ],
)
def test_a_wrong_setting_is_refused_with_place_and_expectation(name, given, said):
    with pytest.raises(UserError, match=f"^x.yaml: length_penalty: {said}"):
        build(PENALTIES[name], given, "x.yaml: length_penalty")


@pytest.mark.parametrize("penalty", ALL, ids=named)
def test_penalties_pickle(penalty):
    assert pickle.loads(pickle.dumps(penalty)) == penalty


# ------------------------------------------------------------------------- what TRL passes, ranks
def columns(lengths, correct):
    """What TRL passes for one group: ids end with `</think>` (9) and the end of text (2)."""
    return {
        "completions": [[{"role": "assistant", "content": CORRECT if ok else WRONG}] for ok in correct],
        "completion_ids": [[1] * (n - 1) + [9, 2] for n in lengths],
        "answer": ["4"] * len(lengths), "constraints": [dumps(())] * len(lengths), "id": ["p"] * len(lengths),
    }  # fmt: skip


def test_progress_and_reference_columns_reach_the_term():
    state = SimpleNamespace(global_step=50, max_steps=100)
    prune = TRLReward("thinkprune", ThinkPrune(limits=(2000, 1000)), Thinking(False, 9), 4)
    assert prune(**columns(W, RIGHT), trainer_state=None) == [0, 0, 0, 0]
    assert prune(**columns(W, RIGHT), trainer_state=state) == [0, 0, 0, -1]
    pruner = TRLReward("o1_pruner", O1Pruner(), Thinking(False, 9), 1)
    reference = {"reference_tokens": [1000.0], "reference_accuracy": [0.75]}
    assert pruner(**columns([500], [True]), **reference) == [0.5]  # 1.5 - c
    with pytest.raises(ValueError, match="o1_pruner"):
        pruner(**columns([500], [True]))


RANK = """
import json, os, sys
from accelerate import PartialState
from data.tokenizer import Thinking
from train.penalties.kimi import Kimi
from train.penalties.laser_d import LaserD
from train.rewards import TRLReward

rank = PartialState(cpu=True).process_index
mine = json.loads(sys.argv[1])[rank]
scores = [TRLReward(p.name, p, Thinking(False, 9), 4)(**mine) for p in (Kimi(), LaserD())]
try:
    TRLReward("kimi", Kimi(), Thinking(False, 9), 8)(**mine)
except ValueError as error:
    scores.append(str(error))
print(json.dumps(scores))
"""


def free_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return str(server.getsockname()[1])


def on_ranks(slices):
    """The scores that each process prints, in rank order; gloo, one process per slice."""
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    shared = os.environ | {
        "PYTHONPATH": paths, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port(),
        "WORLD_SIZE": str(len(slices)), "LOCAL_WORLD_SIZE": str(len(slices)), "ACCELERATE_USE_CPU": "true",
    }  # fmt: skip
    command = [sys.executable, "-c", RANK, json.dumps(slices)]
    running = [
        subprocess.Popen(
            command, env=shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)}, stdout=subprocess.PIPE, text=True
        )
        for rank in range(len(slices))
    ]  # fmt: skip
    try:
        return [json.loads(process.communicate(timeout=120)[0].splitlines()[-1]) for process in running]  # fmt: skip
    finally:
        for process in running:
            process.kill()


def test_a_group_on_two_processes_is_scored_as_on_one():
    slices = [columns(W[:2], RIGHT[:2]), columns(W[2:], RIGHT[2:])]
    first, second = on_ranks(slices)
    # Each half alone would give [0.5, -0.5].
    assert first[0] + second[0] == pytest.approx([0.5, 0.1667, -0.1667, -0.5], abs=1e-4)
    assert first[1] + second[1] == [0.5, 0.5, -0.5, 0]
    # And half a group of 8 is refused on both, rather than one waiting for the other.
    assert "found 4 completions; expected all 8" in first[2] and first[2] == second[2]
