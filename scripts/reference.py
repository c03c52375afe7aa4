"""Sample a reference model on a recipe's prompts: mean tokens and accuracy of each, for the length terms that compare with
it (O1-Pruner, AdaptThink). Put `reference: FILE` into the recipe afterwards.

    python scripts/reference.py --config recipes/grpo/x.yaml --out runs/x.reference.jsonl [--samples 8] [--count reasoning]
        [section.key=value ...]

The model is the recipe's own starting point; sampling follows its `trainer` section (temperature, top_p, completion length).
Interrupted, the same command goes on with the first prompt that is missing.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from tqdm import tqdm

from data.answers import grade_all
from data.decontaminate import Decontaminator
from data.mirror import json_lines
from data.sources import build_sources, load_mixture
from data.tokenizer import Thinking
from eval.backends.transformers import Generator, one_model
from eval.generate import Generation, Prompt
from recipes import cli
from recipes.errors import UserError
from recipes.run import cut_half_line
from recipes.schema import GRPORecipe, Sampling, load_recipe

PROMPTS = 32  # per batch


def parse() -> argparse.Namespace:
    parser = cli.described(__doc__)
    parser.add_argument("--config", required=True, metavar="RECIPE.yaml")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE.jsonl")
    parser.add_argument(
        "--samples", type=int, default=8, help="per prompt (O1-Pruner and AdaptThink: 12 to 16)"
    )
    parser.add_argument(
        "--count", choices=("reasoning", "completion"), default="reasoning",
        help="which tokens; the length term's own `count`",
    )  # fmt: skip
    parser.add_argument("overrides", nargs="*", metavar="section.key=value")
    return parser.parse_intermixed_args()


def generator(recipe: GRPORecipe, samples: int) -> Generator:
    given = recipe.trainer
    sampling = Sampling(
        max_new_tokens=given.get("max_completion_length", 512),
        temperature=given.get("temperature", 1.0),
        top_p=given.get("top_p", 1.0),
        batch_size=PROMPTS * samples,
    )
    path = recipe.model["model_name_or_path"]
    return one_model(path, sampling, recipe.seed, "bfloat16", recipe.chat_template_kwargs)


def finished(path: Path, facts: dict[str, Any]) -> set[str]:
    """Ids of the prompts that an interrupted run left behind; a half-written last line is dropped. Raises UserError when
    they were sampled otherwise."""
    if not path.is_file():
        return set()
    cut_half_line(path)
    done = set()
    for row in json_lines(path):
        other = {key: row.values.get(key) for key in facts}
        if other != facts:
            raise UserError(
                f"{row.where}: found {other}; expected {facts}: remove {path} to begin again"
            )
        done.add(row.values["id"])
    return done


def line(
    row: dict[str, Any], found: list[Generation], thinking: Thinking, facts: dict[str, Any]
) -> str:
    """One prompt's samples as a line of the file. Undecided gradings count as wrong: what the reference cannot be shown to
    solve, it does not solve."""
    read = [thinking.read(one.text, one.token_ids) for one in found]
    verdicts = grade_all((row["answer"], completion.response) for completion, _ in read)
    tokens = [
        reasoning if facts["count"] == "reasoning" else len(one.token_ids)
        for one, (_, reasoning) in zip(found, read, strict=True)
    ]
    values = {
        "id": row["id"],
        "reference_tokens": sum(tokens) / len(tokens),
        "reference_accuracy": sum(verdict.correct is True for verdict in verdicts) / len(verdicts),
    }
    return json.dumps(values | facts) + "\n"


def main(args: argparse.Namespace) -> None:
    recipe = load_recipe(args.config, GRPORecipe, args.overrides)
    sources = build_sources(recipe.data, args.config)
    decontaminator = Decontaminator(recipe.decontaminate, f"{args.config}: decontaminate")
    dataset = load_mixture(sources, recipe.seed, decontaminator, recipe.system_prompt)
    decontaminator.report.warn()
    path = recipe.model["model_name_or_path"]
    facts = {"model": path, "num_samples": args.samples, "count": args.count, "seed": recipe.seed}
    done = finished(args.out, facts)
    rows = [row for row in dataset if row["id"] not in done and row["answer"] is not None]
    model = generator(recipe, args.samples)
    thinking = Thinking.of(model.tokenizer)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    with (
        args.out.open("a", encoding="utf-8") as file,
        tqdm(total=len(rows), unit=" prompts") as bar,
    ):
        for start in range(0, len(rows), PROMPTS):
            chosen = rows[start : start + PROMPTS]
            prompts = [
                Prompt(row["id"], row["prompt"], sample)
                for row in chosen
                for sample in range(args.samples)
            ]
            found: dict[int, Generation] = {}
            for batch in model.generate(prompts):
                found.update(batch)
            for number, row in enumerate(chosen):
                first = number * args.samples
                own = [found[index] for index in range(first, first + args.samples)]
                file.write(line(row, own, thinking, facts))
            file.flush()
            bar.update(len(chosen))


if __name__ == "__main__":
    arguments = parse()
    cli.guard(lambda: main(arguments))
