"""The bars of the grader on pairs that three examiners wrote and labelled without having seen it (tests/answer_pairs)."""

import pytest

from scripts.bench.grader_accuracy import PAIRS, counts, ours, uncontested


@pytest.mark.parametrize("path", sorted(PAIRS.glob("*.jsonl")), ids=lambda path: path.stem)
def test_right_answers_are_rarely_rejected_and_wrong_ones_hardly_ever_accepted(path):
    rows = uncontested(path)
    found = counts(rows, ours(rows))
    assert found.right > 1000 and found.wrong > 1000
    assert found.false_negatives <= 0.015 * found.right
    assert found.false_positives <= 0.001 * found.wrong
    assert found.undecided <= 0.005 * len(rows)  # the deadline is wall-clock


def test_counts_by_hand():
    rows = [{"label": label} for label in (True, True, True, False, False)]
    assert counts(rows, [True, False, None, True, False]) == (3, 2, 1, 1, 1)
