"""Figures from records, counted by hand; and what the pictures and the page are given."""

import numpy as np
import pytest
from rich.console import Console
from statsmodels.stats.multitest import multipletests

from eval.attention.measure import BINS
from eval.attention.records import AttentionRecord
from eval.attention.report import attention_report
from eval.attention.summary import Attended, corrected, heads, summary, trace, with_mean, with_pools
from eval.report.attention import heat

BETA = {"direct": [0.4, 0.2], "cot": [0.1, 0.1], "filler": [0.3, 0.1], "swapped": [0.2, 0.1]}


def record(key, run, shift=0.0, **more):
    """Two layers, one constraint."""
    layers = [one + shift for one in BETA[run]]
    facts = dict(
        key=key, problem=key, difficulty=1, num_constraints=1, kinds=["a:b"], run=run, dropped=None, score_direct=100.0,
        score_cot=100.0, outcome="tie", met=[True], num_prompt_tokens=3, num_constraint_tokens=1, num_reasoning_tokens=2,
        num_answer_tokens=4, beta=layers, ratio_to_uniform=layers, prompt_share=layers, concentration=layers,
        first_token_mass=layers, control_beta=layers, reasoning_beta=layers, per_constraint=[layers],
        trace_reasoning=[0.5] * BINS, trace_answer=[0.25] * BINS, trace_reasoning_ratio=[1.0] * BINS,
        trace_answer_ratio=[2.0] * BINS,
    )  # fmt: skip
    return AttentionRecord(**(facts | more))


def prompt(key, shift=0.0, **more):
    return [record(key, run, shift, **more) for run in BETA]


def get(figures, *wanted):
    (found,) = [f for f in figures if (f.group, f.measure, f.quantity, f.layer) == wanted]
    return found


def test_runs_and_their_differences():
    found = summary([*prompt("p"), *prompt("q", 0.2)])
    assert get(found, "all", "beta", "direct", 0).value == pytest.approx(0.5)  # of 0.4 and 0.6
    assert get(found, "all", "beta", "direct", None).value == pytest.approx(0.4)  # of 0.3 and 0.5
    drop = get(found, "all", "beta", "direct - cot", 0)
    assert (drop.value, drop.low, drop.high) == pytest.approx((0.3, 0.3, 0.3)) and drop.n == 2
    assert get(found, "all", "beta", "direct - filler", 0).value == pytest.approx(0.1)
    assert get(found, "all", "beta", "filler - swapped", 0).value == pytest.approx(0.1)
    # two prompts of one sign: 2 of 4 signs are as extreme; over two layers Holm doubles it
    assert get(found, "all", "beta", "direct - cot", None).p == 0.5 and drop.p == 1
    assert get(found, "all", "beta", "direct", 0).p is None


def test_win_and_lose_are_apart():
    found = summary([*prompt("p", outcome="win"), *prompt("q", 0.2, outcome="lose")])
    assert get(found, "win", "beta", "direct", None).value == pytest.approx(0.3)
    assert get(found, "lose", "beta", "direct", None).value == pytest.approx(0.5)
    assert {f.group for f in found} == {"all", "win", "lose", "kind=a:b", "met"}


def test_each_prompt_counts_once_whatever_its_seeds():
    """p of three seeds, q of one: pairs are averaged, and two prompts stand behind the figure."""
    found = summary([*prompt("p"), *prompt("p"), *prompt("p"), *prompt("q", 0.2)])
    assert get(found, "all", "beta", "direct", 0).value == pytest.approx((3 * 0.4 + 0.6) / 4)
    assert get(found, "all", "beta", "direct", 0).n == 2


def test_constraints_by_kind_and_by_what_became_of_them():
    two = {"kinds": ["a:b", "c:d"], "per_constraint": [[0.2, 0.4], [0.6, 1.0]]}
    records = [record("p", run, **two, met=[True, run != "cot"]) for run in BETA]
    found = summary(records)
    expected = {"kind=a:b": 0.3, "kind=c:d": 0.8, "met": 0.3, "broken": 0.8}
    values = {group: get(found, group, "beta", "cot", None).value for group in expected}
    assert values == pytest.approx(expected)


def test_dropped_prompts_and_missing_layers_count_for_nothing():
    dropped = AttentionRecord("x", "x", 1, 1, ["a:b"], "direct", "cot: no answer")
    half = [record("p", run, beta=[0.5, None]) for run in BETA]
    found = summary([dropped, *half])
    assert get(found, "all", "beta", "direct", None).value == 0.5
    assert not [f for f in found if f.layer == 1 and f.measure == "beta"]
    assert summary([dropped]) == []
    assert Attended("l", "r", 0, [dropped]).dropped == {"cot: no answer": 1}


def test_a_prompt_without_a_filler_is_in_what_needs_none():
    found = summary([*prompt("p"), *(one for one in prompt("q") if one.run != "filler")])
    assert get(found, "all", "beta", "direct - cot", None).n == 2
    assert get(found, "all", "beta", "direct - filler", None).n == 1


def test_the_mean_over_layers():
    assert with_mean([[0.2, None, 0.4], None]) == pytest.approx(
        np.array([[0.3, 0.2, np.nan, 0.4], [np.nan] * 4]), nan_ok=True
    )


def test_holm_s_correction_is_that_of_statsmodels():
    p = np.random.default_rng(0).random(12) ** 3
    layers = [None, *range(11)]
    found = corrected(p, layers)
    assert found[0] == p[0]
    assert found[1:] == pytest.approx(multipletests(p[1:], method="holm")[1])
    assert corrected(np.array([0.3]), [None]) == [0.3]


def test_heads_are_ranked_by_what_they_give_in_direct_answers():
    one = {"direct": [[0.1, 0.4], [0.2, 0.3]], "cot": [[0.0, 0.1], [0.1, 0.2]]}
    records = [record("p", run, per_head=one[run]) for run in one]
    assert [(h.layer, h.head, h.direct, h.cot) for h in heads(records)] == [
        (0, 1, 0.4, 0.1), (1, 1, 0.3, 0.2), (1, 0, 0.2, 0.1), (0, 0, 0.1, 0.0),
    ]  # fmt: skip
    assert heads(prompt("p")) == []


def test_traces_are_means_over_prompts():
    records = [
        *prompt("p"),
        *prompt("q", trace_answer=[0.75] * BINS, trace_reasoning=[None] * BINS),
    ]
    assert trace(records, "cot", "answer") == pytest.approx([0.5] * BINS)
    assert trace(records, "cot", "reasoning") == pytest.approx([0.5] * BINS), (
        "of those that have some"
    )
    assert len(trace([], "cot", "answer")) == 0


def test_seeds_of_a_step_are_pooled():
    seeds = [Attended("A", "a0", 5, prompt("p")), Attended("A", "a1", 5, prompt("p", 0.2))]
    pooled = with_pools([*seeds, Attended("B", "b0", 1, prompt("p"))])
    names = [(one.label, one.run) for one in pooled]
    assert names == [("A", None), ("A", "a0"), ("A", "a1"), ("B", None), ("B", "b0")]
    assert len(pooled[0].records) == 8


def test_tables_have_every_checkpoint_and_what_was_dropped(tmp_path):
    dropped = AttentionRecord("x", "x", 1, 1, ["a:b"], "direct", "cot: no thinking")
    parts = [Attended("base", "base", 0, prompt("p")), Attended("A", "a0", 5, [*prompt("p"), dropped])]  # fmt: skip
    console = Console(width=200, record=True, quiet=True)
    tables = attention_report(parts, [], "tiny", "x", tmp_path, console)
    assert list(tables) == ["attention"]
    counts = [row for row in tables["attention"] if row["group"] == "dropped"]
    assert [(row["label"], row["run"], row["quantity"], row["value"]) for row in counts] == [
        ("A", "all seeds", "cot: no thinking", 1.0), ("A", "a0", "cot: no thinking", 1.0),
    ]  # fmt: skip
    assert len({tuple(row) for row in tables["attention"]}) == 1, "one set of columns"
    assert {path.suffix for path in tmp_path.iterdir()} == {".png", ".svg", ".pdf"}


def test_a_checkpoint_of_which_all_prompts_were_dropped_is_in_the_table_alone(tmp_path):
    dropped = AttentionRecord("x", "x", 1, 1, ["a:b"], "direct", "cot: no thinking")
    parts = [Attended("A", "a", 0, [dropped])]
    tables = attention_report(parts, [], "tiny", "x", tmp_path, Console(quiet=True))
    assert len(tables["attention"]) == 2 and not list(tmp_path.iterdir())


def shown(count, value):
    layers = [[value] * count, [None] * count]
    return {
        "alpha_bar": [0.1],
        "tokens": ["a"] * count,
        "constraint": [0, 1, 0],
        "attention": layers,
    }


def test_the_page_gets_one_prompt_in_units_of_an_average_token():
    """Prompt 3 + reasoning 2 + half of an answer of 4: 7 visible tokens; the direct run's fourth token is left out."""
    pair = [record("p", "direct", shown=shown(4, 0.2)), record("p", "cot", shown=shown(3, 0.1))]
    records = [*pair, *prompt("q")]
    (found,) = heat([Attended("A", "a0", 5, records), Attended("B", "b0", 1, prompt("q"))])
    assert found["runs"]["cot"] == [[0.7] * 3, [None] * 3]
    assert found["runs"]["direct"] == [[1.4] * 3, [None] * 3]
    assert (found["label"], found["step"], found["problem"]) == ("A", 5, "p")
