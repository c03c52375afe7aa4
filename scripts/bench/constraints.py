"""How fast constraints are checked, against the reference, and how slow the worst response is.

    TETHER_DATA=<mirror folder> PYTHONPATH=. python scripts/bench/constraints.py [--peer FOLDER] [--rows N]

Prints responses per second on one core: IFEval's prompts, strict and loose, ours and the peer's in one process on the
same responses, and how many verdicts differ; MathIF's items; then for every kind the slowest of the pathological
responses of 200,000 characters (bar: 250 ms).

The peer is the copy of IFEval's reference in lm-eval: pip install --no-deps --target FOLDER lm_eval==0.4.13 immutabledict.
Responses are GSM8K's texts, decorated at random as models decorate theirs, and with the words that the prompt asks for.
"""

import argparse
import importlib
import json
import random
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from langdetect import DetectorFactory, detect

from data.constraints.base import CONSTRAINTS, Constraint, check_all, from_spec
from data.constraints.draft import Material
from data.constraints.loose import strict_and_loose
from data.compose import MATHIF_SPACE
from data.mirror import read_rows
from eval.benchmarks.mathif import MathIF

DETECTING = {
    "language:response_language",
    "change_case:english_capital",
    "change_case:english_lowercase",
}
RANDOM_IN_THE_REFERENCE = (1122, 1129)  # letter_frequency of `#` and `!`
CHARS = 200_000
UNITS = (
    *("\n", "[", "<", "<<", "a", "a ", "*", "* ", '"', "\u200b", "\u0301", "\ud800", "$", r"\boxed{", r"\["),
    *('{"a":', "[" * 10 + "]" * 10, "Section 1 ", "p.s. ", "a. ", "Go. ", "- a\n", "a, ", "```\n", "().", "😀. "),
)  # fmt: skip
DECORATIONS = ("* ", "- ", "**Note** ", "\n\n", "\n***\n", "<<Title>> ", "[name] ", "P.S. ", "SO ", "Section 1\n")


class Item(NamedTuple):
    prompt: str
    names: list[str]
    kwargs: list[dict[str, Any]]
    response: str
    constraints: tuple[Constraint, ...]


def response(kwargs: list[dict[str, Any]], texts: list[str], rng: random.Random) -> str:
    """60 to 300 words: a few texts with decorations, and most of the words that are asked for."""
    words = [v for k in kwargs for v in k.values() if isinstance(v, str | list)]
    asked = [w for v in words for w in ([v] if isinstance(v, str) else v)]
    parts = rng.sample(texts, rng.randint(1, 3)) + [w for w in asked if rng.random() < 0.6]
    parts += rng.sample(DECORATIONS, rng.randint(0, 4))
    rng.shuffle(parts)
    text = " ".join(parts)
    return rng.choice((str.upper, str.lower, *[str] * 8))(text)  # type: ignore[no-any-return]


def ifeval_items(num: int) -> list[Item]:
    rng = random.Random(0)
    hub = ("google/IFEval", "ifeval_input_data.jsonl")
    keys = ("prompt", "instruction_id_list", "kwargs")
    rows = [r for r in read_rows("ifeval/input_data.jsonl", hub, keys) if r.values["key"] not in RANDOM_IN_THE_REFERENCE]
    solved = read_rows("gsm8k/test.jsonl", ("openai/gsm8k", "main/test-00000-of-00001.parquet"), ("question", "answer"))
    texts = [part for row in solved for part in (row.values["question"], row.values["answer"])]
    items = []
    for where, values in rng.choices(rows, k=num):
        names, kwargs = values["instruction_id_list"], values["kwargs"]
        built = tuple(from_spec(n, k, where) for n, k in zip(names, kwargs, strict=True))
        items.append(Item(values["prompt"], names, kwargs, response(kwargs, texts, rng), built))
    return items


def peer(folder: Path) -> Callable[[Item], tuple[list[bool], list[bool]]]:
    """lm-eval's checkers as its task runs them. The package is imported in part: the whole needs dozens of others."""
    for name in ("lm_eval", "lm_eval.tasks"):
        module = types.ModuleType(name)
        module.__path__ = [str(folder / name.replace(".", "/"))]
        sys.modules[name] = module
    sys.path.append(str(folder))
    registry = importlib.import_module("lm_eval.tasks.ifeval.instructions_registry")
    DetectorFactory.seed = 0
    detect("once, so that the profiles are there")

    def follows(item: Item, texts: list[str]) -> list[bool]:
        found = []
        for name, kwargs in zip(item.names, item.kwargs, strict=True):
            instruction = registry.INSTRUCTION_DICT[name](name)
            instruction.build_description(**{k: v for k, v in kwargs.items() if v})
            arguments = instruction.get_instruction_args()
            if arguments and "prompt" in arguments:
                instruction.build_description(prompt=item.prompt)
            found.append(any(t.strip() and instruction.check_following(t) for t in texts))
        return found

    def verdicts(item: Item) -> tuple[list[bool], list[bool]]:
        text = item.response
        lines = text.split("\n")
        cut = [text, *("\n".join(part).strip() for part in (lines[1:], lines[:-1], lines[1:-1]))]
        return follows(item, [text]), follows(item, cut + [t.replace("*", "") for t in cut])

    return verdicts


def timed(check: Callable[[Item], Any], items: list[Item]) -> tuple[float, list[Any]]:
    started = time.perf_counter()
    found = [check(item) for item in items]
    return time.perf_counter() - started, found


def ifeval(num: int, folder: Path | None) -> None:
    items = ifeval_items(num)
    plain = [item for item in items if not DETECTING & set(item.names)]
    reference = peer(folder) if folder else None

    def ours(item: Item) -> tuple[list[bool], list[bool]]:
        return strict_and_loose(item.constraints, item.response, "official")

    for item in items[:20]:  # profiles and word lists are loaded once
        ours(item)
    for label, part in (("no language detection", plain), ("all 25 kinds", items)):
        seconds, found = timed(ours, part)
        line = f"IFEval, {label:22} {len(part) / seconds:9,.0f} responses/s"
        if reference:
            peer_seconds, expected = timed(reference, part)
            differ = sum(a != b for a, b in zip(found, expected, strict=True))
            line += f"   lm-eval {len(part) / peer_seconds:7,.0f}   ratio {peer_seconds / seconds:5.1f}   rows that differ: {differ}"
        print(line)


def mathif(num: int, folder: Path | None) -> None:
    rng = random.Random(0)
    examples = MathIF().examples(0)
    solved = read_rows("gsm8k/test.jsonl", ("openai/gsm8k", "main/test-00000-of-00001.parquet"), ("question", "answer"))
    texts = [row.values["answer"] for row in solved]
    items = []
    for example in rng.choices(examples, k=num):
        kwargs = [c.kwargs() for c in example.constraints]
        names = [c.name.replace("length_constraint_checkers", "length_constraints") for c in example.constraints]
        items.append(Item(example.question, names, kwargs, response(kwargs, texts, rng), example.constraints))
    plain = [item for item in items if not DETECTING & set(item.names)]
    reference = peer(folder) if folder else None
    for label, part in (("12 kinds, no detection", plain), ("all items", items)):
        line = f"MathIF, {label:22}"
        for scorer in ("official", "repaired"):
            seconds, found = timed(lambda item: check_all(item.constraints, item.response, scorer), part)  # noqa: B023
            line += f" {scorer} {len(part) / seconds:9,.0f} items/s"
            if reference and scorer == "official":
                peer_seconds, expected = timed(lambda item: reference(item)[0], part)
                differ = sum(a != b[0] if isinstance(b, tuple) else a != b for a, b in zip(found, expected, strict=True))
                line += f" (reference strict and loose; ratio {peer_seconds / seconds:.1f}, differ {differ})"
        print(line)


def worst() -> None:
    """Slowest pathological response of every kind and scorer, milliseconds of CPU."""
    rng = random.Random(0)
    material = Material("What is 2+2?", "4")
    slowest = []
    for name in CONSTRAINTS:
        if name == "words:start_verb":
            continue
        constraint = CONSTRAINTS[name].sample(rng, MATHIF_SPACE, material.question)  # type: ignore[attr-defined]
        for unit in UNITS:
            text = ("x" + unit * (CHARS // len(unit)))[: CHARS - 2] + " x"
            for check in (constraint.official, constraint.check):
                started = time.process_time()
                check(text)
                slowest.append((1000 * (time.process_time() - started), name, check.__name__, unit))
    slowest.sort(reverse=True)
    print(f"worst case, {len(slowest)} checks of {CHARS:,} characters; the slowest, ms:")
    for milliseconds, name, scorer, unit in slowest[:8]:
        print(f"  {milliseconds:6.0f}  {name} {scorer} {unit!r}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", type=Path, help="folder that holds lm_eval/")
    parser.add_argument("--rows", type=int, default=1000)
    args = parser.parse_args()
    ifeval(args.rows, args.peer)
    mathif(args.rows, args.peer)
    worst()


if __name__ == "__main__":
    main()
