"""Data in the shape of the real files, a few rows each."""

import json
from pathlib import Path

from data.example import completion
from recipes.schema import TrainRecipe

QUESTION = "Zoë pays 3 € for 2 pens. How much for $4$?"


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_mirror(folder: Path, rows: int = 6) -> None:
    """What $TETHER_DATA holds for the sources of the recipes."""
    solution = "3/2=<<3/2=1.5>>1.5\n1.5*4=6\n#### 6"
    _write(folder / "gsm8k/train.jsonl", [{"question": QUESTION, "answer": solution}] * rows)
    problem = {"problem": QUESTION, "solution": r"It is \boxed{6}.", "level": "Level 2"}
    _write(folder / "math/train.jsonl", [problem] * rows)
    problems = [{"problem": QUESTION, "answer": "6", "solution": ""}] * rows
    _write(folder / "deepscaler/deepscaler.jsonl", problems)
    request = [{"role": "user", "content": "Name a river. Do not use any commas."}]
    truth = [{"instruction_id": ["punctuation:no_comma"], "kwargs": [None]}]
    requests = [
        {"key": str(number), "messages": request, "ground_truth": json.dumps(truth)}
        for number in range(rows)
    ]
    _write(folder / "if_multi/train.jsonl", requests)


def write_traces(path: Path, rows: int = 6) -> None:
    target = completion("3/2 = 1.5 and 4 * 1.5 = 6.", r"It is \boxed{6}.")
    _write(path, [{"question": QUESTION, "completion": target, "answer": "6"}] * rows)


def traces_at(path: Path, recipe: TrainRecipe) -> list[str]:
    """Overrides that point a recipe's sources of traces to this file."""
    data = enumerate(recipe.data)
    return [f"data.{number}.path={path}" for number, entry in data if entry["name"] == "traces"]
