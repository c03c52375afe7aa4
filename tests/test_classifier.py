"""Labels, ties, splits and measures of the classifiers by hand, and one classifier from records to decisions."""

import argparse
import json
import math
from dataclasses import replace

import pytest

import train.classifier
from data.reason_classifier import folder_of, probabilities_by, saved
from data.sweep_records import Compared, checkpoints, compared
from eval.mitigations.classifier_selective import ClassifierSelective
from recipes.errors import UserError
from recipes.reason import ClassifierRecipe, Cross, Part
from recipes.schema import load_recipe
from tests.test_mitigations import Script, second, task
from tests.test_sweep_engine import BASE, runs
from train.reason.fits import fit_words
from train.reason.labels import counts, crossed, halves, labelled
from train.reason.measures import estimate, measured

__all__ = ["runs"]


def row(problem, cot, direct, kinds=("a",), benchmark="b"):
    return Compared(benchmark, problem, "s", kinds, f"prompt {problem}", cot, direct)


ROWS = [row("p", 1.0, 0.5), row("q", 0.5, 0.5), row("r", 0.0, 1.0), row("s", 1.0, 1.0)]


def test_ties_are_dropped_or_count_as_answering_directly():
    assert counts(ROWS) == {"cot better": 1, "tie": 2, "direct better": 1}
    assert [(r.problem, label) for r, label in labelled(ROWS, "drop")] == [("p", 1), ("r", 0)]
    assert [(r.problem, label) for r, label in labelled(ROWS, "zero")] == [
        ("p", 1), ("q", 0), ("r", 0), ("s", 0),
    ]  # fmt: skip


def test_problems_are_never_in_both_parts():
    rows = [row(str(n % 10), 1.0, 0.0) for n in range(30)]
    for seed in range(5):
        split = halves(rows, 0.5, seed)
        train, test = ({r.problem for r in part} for part in split)
        assert len(train) == len(test) == 5 and not train & test
        assert len(split.train) == len(split.test) == 15
    assert halves(rows, 0.5, 0) == halves(rows, 0.5, 0) != halves(rows, 0.5, 1)
    two = [row("x", 1, 0, ("a",)), row("y", 1, 0, ("a", "b")), row("z", 1, 0, ("b",)), row("x", 1, 0, ("b",))]  # fmt: skip
    split = crossed(two, Cross(Part(kinds=("a",)), Part(kinds=("b",))))
    assert [r.problem for r in split.test] == ["z", "x"] and split.train == []
    split = crossed(two, Cross(Part(kinds=("b",)), Part(kinds=("a",))))
    assert [r.problem for r in split.train] == ["z"]


def test_measures_by_hand():
    """Of the two that are no ties one is said rightly; both are said to need reasoning."""
    found = measured(ROWS, [0.9, 0.1, 0.5, 0.9], [1, 1, 0])
    assert (found.num_train, found.num_test, found.num_ties) == (3, 2, 2)
    assert (found.accuracy, found.majority_rate) == (0.5, 0.5)
    assert (found.precision, found.recall) == (0.5, 1.0)
    assert found.met_chosen == (1.0 + 0.5 + 0.0 + 1.0) / 4
    assert (found.met_cot, found.met_direct, found.met_oracle) == (0.625, 0.75, 0.875)
    none = measured(ROWS[1:2], [0.2], [1])
    assert (none.accuracy, none.precision, none.recall) == (None, None, None)


def test_intervals_are_wider_than_those_of_independent_splits():
    """Nadeau and Bengio by hand: values 0.4, 0.6, 0.8 have s 0.2; 1/3 + 50/100; t(0.975, 2) = 4.3027."""
    found = estimate([0.4, 0.6, 0.8], num_train=100, num_test=50)
    half = 4.302653 * 0.2 * math.sqrt(1 / 3 + 0.5)
    assert found.mean == pytest.approx(0.6) and found.num_splits == 3
    assert (found.low, found.high) == (pytest.approx(0.6 - half), pytest.approx(0.6 + half))


def test_words_alone_are_learned_where_they_tell():
    prompts = [f"{word} {n}" for n in range(10) for word in ("sum of", "list of")]
    predict = fit_words(prompts, [1, 0] * 10, ClassifierRecipe("c", 0, "s", "m"))
    high, low = predict(["sum of 77", "list of 77"])
    assert high > 0.5 > low


# ---------------------------------------------------------------------- from records to decisions


def write_sweep(folder, num=24):
    """Prompts that say "sum" are better with reasoning, "list" without; every sixth is a tie. Two samples each."""
    prompts, cot, direct = [], [{"fingerprint": "x"}], [{"fingerprint": "y"}]
    for n in range(num):
        sums = n % 2 == 0
        key = f"t-{n}/with"
        prompts.append({"key": key, "prompt": ("What is the sum?" if sums else "Make a list.") * 3})
        for sample in range(2):
            named = {"key": f"{key}#{sample}" if sample else key, "problem": f"t-{n}", "source": "t",
                     "kinds": ["a", "b"], "sample": sample}  # fmt: skip
            met = [True, bool(sample)]
            cot.append(named | {"met": met if n % 6 == 0 or not sums else [True, True]})
            direct.append(named | {"met": met if n % 6 == 0 or sums else [True, True]})
        asked = {"key": f"t-{n}/without", "problem": f"t-{n}", "source": "t", "sample": 0}
        cot.append(asked | {"kinds": [], "met": []})
    base = folder / "sw/records/base/0"
    files = {
        base / "tiny.jsonl": cot,
        base / "direct/tiny.jsonl": direct,
        folder / "sw/prompts/tiny.jsonl": prompts,
    }
    for path, rows in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")


def train_on(folder, *overrides, dry_run=False):
    path = folder / "c.yaml"
    whole = {"name": "cls", "seed": 0, "sweep": "sw", "model_name_or_path": str(BASE), "num_splits": 2,
             "trainer": {"max_steps": 30, "learning_rate": 1e-3, "per_device_train_batch_size": 4}}  # fmt: skip
    path.write_text(json.dumps(whole), encoding="utf-8")
    train.classifier.main(
        argparse.Namespace(config=str(path), overrides=list(overrides), dry_run=dry_run)
    )


def test_records_are_read_as_means_over_samples(runs):
    write_sweep(runs)
    assert checkpoints("sw") == ["base/0"]
    rows = compared("sw", "base/0")
    assert len(rows) == 24 and counts(rows) == {"cot better": 8, "tie": 4, "direct better": 12}
    assert (rows[2].cot, rows[2].direct) == (1.0, 0.75) and rows[2].prompt.startswith("What is")


def test_a_classifier_learns_and_is_asked_about_what_it_has_not_seen(runs, capsys):
    write_sweep(runs)
    train_on(runs)
    assert "{'cot better': 8, 'tie': 4, 'direct better': 12}" in capsys.readouterr().out
    folder = folder_of("cls", "base", 0)
    facts = json.loads((folder / "classifier.json").read_text(encoding="utf-8"))
    assert len(facts["train_problems"]) == 12 and facts["outcomes"]["tie"] == 4
    for kind in ("model", "tfidf"):
        assert set(facts["measured"]) == {"split 0", "split 1"}
        assert facts["measured"]["split 0"][kind]["accuracy"] == 1.0
        assert facts["cross_validation"][kind]["accuracy"]["num_splits"] == 2
    high, low = probabilities_by(saved(folder), ["What is the sum?" * 3, "Make a list." * 3])
    assert high > 0.5 > low

    one = ClassifierSelective("cls").for_checkpoint("base", 0)
    assert one.label == ClassifierSelective("cls").label == "classifier_selective_cls"
    assert one.mark() != ClassifierSelective("cls", 0.9).for_checkpoint("base", 0).mark()
    asked = task()
    assert one.measures(asked)
    seen = facts["train_problems"][0]
    assert not one.measures(replace(asked, example=replace(asked.example, id=seen)))
    (found,) = one.respond(Script(second("It is 2.")), [asked])
    assert found.decision in ("reason", "direct") and found.num_calls == 1
    assert found.direct is (found.decision == "direct") and found.note.startswith("p(reason) 0.")


@pytest.mark.parametrize(
    "overrides, message",
    [
        (["sweep=none"], "found no records with and without reasoning"),
        (["checkpoints=[base/1]"], "checkpoints: unknown 'base/1'.*Accepted: base/0"),
        (["part={benchmarks: [x]}"], "part: found no prompt of base/0 in it"),
        (["train_share=1.0"], r"train_share: found 1.0; expected a number in \(0, 1\)"),
        (["ties=skip"], "ties: found 'skip'"),
        (["trainer.seed=3"], "trainer: seed: decided by the run"),
        (["trainer.learning_rat=3"], "unknown key 'learning_rat'. Did you mean 'learning_rate'"),
        (["cross={k: {train: {kinds: [a]}, test: {kinds: [b]}}}"], "cross.k: found .* 0 prompts"),
    ],
)  # fmt: skip
def test_what_cannot_be_learned_is_one_line(runs, overrides, message):
    write_sweep(runs)
    with pytest.raises(UserError, match=message):
        train_on(runs, *overrides, dry_run=True)


def test_damaged_records_and_missing_classifiers_are_named(runs):
    write_sweep(runs)
    path = runs / "sw/records/base/0/direct/tiny.jsonl"
    path.write_text('{"fingerprint": "y"}\n{"key": "t-0/with"}\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"direct/tiny.jsonl: line 2: missing problem, source"):
        compared("sw", "base/0")
    with pytest.raises(UserError, match=r"found no .*cls/base/0/classifier.json; expected"):
        ClassifierSelective("cls").for_checkpoint("base", 0)


def test_classifier_recipes_load(runs):
    assert load_recipe("recipes/classifier/tiny.yaml", ClassifierRecipe, []).num_splits >= 5
