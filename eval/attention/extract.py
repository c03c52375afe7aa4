"""A judge copies the passages of prompts that state constraints, for prompts that are worded by their source.

    python -m eval.attention.extract --benchmark '{name: ifeval}' --judge-model NAME [--judge-url URL] --out SPANS.jsonl

In the paper GPT-4o does (its prompt is not published). Here the judge is any OpenAI-compatible server (key: OPENAI_API_KEY,
where it wants one), its answers are cached, and what it says is a file (eval/attention/located.py) that can be read and
mended before anything is measured by it.
"""

import argparse
import json
from pathlib import Path

import yaml
from tqdm import tqdm

from data.endpoint import Endpoint
from eval.attention.spans import find
from eval.benchmarks import build_benchmarks, tasks
from recipes.cli import described, guard
from recipes.errors import UserError
from recipes.run import write_atomically

EXTRACT = """Below is an instruction to a language model. Which passages of it state constraints on the answer: its format,
length, language, words, style, or what it has to contain or to avoid? The task or question itself is no constraint. Copy
each passage word for word, as short as possible but so that it stands in the instruction only once. Answer with a JSON list
of strings and nothing else; with [] if there are none.

[Instruction]
{instruction}
"""


def extracted(judge: Endpoint, text: str) -> list[str]:
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
    judge = Endpoint(args.judge_model, args.judge_url, args.cache)
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
    parser = described(__doc__, "python -m eval.attention.extract")
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
