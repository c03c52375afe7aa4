"""The passages of a prompt that state its constraints: from our builder, from a file, or from a judge that fills the file.

    python -m eval.attention.located --benchmark '{name: ifeval}' --judge-model NAME [--judge-url URL] --out SPANS.jsonl

Rows of the file: {"id": ..., "text": the whole prompt, "constraints": [passage, ...]}; each passage stands in the prompt
exactly once. The paper has GPT-4o extract them (its prompt is not published); here the judge is any OpenAI-compatible
server, its answers are cached, and what it says is a file that can be read and mended before anything is measured by it.
"""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml
from tqdm import tqdm

from data.mirror import json_lines
from data.prompt import Spanned
from eval.attention.spans import find
from eval.benchmarks import build_benchmarks, tasks
from eval.complexbench import Judge
from eval.records import Task
from recipes.cli import guard
from recipes.errors import UserError
from recipes.run import write_atomically

EXTRACT = """Below is an instruction to a language model. Which passages of it state constraints on the answer: its format,
length, language, words, style, or what it has to contain or to avoid? The task or question itself is no constraint. Copy
each passage word for word, as short as possible but so that it stands in the instruction only once. Answer with a JSON list
of strings and nothing else; with [] if there are none.

[Instruction]
{instruction}
"""


class Asked(NamedTuple):
    """A prompt that is to be measured, and where its constraints stand in it."""

    task: Task
    prompt: Spanned


def asked(chosen: Iterable[Task], passages: Mapping[str, Sequence[str]], where: str) -> list[Asked]:
    """passages: by the id of an example, for prompts that their source words. Raises UserError for one without, or with one
    that is not there once."""
    found = []
    for task in chosen:
        built = task.spanned
        if built is None:
            text = task.prompt
            try:
                built = Spanned(text, find(text, passages[task.example.id]))
            except KeyError:
                raise UserError(
                    f"{where}: found no passages for {task.example.id!r}; expected a row for every prompt: "
                    "`python -m eval.attention.located` writes them"
                ) from None
            except ValueError as error:
                raise UserError(f"{where}: {task.example.id}: {error}") from None
        if not built.spans:
            raise UserError(
                f"{where}: {task.example.id}: found no constraint; expected prompts with constraints"
            )
        found.append(Asked(task, built))
    return found


def spread(all_tasks: Sequence[Task], count: int) -> list[Task]:
    """`count` tasks with constraints, evenly over all of them."""
    found = [task for task in all_tasks if task.condition == "with" and task.example.constraints]
    if len(found) <= count:
        return found
    return [found[index * len(found) // count] for index in range(count)]


def read_passages(path: Path, texts: Mapping[str, str]) -> dict[str, list[str]]:
    """By the id of an example. texts: the prompts that are meant; a row for another text of the same id is an error."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; expected JSON lines with id, text and constraints")
    found = {}
    for where, row in json_lines(path):
        key, text, passages = (row.get(name) for name in ("id", "text", "constraints"))
        if not isinstance(passages, list) or not all(isinstance(one, str) for one in passages):
            raise UserError(
                f"{where}: constraints: found {passages!r}; expected a list of passages"
            )
        if str(key) in texts and text != texts[str(key)]:
            raise UserError(
                f"{where}: text: found {str(text)[:40]!r}; expected the prompt of {key!r}, which is another"
            )
        found[str(key)] = passages
    return found


def extracted(judge: Judge, text: str) -> list[str]:
    """Passages as the judge copied them. Raises ValueError for an answer that is no list of passages of the text."""
    answer = judge.ask(EXTRACT.format(instruction=text))
    start, end = answer.find("["), answer.rfind("]")
    try:
        passages = json.loads(answer[start : end + 1])
    except json.JSONDecodeError:
        passages = None
    if not isinstance(passages, list) or not all(isinstance(one, str) for one in passages):
        raise ValueError(f"judge: found {answer[:60]!r}; expected a JSON list of passages")
    find(text, passages)
    return passages


def main(args: argparse.Namespace) -> None:
    (benchmark,) = build_benchmarks((yaml.safe_load(args.benchmark),), "--benchmark")
    judge = Judge(args.judge_model, args.judge_url, args.cache)
    rows, failed = [], []
    for task in tqdm([t for t in tasks(benchmark, 0) if t.condition == "with"], desc="prompts"):
        try:
            passages = extracted(judge, task.prompt)
        except ValueError as error:
            failed.append(f"{task.example.id}: {error}")
            continue
        rows.append({"id": task.example.id, "text": task.prompt, "constraints": passages})
    write_atomically(args.out, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    print(f"{args.out}: {len(rows):,} prompts")
    if failed:
        raise UserError("\n".join([f"{len(failed):,} prompts are left out; add them by hand:", *failed]))  # fmt: skip


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m eval.attention.located",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--benchmark", required=True, metavar="YAML", help="as in a sweep recipe, e.g. '{name: ifeval}'")  # fmt: skip
    add("--judge-model", required=True, metavar="NAME")
    add("--judge-url", metavar="URL", help="of an OpenAI-compatible server (default: OpenAI's)")
    add("--cache", type=Path, default=Path("runs/judge_cache"), help="folder of the judge's answers")  # fmt: skip
    add("--out", type=Path, required=True, metavar="SPANS.jsonl")
    return parser


if __name__ == "__main__":
    parsed = arguments().parse_args()
    guard(lambda: main(parsed))
