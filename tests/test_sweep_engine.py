"""The warm model, the numbers rows draw by, and which records are found: by content, on the committed base model."""

import argparse
import json
import math
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

import eval.sweep
from data.decoding import draw
from eval import weights as weights_module
from eval.backends import How
from eval.backends.transformers import Generator, Transformers
from eval.checkpoints import candidates, weights_of
from eval.generate import Prompt, batches, row_seed, uniforms
from eval.jobs import Plan
from eval.warm import WarmModel
from eval.weights import Weights, file_digest
from recipes.errors import UserError
from recipes.schema import Sampling, SweepRecipe, load_recipe
from recipes.typed import build

ROOT = Path(__file__).resolve().parents[1]
BASE = ROOT / "data/tiny/base_model"
TINY = {"name": "tiny", "per_cell": 1, "steps": [1, 2]}


@pytest.fixture
def runs(monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("TETHER_RUNS", str(tmp_path))
    return tmp_path


def perturbed(folder, seed, dtype=torch.float32):
    """A copy of the base model with a little noise on every weight, in `dtype`."""
    shutil.copytree(BASE, folder)
    generator = torch.Generator().manual_seed(seed)
    noisy = {
        name: (weight.float() + 0.01 * torch.randn(weight.shape, generator=generator)).to(dtype)
        for name, weight in load_file(BASE / "model.safetensors").items()
    }
    save_file(noisy, folder / "model.safetensors", {"format": "pt"})
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["dtype"] = str(dtype).removeprefix("torch.")
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def adapter(folder, seed):
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)
    lora = LoraConfig(r=4, target_modules=["q_proj", "down_proj"], init_lora_weights=False)
    get_peft_model(model, lora).save_pretrained(folder)
    return folder


def recipe(**sections):
    whole = {"name": "s", "seed": 0, "benchmarks": [TINY], "dtype": "float32"} | sections
    whole.setdefault("sampling", {"max_new_tokens": 24, "batch_size": 8})
    return build(SweepRecipe, whole, "s.yaml")


def sweep(folder, capsys=None, *overrides, **sections):
    path = folder / "sweep.yaml"
    whole = {"name": "s", "seed": 0, "benchmarks": [TINY], "dtype": "float32",
             "sampling": {"max_new_tokens": 24, "batch_size": 8}} | sections  # fmt: skip
    path.write_text(json.dumps(whole), encoding="utf-8")
    args = argparse.Namespace(config=str(path), overrides=list(overrides), dry_run=False)
    eval.sweep.main(args)
    return capsys.readouterr().out if capsys else ""


def records(path):
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    return {row["key"]: row for row in map(json.loads, lines)}


def state(module):
    return {name: weight.detach().clone() for name, weight in module.state_dict().items()}


# ---------------------------------------------------------------------- rows that draw by themselves


def test_a_uniform_number_picks_the_token_whose_share_it_lies_in():
    """By hand: probabilities 0.5, 0.3, 0.2 have the borders 0.5 and 0.8."""
    logits = torch.tensor([[0.5, 0.3, 0.2]]).log().repeat(6, 1)
    numbers = torch.tensor([0.0, 0.499, 0.501, 0.799, 0.801, 1 - 2**-53], dtype=torch.float64)
    assert draw(logits, 1.0, 1.0, numbers).tolist() == [0, 0, 1, 1, 2, 2]
    # temperature 0.5 squares the odds: 25, 9, 4 of 38; top_p 0.7 keeps the first two, 5 to 3
    assert draw(logits[:2], 0.5, 1.0, numbers[2:4]).tolist() == [0, 1]
    assert draw(logits[:2], 1.0, 0.7, torch.tensor([0.62, 0.63]).double()).tolist() == [0, 1]
    assert draw(logits, 0, 1.0, numbers).tolist() == [0] * 6


def test_what_is_drawn_follows_the_softmax():
    logits = torch.tensor([[1.0, 0.0, -1.0, 2.0]]).repeat(20_000, 1)
    seeds = [row_seed(0, Prompt("p", [], sample), "w") for sample in range(20_000)]
    found = draw(logits, 1.0, 1.0, uniforms(seeds, 1)[:, 0]).bincount(minlength=4) / 20_000
    odds = [math.exp(x) for x in (1, 0, -1, 2)]
    expected = torch.tensor([one / sum(odds) for one in odds])
    assert (found - expected).abs().max() < 0.012  # 3.4 standard errors of a share of 0.64


def test_every_part_of_a_seed_counts_and_no_row_sees_another():
    prompt = Prompt("a", [], 0)
    seeds = [row_seed(0, prompt, "w"), row_seed(1, prompt, "w"), row_seed(0, prompt, "v"),
             row_seed(0, Prompt("a", [], 1), "w"), row_seed(0, Prompt("b", [], 0), "w")]  # fmt: skip
    assert len(set(seeds)) == 5
    together = uniforms(seeds, 7)
    assert together.shape == (5, 7) and len(set(together.flatten().tolist())) == 35
    for seed, row in zip(seeds, together, strict=True):
        expected = np.random.Generator(np.random.Philox(key=seed)).random(7)
        assert row.tolist() == expected.tolist()


def test_batches_are_longest_first_and_whole():
    assert list(batches([3, 9, 5, 5, 1], 2)) == [[1, 2], [3, 0], [4]]


@pytest.fixture(scope="module")
def warm():
    how = How(Sampling(16, 1.0, 0.95, batch_size=3), 0, "cpu", "float32")
    found = Generator(how)
    weights = weights_of(str(BASE), "test")
    found.load(weights, weights.digest())
    return found


def asked(number):
    return Prompt(f"p{number}", [{"role": "user", "content": f"What is {number} + {number**3}?"}])


def written(generator, prompts, done=()):
    found = {}
    for batch in generator.generate(prompts, done):
        found |= {prompts[i].key + str(prompts[i].sample): one.token_ids for i, one in batch}
    return found


def test_samples_do_not_depend_on_order_batch_size_or_what_is_done(warm):
    prompts = [asked(n)._replace(sample=k) for n in (1, 2, 3, 40) for k in (0, 1)]
    whole = written(warm, prompts)
    assert written(warm, prompts[::-1]) == whole and len(whole) == 8
    assert whole["p10"] != whole["p11"], "two samples of one prompt"
    large = Generator(How(Sampling(16, 1.0, 0.95, batch_size=8), 0, "cpu", "float32"))
    weights = weights_of(str(BASE), "test")
    large.load(weights, weights.digest())
    assert written(large, prompts) == whole
    part = written(warm, prompts, set(range(6)))
    assert 2 <= len(part) < 8 and part.items() <= whole.items()
    large.load(weights, "another checkpoint's digest")
    assert written(large, prompts) != whole


# ---------------------------------------------------------------------- the warm model


def test_weights_are_swapped_in_place_and_are_those_of_from_pretrained(tmp_path):
    warm = WarmModel("float32", "cpu", "swap")
    first = warm.show(Weights(str(BASE)))
    pointers = {name: weight.data_ptr() for name, weight in first.named_parameters()}
    for seed in (1, 2):
        folder = str(perturbed(tmp_path / str(seed), seed))
        shown = warm.show(Weights(folder))
        expected = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).state_dict()
        assert state(shown).keys() == expected.keys()
        assert all(torch.equal(one, expected[name]) for name, one in state(shown).items())
        assert shown is first and shown.lm_head.weight is shown.model.embed_tokens.weight
        assert {n: w.data_ptr() for n, w in shown.named_parameters()} == pointers
    assert warm.built == 1  # although the configs name two dtypes: float32 was asked for


def test_another_architecture_is_built_anew(tmp_path):
    folder = perturbed(tmp_path / "long", 1)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["rope_parameters"]["rope_theta"] = 20000.0
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    warm = WarmModel("float32", "cpu", "swap")
    warm.show(Weights(str(BASE)))
    shown = warm.show(Weights(str(folder)))
    assert warm.built == 2 and shown.config.rope_parameters["rope_theta"] == 20000.0


def test_how_a_completion_ends_comes_with_the_checkpoint(tmp_path):
    folder = perturbed(tmp_path / "ends", 1)
    (folder / "generation_config.json").write_text('{"eos_token_id": [2, 7]}', encoding="utf-8")
    warm = WarmModel("float32", "cpu", "swap")
    found = [warm.show(Weights(str(one))).generation_config.eos_token_id for one in (BASE, folder, BASE)]  # fmt: skip
    assert found == [[2], [2, 7], [2]]


@pytest.mark.parametrize("adapters", ["swap", "merge"])
def test_adapters_are_exchanged_on_one_base(tmp_path, adapters):
    """Logits as peft's own model gives them; the base comes back unchanged."""
    ids = torch.tensor([[5, 6, 7, 8]])
    warm = WarmModel("float32", "cpu", adapters)
    with torch.no_grad():
        before = warm.show(Weights(str(BASE)))(ids).logits
        for seed in (1, 2):
            folder = str(adapter(tmp_path / f"qwen2.5.{seed}", seed))
            base = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)
            expected = PeftModel.from_pretrained(base, folder)(ids).logits
            found = warm.show(weights_of(folder, "test"))(ids).logits
            torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
            assert (found - before).abs().max() > 0.1
        after = warm.show(Weights(str(BASE)))
        assert torch.equal(after(ids).logits, before)
    assert warm.built == 1 and not any("lora" in name for name in state(after))


def test_an_interpolation_is_linear_in_float32(tmp_path):
    a, b = (perturbed(tmp_path / name, seed, torch.bfloat16) for name, seed in (("a", 1), ("b", 2)))
    one, two = (load_file(folder / "model.safetensors") for folder in (a, b))
    warm = WarmModel("float32", "cpu", "swap")
    warm.show(Weights(str(a)))
    shown = state(warm.show(Weights(str(a), other=str(b), share=0.25)))
    for name, weight in one.items():
        expected = 0.75 * weight.float() + 0.25 * two[name].float()
        torch.testing.assert_close(shown[name], expected, rtol=1e-6, atol=1e-7)
    half = WarmModel("bfloat16", "cpu", "swap").show(Weights(str(a), other=str(b), share=0.5))
    name = "model.norm.weight"
    expected = (0.5 * (one[name].float() + two[name].float())).bfloat16()
    assert torch.equal(half.state_dict()[name], expected)


def test_prompts_are_tokenised_once_for_all_checkpoints_of_a_tokenizer(tmp_path, warm):
    folder = perturbed(tmp_path / "a", 1)
    rules = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    (folder / "tokenizer.json").write_text(json.dumps(rules, indent=1), encoding="utf-8")
    same = warm.tokenizers.use(str(folder))
    assert same is warm.tokenizers.use(str(BASE)), "other bytes, the same tokenizer"
    kept = warm.tokenizers.ids([asked(1)])[0]
    assert warm.tokenizers.ids([asked(1)])[0] is kept
    (folder / "chat_template.jinja").write_text("{{ messages[0]['content'] }}", encoding="utf-8")
    assert warm.tokenizers.use(str(folder)) is not same
    assert warm.tokenizers.ids([asked(1)])[0] != kept
    warm.tokenizers.use(str(BASE))


# ---------------------------------------------------------------------- what a recipe names


def test_a_recipe_names_folders_checkpoints_of_runs_adapters_and_points_between(runs):
    a, b = (perturbed(runs / f"r/checkpoint-{n}", n) for n in (10, 20))
    lora = adapter(runs / "lora", 1)
    found = candidates(
        recipe(
            base=str(BASE),
            checkpoints={"run": ["r/checkpoint-10", str(b)], "LoRA!": [str(lora)],
                         "way": [f"{a}:r/checkpoint-20@0.0,0.25,1"]},
        ),
        "s.yaml",
    )  # fmt: skip
    assert [(one.label, one.run, one.step) for one in found] == [
        ("base", "base", 0), ("run", "run", 10), ("run", "run", 20), ("LoRA!", "lora", 0),
        ("way", "way", 0), ("way", "way", 25), ("way", "way", 100),
    ]  # fmt: skip
    assert [one.weights for one in found[3:]] == [
        Weights(str(lora), base=str(BASE.relative_to(ROOT)) if not BASE.is_absolute() else str(BASE)),
        Weights(str(a)), Weights(str(a), other=str(b), share=0.25), Weights(str(b)),
    ]  # fmt: skip


def test_a_model_of_the_hub_is_read_from_its_cache(runs, monkeypatch):
    """A cache as huggingface_hub lays it out, without a network."""
    import huggingface_hub.constants

    hub = runs / "hub/models--who--what"
    (hub / "refs").mkdir(parents=True)
    (hub / "refs/main").write_text("abc", encoding="utf-8")
    shutil.copytree(BASE, hub / "snapshots/abc")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(runs / "hub"))
    (one,) = candidates(recipe(checkpoints={"hub": ["who/what"]}), "s.yaml")
    assert one.weights == Weights(str(hub / "snapshots/abc"))
    assert one.weights.digest() == Weights(str(BASE)).digest()


@pytest.mark.parametrize(
    "entries, said",
    [
        (["nowhere/at_all"], r"checkpoints: x: found 'nowhere/at_all'; expected a folder with a saved model"),
        (["r"], r"found .*r without a model; expected one of its checkpoints \(checkpoint-10\)"),
        (["r/checkpoint-10:small@0.5"], r"model.norm.weight: found shapes \(256,\) and \(8,\)"),
        (["r/checkpoint-10:fewer@0.5"], r"found model.norm.weight in .*checkpoint-10 only"),
        (["r/checkpoint-10:r/checkpoint-10@1.5"], r"expected two models and numbers in \[0, 1\]"),
        (["r/checkpoint-10:lora@0.5"], r"found the adapter .*lora; expected whole models"),
        (["r/checkpoint-10@0.5"], r"found 'r/checkpoint-10@0.5'; expected a folder"),
    ],
)  # fmt: skip
def test_what_cannot_be_scored_is_refused_in_one_line(runs, entries, said):
    perturbed(runs / "r/checkpoint-10", 1)
    for name, change in (("small", {"model.norm.weight": torch.ones(8)}), ("fewer", {})):
        shutil.copytree(BASE, runs / name)
        tensors = load_file(BASE / "model.safetensors")
        del tensors["model.norm.weight"]
        save_file(tensors | change, runs / name / "model.safetensors", {"format": "pt"})
    adapter(runs / "lora", 1)
    with pytest.raises(UserError, match=said) as caught:
        candidates(recipe(checkpoints={"x": entries}), "s.yaml")
    assert "\n" not in str(caught.value)


def test_labels_that_share_a_place_are_refused(runs):
    with pytest.raises(UserError, match=r"found 'a_b', step 0, more than once"):
        candidates(recipe(checkpoints={"a b": [str(BASE)], "A-B": [str(BASE)]}), "s.yaml")


def without(*keys):
    """Sweep recipes that say nothing of these keys."""
    paths = sorted((ROOT / "recipes/sweep").glob("*.yaml"))
    return [path for path in paths if not any(key in path.read_text(encoding="utf-8") for key in keys)]  # fmt: skip


@pytest.mark.parametrize("path", without("num_samples:", "checkpoints:"), ids=lambda p: p.stem)
def test_recipes_of_before_still_load(path, monkeypatch):
    monkeypatch.chdir(ROOT)
    found = load_recipe(str(path.relative_to(ROOT)), SweepRecipe, [])
    assert found.checkpoints == {} and found.sampling.num_samples == 1


@pytest.mark.parametrize(
    "section, said",
    [
        ({"sampling": {"num_samples": 4}}, "num_samples: found 4 with temperature 0; expected 1"),
        ({"backend": {"name": "vlm"}}, "backend: name: unknown backend 'vlm'. Did you mean 'vllm'"),
        ({}, "base, runs, checkpoints: found none"),
        ({"adapters": "both"}, "adapters: found 'both'"),
    ],
)
def test_bad_keys_are_named(section, said):
    with pytest.raises(UserError, match=said):
        whole = recipe(**({"base": str(BASE)} if section else {}), **section)
        Plan(whole, "s.yaml", Path("s")).backend()


# ---------------------------------------------------------------------- records by content


def test_a_weights_file_is_hashed_once(runs, monkeypatch, tmp_path):
    path = tmp_path / "w"
    path.write_bytes(b"abc")
    os.utime(path, (1, 1))
    # FIPS 180-2's example
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file_digest(path) == expected
    read = []
    real = weights_module.hashlib.file_digest
    monkeypatch.setattr(weights_module.hashlib, "file_digest", lambda *a: read.append(1) or real(*a))  # fmt: skip
    weights_module._file_digest.cache_clear()  # as a new process
    assert file_digest(path) == expected and not read
    path.write_bytes(b"abd")
    os.utime(path, (2, 2))
    assert file_digest(path) != expected and len(read) == 1
    (kept,) = (runs / ".digests").iterdir()
    path.write_bytes(b"abc")  # just now: it may change again within its time's resolution
    assert file_digest(path) == expected
    assert json.loads(kept.read_text(encoding="utf-8"))["sha256"] != expected


def marks(runs, **sections):
    return {job.candidate.run: job.mark for job in Plan(recipe(**sections), "s.yaml", runs / "s").jobs()}  # fmt: skip


def test_what_decides_a_completion_is_in_its_mark_and_nothing_else_is(runs):
    first = {"base": str(BASE)}
    (mark,) = marks(runs, **first).values()
    shutil.copytree(BASE, runs / "moved")
    same = [
        {"checkpoints": {"moved": [str(runs / "moved")]}},
        first | {"sampling": {"max_new_tokens": 24, "batch_size": 3}},
        first | {"title": "x", "num_workers": 3, "adapters": "merge"},
    ]
    assert [set(marks(runs, **one).values()) for one in same] == [{mark}] * 3
    perturbed(runs / "p", 1)
    settings = {"max_new_tokens": 24, "temperature": 1.0}
    others = [
        {"base": str(runs / "p")},
        first | {"sampling": {"max_new_tokens": 25}},
        first | {"sampling": settings},
        first | {"sampling": settings | {"num_samples": 2}},
        first | {"dtype": "bfloat16"},
        first | {"seed": 1},
        first | {"benchmarks": [TINY | {"per_cell": 2}]},
        first | {"chat_template_kwargs": {"x": 1}},
    ]
    (runs / "moved/chat_template.jinja").write_text("x", encoding="utf-8")
    found = [mark, *(next(iter(marks(runs, **one).values())) for one in [*others, same[0]])]
    assert len(set(found)) == len(found)


def test_a_sweep_repeats_nothing_and_a_new_benchmark_runs_alone(runs, capsys, monkeypatch):
    built, asked_for = [], []
    real = Transformers.engine
    monkeypatch.setattr(Transformers, "engine", lambda self, how: built.append(1) or real(self, how))  # fmt: skip
    generate = Generator.generate
    monkeypatch.setattr(
        Generator, "generate", lambda self, prompts, done: asked_for.append(len(prompts)) or generate(self, prompts, done)
    )  # fmt: skip
    a, b = (perturbed(runs / name, seed) for name, seed in (("a", 1), ("b", 2)))
    what = {"base": str(BASE), "checkpoints": {"way": [f"{a}:{b}@0,0.5,1"], "again": [str(b)]}}
    out = sweep(runs, capsys, **what)
    assert "5 checkpoints x (tiny: 12 completions); 5 of 5 jobs to do" in out
    assert len(built) == 1 and asked_for == [12] * 4, "b stands for itself at the end of the way"
    again = records(runs / "s/records/again/0/tiny.jsonl")
    assert again == records(runs / "s/records/way/100/tiny.jsonl") and len(again) == 12
    assert again != records(runs / "s/records/way/0/tiny.jsonl")

    assert "0 of 5 jobs to do" in sweep(runs, capsys, **what) and len(built) == 1
    asked_for.clear()
    more = what | {"benchmarks": [TINY, TINY | {"label": "more", "steps": [3]}]}
    assert "5 of 10 jobs to do" in sweep(runs, capsys, **more) and asked_for == [6] * 4
    asked_for.clear()
    sweep(runs, capsys, "name=other", **what)
    assert asked_for == [], "another sweep's records"
    assert records(runs / "other/records/base/0/tiny.jsonl") == records(runs / "s/records/base/0/tiny.jsonl")  # fmt: skip


def test_several_samples_of_a_prompt_are_records_of_their_own(runs):
    settings = {"max_new_tokens": 12, "temperature": 3.0, "batch_size": 7, "num_samples": 3}
    sweep(runs, base=str(BASE), sampling=settings)
    found = records(runs / "s/records/base/0/tiny.jsonl")
    assert len(found) == 36
    assert {(key.rpartition("#")[2] if "#" in key else "0") for key in found} == {"0", "1", "2"}
    assert all(str(row["sample"]) == [*key.split("#"), "0"][1] for key, row in found.items())
    texts = [[found[key + end]["completion"] for end in ("", "#1", "#2")] for key in found if "#" not in key]  # fmt: skip
    assert sum(len(set(three)) > 1 for three in texts) > 8
    # a sweep with fewer samples makes the same ones
    sweep(runs, None, "name=one", base=str(BASE), sampling=settings | {"num_samples": 1})
    alone = records(runs / "one/records/base/0/tiny.jsonl")
    assert alone.items() <= found.items() and len(alone) == 12
