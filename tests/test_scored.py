"""A sweep's checkpoints scored together: seeds of a regime pooled by problem, bins of the whole sweep."""

from eval.measured import measure
from eval.scored import Evaluated, checkpoint_scores
from tests.test_scores import record


def checkpoint(label, run, step, correct, length=10, benchmark="tiny"):
    records = [record(str(k), correct=ok, reasoning_tokens=length) for k, ok in enumerate(correct)]
    return Evaluated(label, run, step, benchmark, measure(records))


def test_seeds_of_a_regime_are_pooled_by_problem():
    found = checkpoint_scores(
        [
            checkpoint("r", "s0", 5, [True, True]),
            checkpoint("base", "base", 0, [False, True]),
            checkpoint("r", "s1", 5, [False, True]),
        ],
        seed=0,
    )
    assert [(one.label, one.run, one.step) for one in found] == [
        ("r", None, 5), ("r", "s0", 5), ("r", "s1", 5), ("base", None, 0), ("base", "base", 0),
    ]  # fmt: skip
    score = found[0].get("accuracy_with")
    assert (score.value, score.n) == (75.0, 2)  # 3 of 4 records, of two problems
    assert len(found[0].measured.keys) == 4 and len(found[1].measured.keys) == 2


def test_bins_of_the_chain_of_thought_are_the_same_for_all_checkpoints_of_a_benchmark():
    short, long, other = checkpoint_scores(
        [
            checkpoint("a", "a", 1, [True] * 6, length=10),
            checkpoint("b", "b", 1, [True] * 6, length=90),
            checkpoint("a", "a", 1, [True] * 6, length=500, benchmark="long"),
        ],
        seed=0,
    )[::2]
    bins = [{s.slice for s in one.scores if "cot" in s.slice} for one in (short, long, other)]
    assert bins == [{"cot_bin=1 (0-10)"}, {"cot_bin=2 (11-90)"}, {"cot_bin=1 (0-500)"}]
