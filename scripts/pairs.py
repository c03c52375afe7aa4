"""Pairs for a reward model from the policy's own responses to adjacent levels of constraints ("Beyond the Trade-off",
https://arxiv.org/abs/2508.02150; docs/ssrl.md). No labels by humans or by a larger model.

    python scripts/pairs.py --config recipes/pairs/x.yaml [--dry-run] [key=value ...]

The policy answers every level of every family; a constraint's pairs are the response that was asked for it and the one of
the level below. In runs/<name>/:

    responses.jsonl  each prompt's response as it was sampled: id, sample, text
    pairs.jsonl      what train/reward_model.py reads: seed_id, level, kind, sort, constraint, response, label, truth
    noise.csv        how often labels are wrong, by kind, where a checker knows

Interrupted, even by kill -9, the same command goes on with the responses that are missing.
"""

import argparse
import csv
import io
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from data.decontaminate import Decontaminator
from data.decontaminate.report import REPORT
from data.families import Family
from data.mirror import json_lines
from data.pairs import PAIRS, Noise, Pair, noise, pairs_of
from data.prompt import messages
from data.sources import build_sources
from data.sources.levels import Levels
from data.tokenizer import Thinking, load_tokenizer
from eval.backends.transformers import one_model
from eval.generate import Prompt
from recipes import cli
from recipes.errors import UserError
from recipes.run import RunDir, check_checkout, write_atomically
from recipes.schema import load_recipe, to_yaml
from recipes.ssrl import PairsRecipe

RESPONSES, NOISE = "responses.jsonl", "noise.csv"
Key = tuple[str, int]  # prompt, sample


def build(recipe: PairsRecipe, where: str) -> list[Levels]:
    """Raises UserError for a source that has no families."""
    found: list[Levels] = []
    for number, source in enumerate(build_sources(recipe.data, where)):
        if not isinstance(source, Levels):
            raise UserError(
                f"{where}: data.{number}: found {source.name!r}; expected `levels`, whose prompts have adjacent levels"
            )
        found.append(source)
    return found


def families(
    sources: list[Levels], recipe: PairsRecipe, decontaminator: Decontaminator
) -> list[Family]:
    """Those whose seed may be trained on."""
    found: list[Family] = []
    for number, source in enumerate(sources):
        own = source.families(recipe.seed)
        stays = {one.id for one in decontaminator.keep(source, number, [f.seed for f in own])}
        found += [one for one in own if one.seed.id in stays]
    ids = [one.seed.id for one in found]
    if len(set(ids)) < len(ids):
        raise UserError(
            "data: found one seed in two sources; expected seeds_between that do not overlap"
        )
    return found


def begun(run: RunDir, recipe: PairsRecipe) -> set[Key]:
    """What an interrupted run has sampled."""
    path = run.begun(RESPONSES, recipe)
    return {(row.values["id"], row.values["sample"]) for row in json_lines(path)} if path else set()


def asked(found: list[Family], num_samples: int) -> dict[Key, str]:
    """Every prompt, with the bare seed as level 0."""
    return {
        (example.id, sample): example.prompt
        for family in found
        for example in (family.level(k) for k in range(len(family.instructions) + 1))
        for sample in range(num_samples)
    }


def sample(recipe: PairsRecipe, todo: dict[Key, str], num_done: int, path: Path) -> None:
    told = recipe.chat_template_kwargs
    model = one_model(recipe.policy, recipe.sampling, recipe.seed, recipe.dtype, told)
    thinking = Thinking.of(model.tokenizer)
    keys = list(todo)
    prompts = [Prompt(name, messages(todo[name, number]), number) for name, number in keys]
    total = num_done + len(todo)
    with (
        path.open("a", encoding="utf-8") as file,
        tqdm(total=total, initial=num_done, desc="responses", unit=" responses") as bar,
    ):
        for batch in model.generate(prompts):
            for index, one in batch:
                name, number = keys[index]
                response = thinking.read(one.text, one.token_ids)[0].response
                row = {
                    "id": name,
                    "sample": number,
                    "response": response,
                    "truncated": one.truncated,
                }
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
            file.flush()
            bar.update(len(batch))


def finish(run: RunDir, found: list[Family], recipe: PairsRecipe) -> tuple[list[Pair], list[Noise]]:
    """Write the pairs, and what is known of their labels."""
    responses = {
        (row.values["id"], row.values["sample"]): row.values["response"]
        for row in json_lines(run.path / RESPONSES)
    }
    numbers = range(recipe.sampling.num_samples)
    pairs: list[Pair] = []
    for family in found:
        ids = [family.level(k).id for k in range(len(family.instructions) + 1)]
        texts = [[responses[one, number] for number in numbers] for one in ids]
        pairs += [one for two in pairs_of(family, texts) for one in two]
    rates = noise(pairs)
    write_atomically(run.path / PAIRS, "".join(pair.line() for pair in pairs))
    write_atomically(run.path / NOISE, _csv(rates))
    return pairs, rates


def _csv(rates: list[Noise]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(Noise._fields)
    writer.writerows(rates)
    return out.getvalue()


def table(rates: list[Noise]) -> Table:
    found = Table(title="wrong labels, percent [95 %]")
    for name in ("kind", "", "n", "asked, not followed", "followed, not asked"):
        found.add_column(name, justify="left" if name in ("kind", "") else "right")
    for one in rates:
        cells = [
            f"{100 * value:.1f} [{100 * low:.1f}, {100 * high:.1f}]"
            for value, low, high in (one[3:6], one[6:9])
        ]
        found.add_row(
            one.kind, one.sort, f"{one.num:,}", *cells, end_section=one.kind.startswith("all")
        )
    return found


def main(args: argparse.Namespace) -> None:
    check_checkout(__file__)
    recipe = load_recipe(args.config, PairsRecipe, args.overrides)
    sources = build(recipe, args.config)
    decontaminator = Decontaminator(recipe.decontaminate, f"{args.config}: decontaminate")
    if args.dry_run:
        prompts = sum(len(one) // len(one.chosen) * (one.num_levels + 1) for one in sources)
        print(f"{to_yaml(recipe)}\nabout {prompts * recipe.sampling.num_samples:,} responses")
        return
    run = RunDir.named(recipe.name)
    lock = run.lock()
    done = begun(run, recipe)
    run.create(recipe)
    load_tokenizer(recipe.policy, f"{args.config}: policy")  # before the data are read
    found = families(sources, recipe, decontaminator)
    decontaminator.report.write(run.path / REPORT)
    decontaminator.report.tell(run.path / REPORT)
    wanted = asked(found, recipe.sampling.num_samples)
    todo = {key: prompt for key, prompt in wanted.items() if key not in done}
    if todo:
        sample(recipe, todo, len(done), run.path / RESPONSES)
    pairs, rates = finish(run, found, recipe)
    if rates:
        console = Console(stderr=True, width=None if sys.stderr.isatty() else 120)
        console.print(table(rates))
    print(f"{run.path / PAIRS}: {len(pairs):,} pairs")
    lock.release()


if __name__ == "__main__":
    cli.run(main, __doc__)
