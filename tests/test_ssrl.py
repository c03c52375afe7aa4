"""Families of levels, soft constraints, pairs and what is known of their labels, by hand; and the chain from a policy to a
policy with all its stages, interrupted."""

import argparse
import json
import random
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

import scripts.chain
import scripts.pairs
from data.constraints.base import check_all, from_spec, loads
from data.constraints.split import HARD, KINDS, SOFT, TRAIN
from data.example import Example
from data.families import Family, Instruction, merged, place, soft_places
from data.pairs import Pair, noise, pairs_of, read_pairs, to_learn
from data.soft import SOFT_WRITERS, Asked
from data.soft.endpoint import Written, read
from data.soft.phrasings import kinds
from data.sources import build_sources
from recipes.errors import UserError
from recipes.schema import Decontaminate
from recipes.ssrl import PairsRecipe
from tests import stand_ins
from tests.test_end_to_end import runs

__all__ = ["runs"]
ROOT = Path(__file__).resolve().parents[1]
NO_COMMA = from_spec("punctuation:no_comma", {}, "test")
QUOTED = from_spec("startend:quotation", {}, "test")
TINY = {
    "name": "levels", "seeds": {"name": "tiny", "num_rows": 12}, "num_levels": 3, "hard_kinds": "hard", "soft_kinds": "soft",
    "lengths": "short",
}  # fmt: skip


def family(*instructions, text=None):
    seed = Example("s-1", "levels", "What is 1+1?", "2", text=text, completion="x")
    return Family(seed, instructions)


HARD_ONE = Instruction(NO_COMMA.name, NO_COMMA.describe(), NO_COMMA)
SOFT_ONE = Instruction("soft:tone", "Be kind.")
HIDDEN_ONE = Instruction(QUOTED.name, QUOTED.describe(), QUOTED, hidden=True)


def source(**changes):
    (found,) = build_sources((TINY | changes,), "x.yaml")
    return found


# ---------------------------------------------------------------------- families


def test_level_k_holds_the_first_k_constraints_in_words_and_for_the_checkers():
    one = family(SOFT_ONE, HARD_ONE, HIDDEN_ONE)
    assert [one.level(k).difficulty for k in range(4)] == [0, 1, 2, 3]
    assert [one.level(k).soft for k in range(4)] == [
        (), ("Be kind.",), ("Be kind.",), ("Be kind.", QUOTED.describe().strip()),
    ]  # fmt: skip
    assert [one.level(k).constraints for k in range(4)] == [(), (), (NO_COMMA,), (NO_COMMA,)]
    assert one.level(3).prompt.endswith(f"Be kind. {NO_COMMA.describe()} {QUOTED.describe()}")
    assert all(one.level(k + 1).prompt.startswith(one.level(k).prompt) for k in range(3))
    assert {one.level(k).problem_id for k in range(4)} == {"s-1"}
    assert len({one.level(k).id for k in range(4)}) == 4 and one.level(0).completion is None
    for wrong in (-1, 4):
        with pytest.raises(ValueError, match=f"level: found {wrong}; expected 0 to 3"):
            one.level(wrong)


def test_an_instruction_of_ones_own_gets_no_word_about_boxes():
    one = family(SOFT_ONE, text="Write a letter.")
    assert one.level(0).prompt == "Write a letter."
    assert one.level(1).prompt == "Write a letter.\n\nBe kind."


def test_what_a_reward_is_told_says_nothing_of_hidden_checkers():
    row = family(HIDDEN_ONE, HARD_ONE).level(2).row()
    assert json.loads(row["soft_constraints"]) == [QUOTED.describe().strip()]
    assert loads(row["constraints"]) == (NO_COMMA,)
    assert "quotation" not in json.dumps({k: v for k, v in row.items() if k != "prompt"}).replace(
        QUOTED.describe().strip().replace('"', '\\"'), ""
    ).replace("double quotation marks", "")
    assert family(HARD_ONE).level(1).row()["soft_constraints"] is None


@given(st.integers(0, 8), st.floats(0, 1), st.one_of(st.none(), st.integers(0, 8)), st.integers())
def test_soft_places_are_as_many_as_allowed(num, share, most, seed):
    found = soft_places(num, share, most, random.Random(seed))
    assert len(found) == num and sum(found) <= (num if most is None else most)
    if share == 0:
        assert not any(found)
    soft = [Instruction(f"s{n}", "x") for n in range(sum(found))]
    hard = [Instruction(f"h{n}", "x") for n in range(num - sum(found))]
    both = merged(found, soft, hard)
    assert [one.kind[0] == "s" for one in both] == found
    assert [one for one in both if one.kind[0] == "s"] == soft


def test_splits_by_seed_share_no_seed_and_lose_none():
    whole = source(seeds={"name": "tiny", "num_rows": 200})
    halves = [
        source(seeds={"name": "tiny", "num_rows": 200}, seeds_between=between)
        for between in ([0, 0.5], [0.5, 1])
    ]
    ids = [{one.seed.id for one in half.families(0)} for half in halves]
    assert not ids[0] & ids[1] and len(ids[0] | ids[1]) == 200 and 70 < len(ids[0]) < 130
    # A family is what it is, whichever others there are.
    by_id = {one.seed.id: one for one in whole.families(0)}
    assert all(by_id[one.seed.id] == one for half in halves for one in half.families(0))
    other = {one: place(one, "other") < 0.5 for one in ids[0]}
    assert len(set(other.values())) == 2  # another salt, another split


def test_families_of_the_tiny_world_can_be_met_and_keep_to_their_kinds():
    found = source(seeds={"name": "tiny", "num_rows": 60}).families(0)
    sorts = Counter(
        (one.hard, one.hidden, one.kind in HARD, one.kind in SOFT)
        for f in found
        for one in f.instructions
    )
    assert set(sorts) == {(True, False, True, False), (False, True, False, True)}
    assert sum(sorts.values()) == 180
    assert 0.45 < sorts[False, True, False, True] / 180 < 0.75  # soft_share 0.6
    for one in found:
        names = [instruction.kind for instruction in one.instructions]
        assert len(set(names)) == 3
    assert set(SOFT) | set(HARD) == set(TRAIN) and not set(SOFT) & set(HARD)
    assert KINDS["soft"] == SOFT


def test_levels_are_rows_whose_difficulty_is_the_level():
    rows = list(source().load(0))
    assert Counter(one.difficulty for one in rows) == {1: 12, 2: 12, 3: 12}
    assert len(rows) == len(source())
    some = list(source(levels=[0, 3]).load(0))
    assert Counter(one.difficulty for one in some) == {0: 12, 3: 12}
    assert {one.source for one in rows} == {"levels"}
    assert list(source().load(0)) == rows != list(source().load(1))


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"levels": [4]}, "levels: found [4]; expected numbers from 0 to num_levels (3)"),
        ({"soft_kinds": ["keywords:existance"]}, "soft_kinds: unknown 'keywords:existance'. Did you mean 'keyw"),
        ({"hard_kinds": ["keywords:existence"]}, "expected kinds that are not in hard_kinds"),
        ({"soft": {"name": "phrasings"}}, "soft, soft_kinds: found both; expected one of them"),
        ({"soft_kinds": []}, "soft, soft_kinds: found none; expected one of them (or soft_share: 0)"),
        ({"soft_kinds": ["keywords:existence"]}, "soft_kinds: found 1; expected at least 3 kinds (max_soft: 1"),
        ({"hard_kinds": ["keywords:frequency"]}, "hard_kinds: found 1; expected at least 3 kinds"),
        ({"seeds_between": [0.5, 0.5]}, "seeds_between: found [0.5, 0.5]; expected two rising shares in [0, 1]"),
        ({"soft_share": 1.5}, "soft_share: found 1.5"),
        ({"soft_kinds": [], "soft": {"name": "phrasing"}}, "Did you mean 'phrasings'?"),
        ({"soft_kinds": [], "soft": {"name": "phrasings", "kinds": ["tones"]}}, "unknown 'tones'. Did you mean 'tone'?"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_levels_is_one_line(changes, said):
    with pytest.raises(UserError) as error:
        source(**changes)
    assert str(error.value).startswith("x.yaml: data.0") and said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "seeds, said",
    [
        ({"name": "tinny", "num_rows": 3}, "Did you mean 'tiny'?"),
        ({"name": "tiny", "num_rows": 3, "num_constraints": [1]}, "num_constraints: found [1]; expected [0]"),
        ({"name": "levels", "seeds": {}}, "seeds: found 'levels'"),
        ({"name": "instructions", "path": "nowhere.jsonl"}, "found 'nowhere.jsonl', which is no file"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_seeds_is_one_line(seeds, said):
    with pytest.raises(UserError, match=r"^[^\n]*$") as error:
        len(source(seeds=seeds))
    assert said in str(error.value) and ("x.yaml: data.0" in str(error.value) or "no file" in said)


def test_seeds_that_have_constraints_are_refused(tmp_path, monkeypatch):
    stand_ins.write_mirror(tmp_path)
    monkeypatch.setenv("TETHER_DATA", str(tmp_path))
    with pytest.raises(UserError, match="found constraints; expected bare instructions"):
        source(seeds={"name": "if_multi", "num_rows": 2}).families(0)


def test_instructions_of_ones_own_are_read_and_checked(tmp_path):
    path = tmp_path / "own.jsonl"
    stand_ins.write_instructions(path, 3)
    own = {"name": "instructions", "path": str(path)}
    found = source(seeds=own, soft_kinds=[], soft={"name": "phrasings"}, num_levels=5).families(0)
    assert [one.seed.text for one in found] == [f"Write a letter to {n} friends." for n in range(3)]
    assert all(one.level(5).answer is None for one in found)
    assert "boxed" not in found[0].level(5).prompt
    path.write_text('{"instruction": "a"}\n{"instruction": " "}\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"own.jsonl:2: instruction: found ' '; expected a request"):
        source(seeds=own).families(0)


# ---------------------------------------------------------------------- soft constraints


def test_every_phrasing_can_be_filled_in_and_no_slot_is_idle():
    assert len(kinds()) >= 25  # the paper's list has 25 types
    for name, kind in kinds().items():
        used = {slot for slot in kind.slots for text in kind.texts if f"{{{slot}}}" in text}
        assert used == set(kind.slots), name
        drawn = {kind.draw(random.Random(seed)) for seed in range(60)}
        assert all(text.endswith(".") and "{" not in text for text in drawn) and len(drawn) > 1, (
            name
        )


def test_a_prompt_has_no_two_soft_constraints_of_one_kind():
    writer = SOFT_WRITERS["phrasings"]()
    written = writer.write([Asked("x", 5, str(n)) for n in range(40)])
    assert all(len({one.kind for one in own}) == 5 for own in written)
    assert {one.kind for own in written for one in own} == {f"soft:{name}" for name in kinds()}
    assert writer.write([Asked("y", 5, "7")]) == [written[7]]  # whoever else is asked for


class Server:
    """Answers in turn; keeps what it was asked."""

    def __init__(self, *answers):
        self.answers, self.asked, self.prompts = list(answers), 0, []
        self.spent = argparse.Namespace(requests=1, prompt_tokens=10, completion_tokens=5)

    def ask(self, prompt):
        self.asked += 1
        self.prompts.append(prompt)
        return self.answers.pop(0)


def written(*answers, count=2, **settings):
    writer = Written("m", num_concurrent=1, **settings)
    vars(writer)["endpoint"] = Server(*answers)
    return writer, lambda: writer.write([Asked("Name a river.", count, "0")])


def test_an_endpoint_is_asked_again_until_its_list_can_be_used(capsys):
    writer, write = written(
        "Sure! I think...", '["Be kind."]', '```json\n["Be kind.", "Be  brief."]\n```'
    )
    assert write() == [
        (Instruction("soft:written", "Be kind."), Instruction("soft:written", "Be brief."))
    ]
    first, second, third = writer.endpoint.prompts
    assert "Name a river." in first and "refused" not in first
    assert "no JSON list" in second and "it held 1 different constraints" in third
    assert "3 requests, 1 not in runs/.soft: 10 tokens in, 5 out" in capsys.readouterr().err


def test_an_endpoint_that_writes_no_list_is_an_error():
    _, write = written("no", "no", tries=2)
    with pytest.raises(UserError, match=r"soft: m: found 'no'.* expected a JSON list of 2"):
        write()
    _, write = written(count=0)
    assert write() == [()]  # nothing is asked for


@given(st.text(max_size=60), st.integers(1, 4))
def test_reading_an_answer_never_fails(answer, count):
    found, why = read(answer, count)
    assert len(found) in (0, count) and bool(found) is not bool(why)


# ---------------------------------------------------------------------- pairs


def test_pairs_are_the_response_that_was_asked_and_the_one_of_the_level_below():
    """Section 2 of the reference page: (o_k, c_k, 1) and (o_{k-1}, c_k, 0)."""
    one = family(HARD_ONE, SOFT_ONE, HIDDEN_ONE)
    responses = [["o0, x"], ["o1"], ["o2"], ['"o3"']]
    found = list(pairs_of(one, responses))
    assert [(p.level, p.response, p.label, n.response, n.label) for p, n in found] == [
        (1, "o1", 1, "o0, x", 0), (2, "o2", 1, "o1", 0), (3, '"o3"', 1, "o2", 0),
    ]  # fmt: skip
    assert [(p.sort, p.truth, n.truth) for p, n in found] == [
        ("hard", True, False), ("soft", None, None), ("hidden", True, False),
    ]  # fmt: skip
    assert {pair.constraint for two in found for pair in two} == {
        NO_COMMA.describe().strip(), "Be kind.", QUOTED.describe().strip(),
    }  # fmt: skip
    two = list(pairs_of(family(SOFT_ONE), [["a", "b"], ["c", "b"]]))
    assert [(p.sample, p.response, n.response) for p, n in two] == [(0, "c", "a"), (1, "b", "b")]
    assert [(p.identical, n.identical) for p, n in two] == [(False, False), (True, True)]


def pair(label, truth, sort="hard", response="r", kind="k"):
    return Pair("s", 1, 0, kind, sort, "c", response, label, truth)


def test_contradicted_identical_and_blank_pairs_are_left_out_and_counted():
    good = (pair(1, True, response="a"), pair(0, False, response="b"))
    failed = (pair(1, False, response="a"), pair(0, True, response="b"))
    same = tuple(replace(one, identical=True) for one in (pair(1, True), pair(0, True)))
    blank = (pair(1, None, "soft", " "), pair(0, None, "soft", "b"))
    hidden = (pair(1, False, "hidden", "a"), pair(0, True, "hidden", "b"))  # nobody may know
    twos = [good, failed, same, blank, hidden]
    all_ = [one for two in twos for one in two]
    found = to_learn(all_, drop_contradicted=True, drop_identical=True)
    assert found.pairs == [*good, blank[1], *hidden]
    assert found.dropped == {
        "contradicted by the checker": 2, "both responses the same": 2, "no response": 1,
    }  # fmt: skip
    every = to_learn(all_, drop_contradicted=False, drop_identical=False)
    assert len(every.pairs) == 9 and every.dropped == {"no response": 1}


def test_noise_by_hand():
    """Of four that were asked one failed; of two that were not asked one did it by chance."""
    pairs = [
        pair(1, True),
        pair(1, True),
        pair(1, True),
        pair(1, False),
        pair(0, False),
        pair(0, True),
    ]
    pairs += [pair(1, None, "soft"), pair(1, False, response="  ")]  # unknown, and no response
    by_kind, total = noise(pairs)
    assert (by_kind.kind, total.kind, by_kind.num) == ("k", "all hard", 4)
    assert (by_kind.false_positive, by_kind.false_negative) == (0.25, 0.5)
    assert total[2:] == by_kind[2:]
    low, high = proportion_confint(1, 4, method="wilson")
    assert (by_kind.false_positive_low, by_kind.false_positive_high) == (low, high)
    # Wilson's interval of 1 in 4, z = 1.96, by hand: (0.25 + 0.480 +- 1.96 sqrt(0.0469 + 0.0600)) / 1.960
    assert low == pytest.approx(0.0456, abs=1e-3) and high == pytest.approx(0.6994, abs=1e-3)


def test_pairs_are_read_back_and_files_of_others_need_little(tmp_path, monkeypatch):
    monkeypatch.setenv("TETHER_RUNS", str(tmp_path))
    one = pair(1, True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/pairs.jsonl").write_text(one.line(), encoding="utf-8")
    other = tmp_path / "other.jsonl"
    other.write_text('{"constraint": "Be kind.", "response": "ok", "label": 0, "x": 1}\n', "utf-8")
    first, second = read_pairs(["mine", str(other)], "x.yaml")
    assert first == one and (second.kind, second.sort, second.label) == ("soft:other", "soft", 0)
    assert second.seed_id == "Be kind."
    other.write_text('{"constraint": "Be kind.", "response": "ok", "label": 2}\n', "utf-8")
    with pytest.raises(UserError, match=r"other.jsonl:1: label: found 2; expected 0 or 1"):
        read_pairs([str(other)], "x.yaml")
    with pytest.raises(UserError, match=r"x.yaml: pairs: found 'mone'; expected a file, or a run"):
        read_pairs(["mone"], "x.yaml")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=30), min_size=4, max_size=4))
def test_truth_is_what_the_checker_says(texts):
    found = list(pairs_of(family(HARD_ONE, SOFT_ONE, HIDDEN_ONE), [[text] for text in texts]))
    for k, (positive, negative) in enumerate(found):
        check = (HARD_ONE, SOFT_ONE, HIDDEN_ONE)[k].check
        for one in (positive, negative):
            expected = None if check is None else check_all((check,), one.response)[0]
            assert one.truth is expected


# ---------------------------------------------------------------------- scripts


PAIRS = {
    "name": "p", "seed": 0, "policy": "data/tiny/base_model", "dtype": "float32", "decontaminate": None,
    "sampling": {"max_new_tokens": 48, "temperature": 1.0, "batch_size": 16},
    "data": [TINY | {"seeds": {"name": "tiny", "num_rows": 6, "steps": [1]}}],
}  # fmt: skip


@pytest.fixture
def root(monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("TETHER_RUNS", str(tmp_path / "runs"))
    return tmp_path


def written_recipe(root, name, values):
    path = root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return str(path)


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_an_interrupted_run_ends_with_the_same_pairs(root, capsys):
    args = argparse.Namespace(
        config=written_recipe(root, "p.yaml", PAIRS), overrides=[], dry_run=False
    )
    scripts.pairs.main(args)
    run = root / "runs/p"
    whole, responses = (run / "pairs.jsonl").read_text("utf-8"), lines(run / "responses.jsonl")
    assert len(responses) == 24 and len({one["id"] for one in responses}) == 24
    assert len(lines(run / "pairs.jsonl")) == 36 == 2 * 3 * 6
    assert (run / "noise.csv").read_text("utf-8").startswith("kind,sort,num,false_positive,")
    # Killed while it wrote the 17th response.
    cut = (run / "responses.jsonl").read_text("utf-8").splitlines(True)
    (run / "responses.jsonl").write_text("".join(cut[:16]) + cut[16][:9], "utf-8")
    (run / "pairs.jsonl").unlink()
    scripts.pairs.main(args)
    assert sorted(map(json.dumps, lines(run / "responses.jsonl"))) == sorted(
        map(json.dumps, responses)
    )
    assert (run / "pairs.jsonl").read_text("utf-8") == whole
    args.overrides = ["seed=1"]
    with pytest.raises(UserError, match="found samples of another recipe"):
        scripts.pairs.main(args)


def test_a_source_without_levels_makes_no_pairs():
    recipe = PairsRecipe(
        "p", 0, "x", ({"name": "tiny", "num_rows": 3},), decontaminate=Decontaminate()
    )
    with pytest.raises(UserError, match=r"x.yaml: data.0: found 'tiny'; expected `levels`"):
        scripts.pairs.build(recipe, "x.yaml")


def chain(root, *stages):
    return argparse.Namespace(
        config=written_recipe(root, "chain.yaml", {"name": "c", "stages": list(stages)}),
        overrides=[],
        dry_run=False,
    )


@pytest.mark.parametrize(
    "stage, said",
    [
        (
            "recipes/base/ssrl.yaml",
            "stages.1: found 'recipes/base/ssrl.yaml'; expected a recipe in",
        ),
        (
            {"recipe": "recipes/pairs/tiny_ssrl.yaml", "overrides": ["sampling.top=1"]},
            "unknown key 'top'",
        ),
        ("recipes/pairs/nowhere.yaml", "nowhere.yaml"),
    ],
)
def test_a_mistake_in_a_late_stage_is_told_before_the_first_starts(root, stage, said):
    first = written_recipe(root, "pairs/p.yaml", PAIRS)
    with pytest.raises(UserError) as error:
        scripts.chain.main(chain(root, first, stage))
    assert said in str(error.value) and not (root / "runs").exists()


def test_a_chain_goes_from_a_policy_to_a_policy_and_does_nothing_twice(root):
    """Pairs, reward model, RL: two steps of each, as processes; a second time, everything is there."""
    small = {"max_steps": 2, "save_steps": 2, "logging_steps": 1, "report_to": "none"}
    judge = {
        "name": "j", "seed": 0, "pairs": ["p"], "max_length": 200, "held_out_share": 0.5,
        "model": {"model_name_or_path": "data/tiny/base_model", "dtype": "float32"}, "trainer": small,
    }  # fmt: skip
    soft = {
        "name": "classifier",
        "model_name_or_path": str(root / "runs/j/model"),
        "max_length": 200,
    }
    grpo = {
        "name": "g", "seed": 0, "model": {"model_name_or_path": "data/tiny/base_model", "dtype": "float32"},
        "data": [TINY | {"seeds": {"name": "tiny", "num_rows": 12}}],
        "rewards": [{"name": "answer"}, {"name": "constraints", "soft": soft}],
        "curriculum": {"levels": [1, 2, 3], "starts": [0.5, 0.9]},
        "trainer": small | {"per_device_train_batch_size": 4, "num_generations": 2, "max_completion_length": 24},
    }  # fmt: skip
    pairs = PAIRS | {"data": [TINY | {"seeds": {"name": "tiny", "num_rows": 10, "steps": [1]}}]}
    stages = [
        written_recipe(root, f"{kind}/x.yaml", values)
        for kind, values in (("pairs", pairs), ("reward_model", judge), ("grpo", grpo))
    ]
    args = chain(root, *stages)
    scripts.chain.main(args)
    runs = root / "runs"
    history = json.loads((runs / "g/checkpoint-2/trainer_state.json").read_text("utf-8"))[
        "log_history"
    ]
    assert {"soft_restated", "soft_talked_up", "mean"} <= {
        key.rpartition("/")[2] for key in history[0] if key.startswith("rewards/constraints/")
    }
    assert "alarms/restated_constraints" in history[0]
    before = {path: path.stat().st_mtime_ns for path in runs.glob("*/checkpoint-*/*.safetensors")}
    assert len(before) == 2
    command = [sys.executable, "scripts/chain.py", "--config", args.config]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {path: path.stat().st_mtime_ns for path in before} == before
    # A stage that fails stops the chain with its own words, and theirs.
    (runs / "p/recipe.yaml").write_text("seed: 7\n", "utf-8")
    with pytest.raises(UserError, match=r"stage 1 .* ended with exit code 2"):
        scripts.chain.main(args)


def test_pairs_hold_no_reasoning(root):
    """The response alone is judged: what was thought is not shown."""
    args = argparse.Namespace(
        config=written_recipe(root, "p.yaml", PAIRS), overrides=[], dry_run=False
    )
    scripts.pairs.main(args)
    assert all("think>" not in one["response"] for one in lines(root / "runs/p/pairs.jsonl"))
    assert replace(family(SOFT_ONE), instructions=()).level(0).soft == ()
