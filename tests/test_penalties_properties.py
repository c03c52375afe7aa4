"""Length terms on drawn groups: sign, range, order in n, permutations, warm-up; and what must never raise."""

import math
import pickle
from dataclasses import MISSING, fields, replace
from itertools import groupby, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.penalty_samples import (
    CODE,
    CORRECT,
    NAMES,
    NO_THINK,
    NO_THINK_WRONG,
    REQUIRED,
    RIGHT,
    WRONG,
    W,
    group,
    grouped,
    penalty_named,
    sample,
)
from train.penalties import PENALTIES
from train.penalties.base import PerGroup
from train.penalties.repetition import repeats

# One of each, with settings that let drawn lengths (0 to 20000) reach every branch.
REACHING = {"grpo_lead": {"free_tokens": 0}, "conditioned": {"max_tokens": 1000}}
ALL = {name: penalty_named(name, **REACHING.get(name, {})) for name in NAMES}
GROUPED = [name for name, penalty in ALL.items() if isinstance(penalty, PerGroup)]

UNTERMINATED, UNBOXED = r"<think>a \boxed{4}", "<think>a</think>4"
TEXTS = [CORRECT, CORRECT, WRONG, WRONG, CODE, NO_THINK, NO_THINK_WRONG, UNTERMINATED, UNBOXED, ""]
drawn_samples = st.builds(
    lambda n, text, cut: sample(n, None, text, truncated=cut, tokens=()),
    st.integers(0, 20000), st.sampled_from(TEXTS), st.booleans(),
)  # fmt: skip
drawn_groups = st.lists(drawn_samples, min_size=1, max_size=8).map(grouped)

# By hand from the formulas, for 20000 tokens at most and groups of 8 at most.
RANGES = {
    "adaptthink": (-0.75, -0.70), "alp": (-0.002, 0), "arm": (0, 7), "arora_zanette": (-1, 0), "budget": (0.42, 1),
    "conditioned": (0, 1), "cosine": (-11, 1), "da_dler": (-1, 0), "dler": (-1, 0), "gr3": (-1, 0),
    "grpo_lead": (-1, 0.14),  # exp(0.05 * 7 / sqrt(8)) - 1 at most
    "kimi": (-0.5, 0.5), "l1_exact": (-5.7, 0), "l1_max": (-1, 0), "laser": (-2, 0.5), "laser_d": (-2, 0.5),
    "laser_de": (-2, 0.5), "o1_pruner": (-3, 4), "repetition": (0, 0),  # no tokens are drawn
    "soft_overlong": (-1, 0), "thinkless": (-1, 0),
    "thinkprune": (-1, 0),
}  # fmt: skip
FALLING = [
    "alp", "arora_zanette", "budget", "conditioned", "da_dler", "dler", "gr3", "grpo_lead", "kimi", "l1_max", "laser",
    "laser_d", "o1_pruner", "soft_overlong", "thinkprune",
]  # fmt: skip
# "0 x wrong": a wrong answer gets nothing from the term, however long it is.
CORRECT_ONLY = ["arm", "arora_zanette", "conditioned", "da_dler", "dler", "gr3", "l1_max", "thinkprune"]  # fmt: skip
drawn_settings = settings(max_examples=30, deadline=None)


@pytest.mark.parametrize("name", NAMES)
@given(drawn_groups)
@drawn_settings
def test_terms_stay_in_their_range(name, samples):
    low, high = RANGES[name]
    assert all(low - 1e-9 <= term <= high + 1e-9 for term in ALL[name].score(samples))


@pytest.mark.parametrize("name", CORRECT_ONLY)
@given(drawn_groups)
@drawn_settings
def test_wrong_answers_get_nothing_where_the_paper_multiplies_by_c(name, samples):
    terms = ALL[name].score(samples)
    assert all(one.correct or term == 0 for one, term in zip(samples, terms, strict=True))


@pytest.mark.parametrize("name", FALLING)
@given(drawn_groups)
@drawn_settings
def test_longer_is_never_better_among_completions_alike(name, samples):
    def likeness(pair):
        return pair[0].completion, pair[0].truncated

    scored = sorted(
        zip(samples, ALL[name].score(samples), strict=True),
        key=lambda pair: (likeness(pair), pair[0].num_reasoning_tokens),
    )
    for _, alike in groupby(scored, key=likeness):
        for (_, shorter), (_, longer) in pairwise(alike):
            assert longer <= shorter + 1e-9


@pytest.mark.parametrize("name", NAMES)
@given(drawn_groups, st.randoms())
@drawn_settings
def test_a_group_has_no_order(name, samples, rng):
    order = list(range(len(samples)))
    rng.shuffle(order)
    terms = ALL[name].score(samples)
    shuffled = ALL[name].score([samples[i] for i in order])
    assert shuffled == pytest.approx([terms[i] for i in order], abs=1e-9)


@pytest.mark.parametrize("name", GROUPED)
@given(st.integers(0, 20000), st.integers(1, 8))
@drawn_settings
def test_equal_completions_are_paid_alike(name, n, size):
    assert len(set(ALL[name].score(group([n] * size, [True] * size)))) == 1


# ------------------------------------------------------------------------- what is one method's own
@given(st.lists(st.integers(0, 20000), min_size=2, max_size=8, unique=True))
def test_kimi_spans_one_unit_however_small_the_spread(lengths):
    terms = ALL["kimi"].score(group(lengths, [True] * len(lengths)))
    assert (max(terms), min(terms)) == (0.5, -0.5)


@pytest.mark.parametrize("name", ["arora_zanette", "grpo_lead", "kimi"])
@given(st.lists(st.integers(0, 9000), min_size=1, max_size=8), st.integers(0, 9000))
@drawn_settings
def test_only_differences_within_the_group_count(name, lengths, more):
    terms = ALL[name].score(group(lengths, [True] * len(lengths)))
    moved = ALL[name].score(group([n + more for n in lengths], [True] * len(lengths)))
    assert moved == pytest.approx(terms, abs=1e-6)


@given(st.integers(0, 14000), st.integers(0, 14000))
def test_cosine_pays_short_right_and_long_wrong_answers(a, b):
    term, short, long = ALL["cosine"].term, min(a, b), max(a, b)
    assert term(long, True, 0) <= term(short, True, 0)
    assert term(long, False, 0) >= term(short, False, 0)


@given(st.integers(0, 1000))
def test_l1_exact_is_symmetric(off):
    term = ALL["l1_exact"].term
    assert term(1000 - off, True, 0) == term(1000 + off, False, 0) <= 0


@given(st.lists(st.sampled_from([CORRECT, CODE, NO_THINK]), min_size=1, max_size=8))
def test_arm_gives_every_format_the_group_s_size_at_first_and_nothing_at_the_end(texts):
    samples = grouped([sample(10, True, text) for text in texts])
    terms = ALL["arm"].score(samples)
    # f is G / count: each format gets G in all, whatever its count.
    for text in set(texts):
        assert sum(1 + term for term, own in zip(terms, texts, strict=True) if own == text) == (
            pytest.approx(len(texts))
        )
    last = ALL["arm"].score([replace(one, progress=1.0) for one in samples])
    assert last == pytest.approx([0] * len(texts))


@given(drawn_groups)
def test_thinking_costs_thinkless_only_where_the_answer_is_right(samples):
    for one, term in zip(samples, ALL["thinkless"].score(samples), strict=True):
        thinks = one.completion.reasoning != ""
        assert term == (-0.5 * thinks if one.correct else -1)


@given(st.lists(st.integers(0, 2), max_size=30), st.integers(1, 4))
def test_repeated_tokens_are_those_inside_a_later_occurrence(tokens, size):
    grams = [tuple(tokens[i : i + size]) for i in range(len(tokens) - size + 1)]
    later = {i + k for i, gram in enumerate(grams) if gram in grams[:i] for k in range(size)}
    assert {index for index, again in enumerate(repeats(tokens, size)) if again} == later


# -------------------------------------------------------------------- every registered penalty builds
@pytest.mark.parametrize("name", NAMES)
def test_settings_without_a_default_are_known_here(name):
    needed = {
        field.name for field in fields(PENALTIES[name]) if field.init and field.default is MISSING
    }
    assert needed == REQUIRED.get(name, {}).keys()


@pytest.mark.parametrize("name", NAMES)
def test_it_builds_from_what_it_requires_pickles_and_scores_the_edges(name):
    penalty = penalty_named(name)
    assert pickle.loads(pickle.dumps(penalty)) == penalty
    edges = [
        grouped([sample(0, None, "", tokens=())]), group([0], [True]), group([700], [True]), group([0] * 4, RIGHT),
        group(W, [False] * 4), group(W, [True] * 4), group(W, [False, True, False, False]),
    ]  # fmt: skip
    for samples in edges:
        terms = penalty.score(samples)
        assert len(terms) == len(samples) and all(math.isfinite(term) for term in terms)
