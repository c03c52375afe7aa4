"""Length terms in a run: conditions, counts, unknown answers, whole groups, several processes, columns, settings."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from data.constraints.base import dumps, from_spec
from data.response import split
from recipes.errors import UserError
from tests.penalty_samples import (
    CORRECT,
    NAMES,
    RIGHT,
    WRONG,
    W,
    group,
    penalty_named,
    reader,
    sample,
)
from tests.support import free_port
from train.penalties.base import PerGroup
from train.penalties.formats import has_code_block, is_no_think
from train.reward_functions import TRLReward, WeightedReward, require_columns

NO_COMMA = from_spec("punctuation:no_comma", {}, "test")
ROOT = Path(__file__).resolve().parents[1]
GROUPED = [name for name in NAMES if isinstance(penalty_named(name), PerGroup)]


# ----------------------------------------------------------------- conditions, counts, unknowns
def test_conditions_gate_the_term():
    no_comma = from_spec("punctuation:no_comma", {}, "test")
    texts = [CORRECT, r"<think>a</think>Well, \boxed{4}", WRONG]
    samples = [sample(2000, None, text, constraints=(no_comma,)) for text in texts]
    expected = {"none": [-0.3] * 3, "correct": [-0.3, -0.3, 0], "satisfied": [-0.3, 0, 0]}
    for condition, terms in expected.items():
        penalty = penalty_named("l1_exact", condition=condition)
        assert penalty.score(samples) == pytest.approx(terms)


def test_satisfied_is_correct_where_nothing_is_asked():
    penalty = penalty_named("conditioned", condition="satisfied")
    assert penalty.score(group([1, 1], [True, False])) == [1, 0]


def test_the_completion_counts_where_asked():
    samples = [sample(950, True)]  # 1050 tokens in all
    assert penalty_named("conditioned", max_tokens=1000).score(samples) == [1]
    assert penalty_named("conditioned", max_tokens=1000, count="completion").score(samples) == [0]


@pytest.mark.parametrize("name", NAMES)
def test_unknown_correctness_is_none_only_where_it_matters(name):
    (term,) = penalty_named(name).score([sample(100, True, gold=None)])
    assert (term is None) == (name not in {"budget", "l1_exact", "repetition", "soft_overlong"})


def test_an_unknown_answer_counts_as_wrong_in_its_group():
    samples = group(W, [True] * 4)
    samples[2] = replace(samples[2], gold=None)
    terms = penalty_named("arora_zanette").score(samples)
    assert terms[2] is None
    assert [terms[0], terms[1], terms[3]] == pytest.approx([-0.0256, -0.0434, -0.0792], abs=1e-4)


# --------------------------------------------------------------------------------------- formats
@pytest.mark.parametrize(
    "text, prefilled, no_think",
    [
        (r"</think>\boxed{4}", True, True),
        ("<think>\n\n</think>4", False, True),
        ("4", False, True),  # a model that does not think
        ("4", True, False),  # never closes what the template opened
        ("<think>", False, False),
        ("hm</think>4", True, False),
        ("</think>reasoning all the same</think>4", True, False),
    ],
)
def test_no_think(text, prefilled, no_think):
    assert is_no_think(split(text, prefilled)) is no_think


@pytest.mark.parametrize(
    "reasoning, code",
    [
        ("so\n```python\n1 + 1\n```\nso", True),
        ("~~~\n1\n~~~", True),
        ("```python\n1 + 1", False),  # never closed
        ("the ```x``` of it", False),
        ("", False),
    ],
)
def test_code_blocks(reasoning, code):
    assert has_code_block(reasoning) is code


# ------------------------------------------------------------------------------ groups, columns
@pytest.mark.parametrize("name", GROUPED)
def test_a_partial_group_is_refused(name):
    with pytest.raises(ValueError, match="group 'p': found 3 completions; expected all 4"):
        penalty_named(name).score(group(W, RIGHT)[:3])


def test_groups_are_told_apart_by_id_not_by_position():
    first, second = group(W, RIGHT), group([10, 20, 20, 30], RIGHT, "q")
    mixed = [one for pair in zip(first, second, strict=True) for one in pair]
    kimi = penalty_named("kimi")
    assert kimi.score(mixed)[::2] == kimi.score(first)
    assert kimi.score(mixed)[1::2] == kimi.score(second)


def test_a_repeated_prompt_is_one_group():
    twice = [replace(one, group_size=2) for one in group(W, RIGHT)]
    assert penalty_named("kimi").score(twice) == penalty_named("kimi").score(group(W, RIGHT))


@pytest.mark.parametrize("name", ["adaptthink", "o1_pruner"])
def test_a_prompt_without_reference_statistics_is_refused(name):
    with pytest.raises(ValueError, match="'p': found no reference_tokens and reference_accuracy"):
        penalty_named(name).score([sample(500, True, reference=None)])


@pytest.mark.parametrize("name", ["adaptthink", "o1_pruner"])
def test_missing_columns_are_found_before_training(name):
    rewards = [WeightedReward(name, 1.0, penalty_named(name), is_penalty=True)]
    with pytest.raises(UserError, match=rf"^x\.yaml: length_penalty: {name} needs the columns"):
        require_columns(rewards, ["answer", "id", "reference_tokens"], "x.yaml")
    require_columns(rewards, ["reference_tokens", "reference_accuracy"], "x.yaml")


@pytest.mark.parametrize(
    "name, given, said",
    [
        ("adaptthink", {"delta": 0.0}, "delta: found 0.0; expected a number above 0"),
        ("arm", {"long_tokens": 0}, "long_tokens: found 0; expected a number above 0"),
        ("arm", {"condition": "none"}, "condition: found 'none'"),
        ("arora_zanette", {"condition": "none"}, "condition: found 'none'"),
        ("arora_zanette", {"alpha": 2.0}, r"alpha: found 2.0; expected a number in \(0, 1\]"),
        ("cosine", {"max_tokens": 16}, "max_tokens: found 16; expected a number above 16"),
        ("da_dler", {"easy_target_tokens": 5000}, "easy_target_tokens: found 5000"),
        ("da_dler", {"easy_target_tokens": 0}, "easy_target_tokens: found 0"),
        ("kimi", {"condition": "corect"}, "condition: found 'corect'"),
        ("kimi", {"count": "tokens"}, "count: found 'tokens'"),
        ("l1_max", {"target_tokens": 0}, "target_tokens: found 0; expected a number above 0"),
        ("laser_d", {"min_tokens": 20000}, "min_tokens: found 20000"),
        ("laser_de", {"ngram_size": 0}, "ngram_size: found 0"),
        ("o1_pruner", {"low": 5.0}, "low: found 5.0; expected a number below high"),
        ("repetition", {"penalty": 0.05}, "penalty: found 0.05; expected a number below 0"),
        ("soft_overlong", {"buffer_tokens": 2000}, "buffer_tokens: found 2000; expected"),
        ("thinkless", {"thinking": 1.5}, r"thinking: found 1.5; expected a number in \[0, 1\]"),
        ("thinkless", {"wrong": 0.5}, "wrong: found 0.5; expected a number of at most 0"),
        ("thinkprune", {"limits": [2048, 4096]}, "limits: found"),
        ("thinkprune", {"limits": []}, "limits: found"),
    ],
)
def test_a_wrong_setting_is_refused_with_place_and_expectation(name, given, said):
    with pytest.raises(UserError, match=f"^{name}: {said}"):
        penalty_named(name, **given)


# ------------------------------------------------------------------------- what TRL passes, ranks
def columns(lengths, correct, end=(2,)):
    """What TRL passes for one group: ids end with `</think>` (9) and the end of text (2)."""
    return {
        "completions": [[{"role": "assistant", "content": CORRECT if ok else WRONG}] for ok in correct],
        "completion_ids": [[1] * (n - 1) + [9, *end] for n in lengths],
        "answer": ["4"] * len(lengths), "constraints": [dumps(())] * len(lengths), "id": ["p"] * len(lengths),
    }  # fmt: skip


def test_progress_reaches_the_term():
    prune = TRLReward("thinkprune", penalty_named("thinkprune", limits=[2000, 1000]), reader(4))
    assert prune(**columns(W, RIGHT), trainer_state=None) == [0, 0, 0, 0]
    state = SimpleNamespace(global_step=50, max_steps=100)
    assert prune(**columns(W, RIGHT), trainer_state=state) == [0, 0, 0, -1]


def test_reference_columns_and_a_missing_end_of_text_reach_the_term():
    pruner = TRLReward("o1_pruner", penalty_named("o1_pruner"), reader(1))
    reference = {"reference_tokens": [1000.0], "reference_accuracy": [0.75]}
    assert pruner(**columns([500], [True]), **reference) == [0.5]  # 1.5 - c
    with pytest.raises(ValueError, match="o1_pruner"):
        pruner(**columns([500], [True]))
    dler = TRLReward("dler", penalty_named("dler"), reader(1))
    assert dler(**columns([500], [True])) == [0]
    assert dler(**columns([500], [True], end=())) == [-1]


RANK = """
import json, sys
from accelerate import PartialState
from tests.penalty_samples import penalty_named, reader
from train.reward_functions import TRLReward
from train.rewards.answer import Answer
from train.rewards.constraints import Constraints

rank = PartialState(cpu=True).process_index
mine = json.loads(sys.argv[1])[rank]
rewards = [penalty_named(name) for name in ("kimi", "laser_d", "arm")] + [Answer(), Constraints()]
scores = [TRLReward(reward.name, reward, reader(4))(**mine) for reward in rewards]
try:
    TRLReward("kimi", penalty_named("kimi"), reader(8))(**mine)
except ValueError as error:
    scores.append(str(error))
print(json.dumps(scores))
"""


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
    whole = columns(W, RIGHT) | {
        "completions": [rf"<think>a</think>\boxed{{{answer}}}" for answer in ("6", "5+1", "7, 1", r"2\cdot 3")],
        "answer": [r"\sum_{k=1}^{3} k"] * 4, "constraints": [dumps((NO_COMMA,))] * 4,
    }  # fmt: skip
    slices = [{key: values[k : k + 2] for key, values in whole.items()} for k in (0, 2)]
    first, second = on_ranks(slices)
    # Each half alone would give [0.5, -0.5].
    assert first[0] + second[0] == pytest.approx([0.5, 0.1667, -0.1667, -0.5], abs=1e-4)
    assert first[1] + second[1] == [0.5, 0.5, -0.5, 0]
    # Two short and two long ones of four: f = 2. Each half alone has one format, f = 1.
    assert first[2] + second[2] == [1, 1, 0, 1]
    # Graded by math-verify, in a worker of each process; the wrong answer has the comma.
    assert first[3] + second[3] == [1, 1, 0, 1] and first[4] + second[4] == [1, 1, 0, 1]
    # And half a group of 8 is refused on both, rather than one waiting for the other.
    assert "found 4 completions; expected all 8" in first[5] and first[5] == second[5]


def test_a_bug_in_a_length_term_stops_the_run_and_shows_where(monkeypatch):
    for name, shown in (
        ("dler", "length term dler: row 'p', gold '4'"),
        ("kimi", "length term kimi: group Group"),
    ):
        penalty = penalty_named(name)
        method = "terms" if hasattr(penalty, "terms") else "term"
        monkeypatch.setattr(type(penalty), method, lambda self, *args: 1 / 0)
        with pytest.raises(ZeroDivisionError) as caught:
            penalty.score(group(W, RIGHT))
        assert caught.value.__notes__[0].startswith(shown)
