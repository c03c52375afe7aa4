"""Write the tiny base model's card from its two runs and its sweep, so that no figure in it is typed by hand.

python scripts/model_card.py DRILL_RUN BASE_RUN SWEEP_RUN MODEL_DIR
"""

import csv
import json
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from transformers import AutoModelForCausalLM, AutoTokenizer

from eval.scores import Score
from eval.tables import interval
from recipes.checkpoints import STATE
from recipes.cli import described
from recipes.run import RunDir

CARD = """# Tiny base model

A Llama-type decoder, {parameters:,} parameters, {dtype}, trained from scratch on the tiny world's texts by
`make base`. Byte-level BPE, {vocabulary:,} tokens, single digits; `<think>` and `</think>` are ordinary tokens.

| stage | recipe | seed | commit | steps | tokens | minutes on two cores | last loss |
|---|---|---|---|---|---|---|---|
{stages}

Scores, greedy, on held-out problems, percent with 95 % intervals (`python -m eval.sweep --config
recipes/sweep/tiny_base.yaml`):

| | all | {headings} |
|---|---|{rule}|
{scores}

| met, by kind | tier | percent |
|---|---|---|
{kinds}

CoT {reasoning} tokens, response {response} tokens.
"""
ROWS = {
    "accuracy without constraints": "accuracy_without",
    "accuracy with constraints": "accuracy_with",
    "all constraints met (HAcc)": "hacc",
}
SLICES = [f"difficulty={n}" for n in range(1, 7)] + [f"num_constraints={n}" for n in (1, 2, 3)]
TIERS = {"tiny": "train", "held_out": "held out", "unseen": "unseen"}


def stage(run: RunDir, recipe: str) -> str:
    """A row of the first table."""
    last = run.checkpoints()[-1]
    facts = json.loads((run.path / "run.json").read_text(encoding="utf-8"))
    state = json.loads((last.path / STATE).read_text(encoding="utf-8"))
    logged = [entry for entry in state["log_history"] if "loss" in entry]
    return (
        f"| {run.path.name} | `{recipe}` | {facts['seed']} | {facts['git_commit']} | {last.step:,} | "
        f"{_tokens(logged) / 1e6:.1f} M | {_minutes(run):.0f} | {float(logged[-1]['loss']):.3f} |"
    )


def _tokens(logged: list[dict[str, Any]]) -> float:
    """TRL counts from 0 again after an interruption."""
    counts = [float(entry["num_tokens"]) for entry in logged]
    starts = [a for a, b in pairwise(counts) if b < a]
    return sum(starts) + counts[-1]


def _minutes(run: RunDir) -> float:
    """From the median time between two checkpoints, so that an interruption does not count; the making of the data is
    left out."""
    saved = [(c.step, (c.path / STATE).stat().st_mtime) for c in run.checkpoints()]
    pace = median((b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(saved))
    return pace * saved[-1][0] / 60


def score(row: dict[str, str]) -> Score:
    value, low, high = (float(row[key]) for key in ("value", "low", "high"))
    return Score(row["metric"], row["slice"], value, low, high, int(row["n"]))


def main(drill: str, base: str, sweep: str, out: str) -> None:
    model = AutoModelForCausalLM.from_pretrained(out)
    with (Path(sweep) / "scores.csv").open(encoding="utf-8") as file:
        found = {
            (row["benchmark"], row["metric"], row["slice"]): score(row)
            for row in csv.DictReader(file)
            if row["run"] == "all seeds"
        }

    def cell(benchmark: str, metric: str, name: str) -> str:
        return interval(found.get((benchmark, metric, name)))

    scores = [
        " | ".join(["| " + title, *(cell("tiny", metric, name) for name in ("all", *SLICES))])
        + " |"
        for title, metric in ROWS.items()
    ]
    kinds = [
        f"| `{name.removeprefix('kind=')}` | {TIERS[benchmark]} | {cell(benchmark, metric, name)} |"
        for benchmark, metric, name in found
        if metric == "met"
    ]
    headings = [
        name.replace("difficulty=", "steps ").replace("num_constraints=", "k = ") for name in SLICES
    ]
    card = CARD.format(
        parameters=model.num_parameters(),
        dtype=str(model.dtype).removeprefix("torch."),
        vocabulary=len(AutoTokenizer.from_pretrained(out)),
        stages="\n".join(
            (
                stage(RunDir(Path(drill)), "recipes/sft/tiny_drill.yaml"),
                stage(RunDir(Path(base)), "recipes/sft/tiny_base.yaml"),
            )
        ),
        headings=" | ".join(headings),
        rule="|".join(["---"] * len(headings)),
        scores="\n".join(scores),
        kinds="\n".join(kinds),
        reasoning=cell("tiny", "reasoning_tokens", "all"),
        response=cell("tiny", "response_tokens", "all"),
    )
    (Path(out) / "README.md").write_text(card, encoding="utf-8")
    print(card)


if __name__ == "__main__":
    parser = described(__doc__)
    for name in ("drill", "base", "sweep"):
        parser.add_argument(name, metavar=f"{name.upper()}_RUN")
    parser.add_argument("out", metavar="MODEL_DIR")
    main(**vars(parser.parse_args()))
