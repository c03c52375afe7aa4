"""The constraint-wise reward model: what it is trained and measured on, how good probabilities are by hand, and one that
learns what there is to learn, in full and by LoRA, interrupted."""

import argparse
import json
import math
import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from transformers import AutoModelForSequenceClassification

import train.judged
import train.reward_model
from data.adherence import check
from data.families import place
from data.pairs import Pair
from recipes.errors import UserError
from recipes.ssrl import RewardModelRecipe
from tests.test_end_to_end import launch_on_two
from tests.test_engines import needs_compiler
from train.calibration import accuracy, auroc, bins, brier, draw, ece, quality
from train.judged import SALT, HeldOut, evaluations
from train.reward_model import split
from train.soft_scorers.classifier import Classifier

ROOT = Path(__file__).resolve().parents[1]
BASE = "data/tiny/base_model"

# ---------------------------------------------------------------------- measures


Y = np.array([1, 1, 0, 0])
P = np.array([0.9, 0.4, 0.3, 0.6])


def test_measures_by_hand():
    """Two of four verdicts are right. Of the four (positive, negative) pairs three are in order: 0.9 > both, 0.4 > 0.3."""
    assert accuracy(Y, P) == 0.5 and auroc(Y, P) == 0.75
    # (0.1^2 + 0.6^2 + 0.3^2 + 0.6^2) / 4
    assert brier(Y, P) == pytest.approx(0.205)
    # Each in a bin of its own: (0.1 + 0.6 + 0.3 + 0.6) / 4
    assert ece(Y, P) == pytest.approx(0.4)
    assert math.isnan(auroc(np.array([1, 1]), np.array([0.1, 0.2])))
    assert brier(np.array([1, 1]), np.array([0.5, 1.0])) == 0.125


def test_a_bins_mean_is_held_against_its_share():
    """Guo et al., equation 3: three at 0.75 of which two are true, |2/3 - 0.75|; p = 1 belongs to the last bin."""
    y, p = np.array([1, 1, 0, 1]), np.array([0.75, 0.75, 0.75, 1.0])
    assert [(one.num, one.mean) for one in bins(y, p)] == [(3, 0.75), (1, 1.0)]
    assert ece(y, p) == pytest.approx(3 / 4 * (0.75 - 2 / 3))


def test_intervals_resample_seeds_not_pairs():
    """A hundred copies of four pairs say no more than the four, when they are of the same seeds."""
    rng = random.Random(0)
    y = [rng.randint(0, 1) for _ in range(40)]
    p = [min(1.0, max(0.0, 0.3 + 0.4 * label + rng.uniform(-0.4, 0.4))) for label in y]
    seeds = [str(n) for n in range(40)]
    once, often = quality(y, p, seeds), quality(y * 20, p * 20, seeds * 20)
    width = [one.accuracy.high - one.accuracy.low for one in (once, often)]
    assert width[0] == pytest.approx(width[1], rel=0.2) and width[0] > 0.1
    apart = quality(y * 20, p * 20, [str(n) for n in range(800)])
    assert apart.accuracy.high - apart.accuracy.low < width[0] / 2
    assert once.num == 40 and once.positive == sum(y) / 40
    assert once.auroc.low < once.auroc.value < once.auroc.high


def test_one_class_has_no_auroc_and_the_rest_is_measured(tmp_path):
    found = quality([1, 1], [0.9, 0.2], ["a", "b"])
    assert math.isnan(found.auroc.value) and found.accuracy.value == 0.5
    draw({"x": ([1, 1], [0.9, 0.2]), "y": ([0], [0.1])}, tmp_path / "x.png")
    assert (tmp_path / "x.png").stat().st_size > 5000


# ---------------------------------------------------------------------- splits


def pairs(num=60, kinds=("a", "b", "c")):
    """One word decides: who was asked says it."""
    rng = random.Random(0)
    found = []
    for number in range(num):
        kind = kinds[number % len(kinds)]
        sort = "hard" if kind == "a" else "hidden" if kind == "b" else "soft"
        for label in (1, 0):
            words = rng.sample(["the", "answer", "is", "a", "number", "we", "find", "it"], 4)
            response = " ".join([*words, "therefore"] if label else words)
            truth = None if sort == "soft" else bool(label)
            found.append(
                Pair(f"s{number}", 1, 0, kind, sort, f"Say so, {kind}.", response, label, truth)
            )
    return found


def recipe(**changes):
    given = {"name": "r", "seed": 0, "pairs": ("p",), "model": {"model_name_or_path": BASE}}
    return RewardModelRecipe(**given | {"held_out_share": 0.3} | changes)


def test_no_held_out_seed_and_no_held_out_kind_is_trained_on():
    found = split(pairs(), recipe(held_out_kinds=("c",)), "x.yaml")
    apart = {f"s{n}" for n in range(60) if place(f"s{n}", SALT) < 0.3}
    assert {pair.seed_id for pair in found.train} & apart == set()
    assert (
        {pair.kind for pair in found.train}
        == {"a", "b"}
        == {pair.kind for pair in found.held_out.seeds}
    )
    assert {pair.kind for pair in found.held_out.kinds} == {"c"}
    assert {pair.seed_id for part in found.held_out for pair in part} == apart
    soft = split(pairs(), recipe(learn_from="soft"), "x.yaml")
    assert {pair.kind for pair in soft.train} == {"b", "c"}
    assert {pair.kind for pair in soft.held_out.seeds} == {"a", "b", "c"}  # hard ones measure


def test_contradicted_pairs_are_not_trained_on_and_still_measured():
    wrong = [replace(pair, truth=not pair.label) if pair.kind == "a" else pair for pair in pairs()]
    found = split(wrong, recipe(), "x.yaml")
    assert {pair.kind for pair in found.train} == {"b", "c"} and "a" in {
        p.kind for p in found.held_out.seeds
    }
    assert set(found.dropped) == {"contradicted by the checker"}
    assert found.dropped.total() + len(found.train) + len(found.held_out.seeds) == len(wrong)
    every = split(wrong, recipe(drop_contradicted=False), "x.yaml")
    assert "a" in {pair.kind for pair in every.train} and not every.dropped


def test_truth_measures_where_a_checker_knows_it():
    found = evaluations(split(pairs(), recipe(held_out_kinds=("b",)), "x.yaml").held_out)
    assert set(found) == {
        "held-out seeds, labels", "held-out kinds, labels", "held-out seeds, hard, truth", "held-out kinds, hidden, truth",
    }  # fmt: skip
    assert all(pair.sort == "hard" for pair, _ in found["held-out seeds, hard, truth"])
    wrong = [Pair("s", 1, 0, "a", "hard", "c", "r", 1, False)]
    both = evaluations(HeldOut(wrong, []))
    assert both["held-out seeds, labels"][0][1] == 1
    assert both["held-out seeds, hard, truth"][0][1] == 0


@pytest.mark.parametrize(
    "given, changes, said",
    [
        (pairs(), {"held_out_kinds": ("d",)}, "x.yaml: held_out_kinds: found 'd'; expected some of a, b, c"),
        ([one for one in pairs() if one.label], {}, "to train on with labels [1]; expected some of both"),
        (pairs(2), {}, "found 0 of held-out seeds with labels []"),
    ],
)  # fmt: skip
def test_nothing_to_learn_from_or_to_measure_on_is_an_error(given, changes, said):
    with pytest.raises(UserError) as error:
        split(given, recipe(held_out_share=0.01 if len(given) == 4 else 0.3, **changes), "x.yaml")
    assert said in str(error.value)


# ---------------------------------------------------------------------- training


@pytest.fixture
def root(monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("TETHER_RUNS", str(tmp_path / "runs"))
    lines = "".join(pair.line() for pair in pairs(120))
    (tmp_path / "pairs.jsonl").write_text(lines, encoding="utf-8")
    return tmp_path


def args(root, *overrides, **model):
    values = {
        "name": "r", "seed": 0, "pairs": [str(root / "pairs.jsonl")], "max_length": 96, "held_out_share": 0.3,
        "model": {"model_name_or_path": BASE, "dtype": "float32", "attn_implementation": "eager"} | model,
        "trainer": {
            "max_steps": 24, "per_device_train_batch_size": 16, "learning_rate": 1e-3, "report_to": "none",
            "save_steps": 12, "lr_scheduler_type": "constant",
        },
    }  # fmt: skip
    path = root / "r.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return argparse.Namespace(config=str(path), overrides=list(overrides), dry_run=False)


def test_a_reward_model_learns_what_its_pairs_say_and_its_reward_reads_it(root, capsys):
    train.reward_model.main(args(root))
    run = root / "runs/r"
    measures = json.loads((run / "measures.json").read_text("utf-8"))
    assert measures["held-out seeds, labels"]["auroc"]["value"] > 0.95
    assert measures["held-out seeds, hidden, truth"]["accuracy"]["value"] > 0.9
    assert (run / "calibration.png").is_file() and "AUROC" in capsys.readouterr().out
    check(str(run / "model"), "x")
    yes, no = Classifier(str(run / "model"), max_length=96).score(
        [("Say so, b.", "we find it therefore"), ("Say so, b.", "we find it number")]
    )
    assert yes > 0.8 > 0.2 > no
    # Again: everything is there. Without its end, the last checkpoint is the model.
    before = (run / "model/model.safetensors").read_bytes()
    for path in (run / "model").iterdir():
        path.unlink()
    (run / "model").rmdir()
    train.reward_model.main(args(root))
    assert (run / "model/model.safetensors").read_bytes() == before


def test_it_is_measured_anew_on_what_a_later_policy_wrote(root, capsys):
    """Whose followers say something else: labels are no longer what the frozen model reads."""
    train.reward_model.main(args(root))
    later = [
        replace(pair, response=pair.response.replace("therefore", "so")) for pair in pairs(120)
    ]
    (root / "later.jsonl").write_text("".join(pair.line() for pair in later), encoding="utf-8")
    words = ["--config", args(root).config, "--on", str(root / "later.jsonl")]
    train.judged.main(train.judged.arguments().parse_intermixed_args([*words, "--dry-run"]))
    assert not (root / "runs/r/on").exists() and "of held-out seeds" in capsys.readouterr().out
    train.judged.main(train.judged.arguments().parse_intermixed_args(words))
    assert "AUROC" in capsys.readouterr().out
    now, then = (
        json.loads((root / "runs/r" / where / "measures.json").read_text("utf-8"))
        for where in ("on/later", ".")
    )
    name = "held-out seeds, labels"
    assert now[name]["num"] == then[name]["num"]
    assert now[name]["auroc"]["value"] < then[name]["auroc"]["value"] - 0.2
    assert (root / "runs/r/on/later/calibration.png").is_file()


@pytest.mark.parametrize(
    "config, on, said",
    [
        ("r", "nowhere", "--on: pairs: found 'nowhere'; expected a file, or a run of scripts/pairs.py"),
        ("r", "empty", "without pairs of held-out seeds; expected some"),
        ("untrained", "empty", "untrained/model'; expected the folder that train/reward_model.py wrote"),
    ],
)  # fmt: skip
def test_what_cannot_be_measured_is_one_line(root, config, on, said):
    given = args(root)
    if config == "r":
        shutil.copytree(BASE, root / "runs/r/model")
        edit = {"architectures": ["Qwen3ForSequenceClassification"]}
        path = root / "runs/r/model/config.json"
        path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | edit), encoding="utf-8")
    (root / "empty.jsonl").touch()
    on = str(root / "empty.jsonl") if on == "empty" else on
    words = ["--config", given.config, "--on", on, f"name={config}"]
    with pytest.raises(UserError) as error:
        train.judged.main(train.judged.arguments().parse_intermixed_args(words))
    assert said in str(error.value) and "\n" not in str(error.value)


def test_an_interrupted_run_ends_with_the_same_weights(root):
    train.reward_model.main(args(root))
    whole = (root / "runs/r/model/model.safetensors").read_bytes()
    (root / "runs/r").rename(root / "runs/whole")
    stopped = args(root)
    known = train.reward_model.plan(stopped.config, [])
    known.config.max_steps = 24
    trainer = train.reward_model.build_trainer(known)

    class Killed(Exception):
        pass

    step = trainer.training_step

    def until_18(*given, **more):
        if trainer.state.global_step == 18:
            raise Killed
        return step(*given, **more)

    trainer.training_step = until_18
    known.run.create(known.recipe)
    with pytest.raises(Killed):
        trainer.train()
    assert (root / "runs/r/checkpoint-12").is_dir()
    assert not (root / "runs/r/checkpoint-24").exists()
    train.reward_model.main(args(root))
    assert (root / "runs/r/model/model.safetensors").read_bytes() == whole


@pytest.mark.parametrize("engine", ["cpu2", pytest.param("zero3", marks=needs_compiler)])
def test_two_processes_train_one_model(root, engine):
    launch_on_two(
        args(root).config,
        "trainer.max_steps=2",
        "trainer.save_steps=2",
        program="train/reward_model.py",
        engine=engine,
    )
    run = root / "runs/r"
    check(str(run / "model"), "x")
    assert (
        json.loads((run / "checkpoint-2/trainer_state.json").read_text("utf-8"))["global_step"] == 2
    )
    assert (run / "measures.json").is_file() and not list(run.glob(".model*"))


def test_lora_is_merged_into_a_model_that_any_loader_reads(root):
    lora = {"use_peft": True, "lora_r": 8, "lora_target_modules": ["q_proj", "v_proj"]}
    train.reward_model.main(args(root, **lora))
    folder = root / "runs/r/model"
    assert not list(folder.glob("adapter*"))
    merged = AutoModelForSequenceClassification.from_pretrained(folder)
    plain = AutoModelForSequenceClassification.from_pretrained(
        BASE, num_labels=2, dtype=torch.float32
    )
    ours, theirs = merged.state_dict(), plain.state_dict()
    changed = {key for key in ours if not torch.equal(ours[key].float(), theirs[key].float())}
    assert "score.weight" in changed and any("q_proj" in key for key in changed)
    assert not any("k_proj" in key for key in changed)
    measures = json.loads((root / "runs/r/measures.json").read_text("utf-8"))
    assert measures["held-out seeds, labels"]["auroc"]["value"] > 0.6


@pytest.mark.parametrize(
    "override, said",
    [
        ("trainer.learning_rat=1", "trainer: unknown key 'learning_rat'. Did you mean 'learning_rate'?"),
        ("trainer.save_strategy='no'", "save_strategy: found no; expected steps or epoch"),
        ("trainer.output_dir=x", "output_dir is set by Tether"),
        ("model={}", "model: missing key 'model_name_or_path'"),
        ("model.dtype=float23", "model: dtype: found 'float23'. Did you mean 'float32'?"),
        ("pairs=[]", "pairs: found []; expected runs of scripts/pairs.py"),
        ("pairs=[nowhere]", "pairs: found 'nowhere'; expected a file, or a run of scripts/pairs.py"),
        ("held_out_share=0", "held_out_share: found 0.0; expected a number in (0, 1)"),
        ("learn_from=hard", "learn_from: found 'hard'"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_before_anything_is_loaded(root, override, said):
    with pytest.raises(UserError) as error:
        train.reward_model.main(args(root, override))
    assert said in str(error.value) and "\n" not in str(error.value)
    assert not (root / "runs").exists()


def test_a_constraint_longer_than_the_input_is_an_error_and_names_the_remedy(root):
    with pytest.raises(UserError, match=r"r.yaml: max_length: found 20; expected at least \d+"):
        train.reward_model.main(args(root, "max_length=20"))
