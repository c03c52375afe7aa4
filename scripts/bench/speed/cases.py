"""What is measured: model, rows and configuration, the same for train/ and for TRL's scripts."""

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

REWARDS = {"accuracy_reward": "answer", "think_format_reward": "think_format"}
TOKENIZER = "data/tiny/base_model"


@dataclass(frozen=True)
class Case:
    """model: of recipes/architectures.yaml, with random weights; None: the recipe's
    tokens: shortest and longest row of SFT; accelerate: a config, for one process; peer: TRL's script too
    """

    kind: str
    config: str
    overrides: list[str]
    model: str | None = None
    tokens: list[int] | None = None
    accelerate: str | None = None
    peer: bool = True


def random_model(name: str, folder: Path) -> str:
    """A published shape with random weights and the tiny world's tokenizer; a saved one is used again."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from recipes.architectures import config_of

    if not (folder / "config.json").is_file():
        tokenizer: Any = AutoTokenizer.from_pretrained(TOKENIZER)
        with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
            model = AutoModelForCausalLM.from_config(config_of(name), dtype=torch.bfloat16)
        model.generation_config.eos_token_id = tokenizer.eos_token_id
        model.generation_config.pad_token_id = tokenizer.pad_token_id
        tokenizer.save_pretrained(folder)
        model.save_pretrained(folder)
        del model
        torch.cuda.empty_cache()
    return str(folder)


def write_rows(path: Path, tokens: list[int], number: int) -> None:
    """Traces of that many tokens, to a handful: a digit is one."""
    draw = random.Random(0)
    with path.open("w", encoding="utf-8") as file:
        for index in range(number):
            length = max(1, draw.randint(*tokens) - (0 if tokens[0] == tokens[1] else 30))
            thought = "".join(draw.choices("0123456789", k=length))
            row = {
                "id": index,
                "question": "1 + 2?",
                "completion": f"<think>\n{thought}\n</think>\n\n\\boxed{{3}}",
            }
            file.write(json.dumps(row) + "\n")


def our_recipe(case: Case, folder: Path, steps: int) -> Any:
    """The recipe as both run it."""
    from recipes.schema import GRPORecipe, SFTRecipe, load_recipe

    cls = {"sft": SFTRecipe, "grpo": GRPORecipe}[case.kind]
    trainer = load_recipe(case.config, cls, case.overrides).trainer
    rows = trainer.get("per_device_train_batch_size", 8) * trainer.get(
        "gradient_accumulation_steps", 1
    )
    number = max(64, steps * rows)
    fixed = [
        "name=bench", f"trainer.max_steps={steps}", f"trainer.save_steps={100 * steps}", "trainer.logging_steps=1",
        "trainer.report_to=none", 'trainer.save_strategy="no"',
    ]  # fmt: skip
    if case.model is not None:
        shape = folder.parent / case.model.replace("/", "--")
        fixed += [
            f"model.model_name_or_path={random_model(case.model, shape)}",
            "decontaminate=null",
        ]
        fixed += [f"data=[{{name: tiny, num_rows: {number}}}]"]
    if case.tokens is not None:
        write_rows(folder / "rows.jsonl", case.tokens, number)
        fixed += [f"data=[{{name: traces, path: {folder / 'rows.jsonl'}}}]"]
    if case.model is None:
        fixed += [f"data.0.num_rows={number}"]
    if case.kind == "grpo":
        rewards = ", ".join(f"{{name: {name}}}" for name in REWARDS.values())
        fixed += [f"rewards=[{rewards}]", "length_penalty=null"]
    return load_recipe(case.config, cls, [*case.overrides, *fixed])


def stock_config(kind: str, recipe: Any, folder: Path, micro: int | None) -> Path:
    """The same for `trl`: its flat YAML, and the rows as a data set on disk."""
    from data.decontaminate import Decontaminator
    from data.sources import build_sources, load_mixture
    from recipes.run import RunDir
    from train.config import trainer_config

    sources = build_sources(recipe.data, "bench")
    rows = load_mixture(sources, recipe.seed, Decontaminator(recipe.decontaminate, "bench"))
    kept = ["prompt", "completion"] if kind == "sft" else ["prompt", "answer"]
    rows = rows.select_columns(kept)
    if kind == "grpo":
        rows = rows.rename_column("answer", "solution")
    (folder / "data").mkdir()
    rows.to_json(str(folder / "data/train.jsonl"))
    import trl

    cls = {"sft": trl.SFTConfig, "grpo": trl.GRPOConfig}[kind]
    resolved = trainer_config(cls, recipe, RunDir(folder / "run"), "bench")
    given = {key: getattr(resolved, key) for key in recipe.trainer}
    settings = given | recipe.model | {
        "output_dir": str(folder / "stock"), "dataset_name": str(folder / "data"), "use_cpu": resolved.use_cpu,
        "bf16": resolved.bf16, "gradient_checkpointing": resolved.gradient_checkpointing, "report_to": "none",
        "seed": recipe.seed,
    }  # fmt: skip
    if kind == "grpo":
        settings["reward_funcs"] = list(REWARDS)
    if micro is not None:
        size = settings.get("per_device_train_batch_size", 8)
        settings["per_device_train_batch_size"] = micro
        settings["gradient_accumulation_steps"] = (
            settings.get("gradient_accumulation_steps", 1) * size // micro
        )
    plain = {key: getattr(value, "value", value) for key, value in settings.items()}
    path = folder / "stock.yaml"
    path.write_text(yaml.safe_dump(plain), encoding="utf-8")
    return path
