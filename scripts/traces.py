"""Reasoning traces of a teacher on training problems, for SFT: what source `traces` reads.

    python scripts/traces.py --config recipes/traces/x.yaml [--dry-run] [key=value ...]

Each prompt is sampled once and graded. Dropped are traces that were cut off or have no closed thinking, those with more than
`max_reasoning_tokens`, wrong and undecided answers, and unmet constraints. In runs/<name>/:

    traces.jsonl    what is left, in random order, so that its first n rows are a sample: id, question, prompt, answer,
                    completion, reasoning_tokens
    attempts.jsonl  the same of every prompt, with `dropped`: why, or null; the completion is the teacher's own text then
    summary.json    how many of each, as in the table that is printed; decontamination.json: what was not sampled

Interrupted, even by kill -9, the same command goes on with the prompts that are missing.
"""

import argparse
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from data.answers import grade_all
from data.constraints.base import check_all
from data.decontaminate import Decontaminator
from data.decontaminate.report import REPORT
from data.example import Example, completion
from data.mirror import json_lines
from data.prompt import messages
from data.response import Completion
from data.sources import build_sources, load_examples, num_rows
from data.tokenizer import Thinking, load_tokenizer
from eval.backends.transformers import one_model
from eval.generate import Generation, Prompt
from recipes import cli
from recipes.run import RunDir, check_checkout, write_atomically
from recipes.schema import TracesRecipe, load_recipe, to_yaml

ATTEMPTS, TRACES, SUMMARY = "attempts.jsonl", "traces.jsonl", "summary.json"
KEPT = "kept"
REASONS = (
    "cut off",
    "no closed thinking",
    "too long",
    "undecided answer",
    "wrong answer",
    "unmet constraint",
)


def begun(run: RunDir, recipe: TracesRecipe) -> set[str]:
    """Ids of the prompts that an interrupted run has sampled."""
    path = run.begun(ATTEMPTS, recipe)
    return {row.values["id"] for row in json_lines(path)} if path else set()


def dropped(
    example: Example, read: tuple[Completion, int], cut_off: bool, correct: bool | None, limit: int
) -> str | None:
    """Why a trace is no example to learn from: one of REASONS, the first that holds."""
    found, reasoning_tokens = read
    holds = (
        cut_off,
        found.outcome != "closed",
        reasoning_tokens > limit,
        correct is None,
        not correct,
        not all(check_all(example.constraints, found.response)),
    )
    return next((reason for reason, yes in zip(REASONS, holds, strict=True) if yes), None)


def judge(
    sampled: list[tuple[Example, Generation]], thinking: Thinking, limit: int
) -> list[dict[str, Any]]:
    """One attempt for each. What has no answer to grade counts as correct: its constraints decide."""
    read = [thinking.read(generation.text, generation.token_ids) for _, generation in sampled]
    verdicts = iter(
        grade_all(
            (example.answer, found.response)
            for (example, _), (found, _) in zip(sampled, read, strict=True)
            if example.answer is not None
        )
    )
    attempts = []
    for (example, generation), one in zip(sampled, read, strict=True):
        correct = next(verdicts).correct if example.answer is not None else True
        reason = dropped(example, one, generation.truncated, correct, limit)
        attempts.append({
            "id": example.id,
            "question": example.question,
            "prompt": example.prompt,
            "answer": example.answer,
            "completion": generation.text if reason else completion(one[0].reasoning, one[0].response),
            "reasoning_tokens": one[1],
            "dropped": reason,
        })  # fmt: skip
    return attempts


def sample(recipe: TracesRecipe, todo: list[Example], num_done: int, path: Path) -> None:
    told = recipe.chat_template_kwargs
    model = one_model(recipe.teacher, recipe.sampling, recipe.seed, recipe.dtype, told)
    thinking = Thinking.of(model.tokenizer)
    prompts = [Prompt(example.id, messages(example.prompt)) for example in todo]
    with (
        path.open("a", encoding="utf-8") as file,
        tqdm(
            total=num_done + len(todo), initial=num_done, desc="traces", unit=" prompts"
        ) as progress,
    ):
        for batch in model.generate(prompts):
            sampled = [(todo[index], generation) for index, generation in batch]
            attempts = judge(sampled, thinking, recipe.max_reasoning_tokens)
            file.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in attempts)
            file.flush()
            progress.update(len(batch))


def finish(run: RunDir, seed: int) -> Counter[str]:
    """Write what is left, and how many went for which reason."""
    counts: Counter[str] = Counter()
    lines = []
    for row in json_lines(run.path / ATTEMPTS):
        reason = row.values.pop("dropped")
        counts[reason or KEPT] += 1
        if reason is None:
            lines.append(json.dumps(row.values, ensure_ascii=False) + "\n")
    lines.sort()  # an interrupted run samples in another order
    random.Random(seed).shuffle(lines)
    write_atomically(run.path / TRACES, "".join(lines))
    write_atomically(run.path / SUMMARY, json.dumps(counts, indent=1) + "\n")
    return counts


def table(counts: Counter[str]) -> Table:
    found = Table("traces", "number", "share")
    for reason in (KEPT, *REASONS):
        found.add_row(
            reason, f"{counts[reason]:,}", f"{counts[reason] / max(1, counts.total()):.1%}"
        )
    return found


def main(args: argparse.Namespace) -> None:
    check_checkout(__file__)
    recipe = load_recipe(args.config, TracesRecipe, args.overrides)
    sources = build_sources(recipe.data, args.config)
    decontaminator = Decontaminator(recipe.decontaminate, f"{args.config}: decontaminate")
    if args.dry_run:
        print(f"{to_yaml(recipe)}\n{num_rows(sources):,} prompts at most")
        return
    run = RunDir.named(recipe.name)
    lock = run.lock()
    done = begun(run, recipe)
    run.create(recipe)
    load_tokenizer(recipe.teacher, f"{args.config}: teacher")  # before the data are read
    examples = list(load_examples(sources, recipe.seed, decontaminator))
    report = run.path / REPORT
    decontaminator.report.write(report)
    decontaminator.report.tell(report)
    todo = [example for example in examples if example.id not in done]
    if todo:
        sample(recipe, todo, len(done), run.path / ATTEMPTS)
    counts = finish(run, recipe.seed)
    Console(stderr=True).print(table(counts))
    print(run.path / TRACES)
    lock.release()


if __name__ == "__main__":
    cli.run(main, __doc__)
