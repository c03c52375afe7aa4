"""Muon trains the matrices of linear layers, AdamW the rest; the optimizer resumes exactly."""

import argparse
import json
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM
from trl import SFTConfig

import train.sft
from recipes.errors import UserError
from recipes.schema import Muon
from train.muon import muon_factory

ROOT = Path(__file__).resolve().parents[1]
RECIPE = "recipes/sft/tiny_drill.yaml"
SMALL = [
    "model.model_name_or_path=data/tiny/base_model", "data.0.num_rows=40", "data.1.num_rows=40",
    "trainer.max_steps=2", "trainer.save_steps=1", "trainer.logging_steps=1",
]  # fmt: skip


def test_only_matrices_get_orthogonal_updates_of_adamws_size(tmp_path):
    model = AutoModelForCausalLM.from_pretrained("data/tiny/base_model", dtype=torch.float32)
    config = SFTConfig(output_dir=str(tmp_path), use_cpu=True, bf16=False, learning_rate=0.0)
    factory, arguments = muon_factory(Muon(learning_rate=0.01), config)
    optimizer = factory()(model, **arguments)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    torch.manual_seed(0)
    for p in model.parameters():
        p.grad = torch.randn_like(p)
    optimizer.step()
    changed = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert changed == {name for name in before if name.endswith("proj.weight")}
    name = "model.layers.0.mlp.up_proj.weight"
    update = before[name] - dict(model.named_parameters())[name].detach()
    # Moonlight, Eq. 4: 0.2 * sqrt(max(704, 256)) times a matrix whose singular values are about 1 (0.7 to 1.2).
    singular = torch.linalg.svdvals(update) / (0.01 * 0.2 * 704**0.5)
    assert singular.min() > 0.6 and singular.max() < 1.3


def test_training_resumes_exactly(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("TETHER_RUNS", str(tmp_path))

    def launch(name):
        overrides = [*SMALL, f"name={name}"]
        train.sft.main(argparse.Namespace(config=RECIPE, overrides=overrides, dry_run=False))
        state = json.loads((tmp_path / name / "checkpoint-2/trainer_state.json").read_text("utf-8"))
        return [entry["loss"] for entry in state["log_history"] if "loss" in entry]

    whole = launch("whole")
    launch("cut")
    (tmp_path / "cut/checkpoint-2/trainer_state.json").unlink()
    assert launch("cut") == whole and len(whole) == 2


def test_a_negative_rate_is_one_line(monkeypatch):
    monkeypatch.chdir(ROOT)
    with pytest.raises(UserError, match=r"muon: learning_rate: found -1.0; expected at least 0"):
        train.sft.plan(RECIPE, ["muon.learning_rate=-1"])
