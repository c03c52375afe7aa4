"""How fast constraints are checked, against the reference, and how slow the worst response is.

    TETHER_DATA=<mirror folder> python scripts/bench/constraints.py [--peer FOLDER] [--rows N]

Prints responses per CPU second: IFEval's prompts, strict and loose, ours and the peer's in one process on the
same responses, and how many verdicts differ; MathIF's items; then for every kind the slowest of the pathological
responses of 200,000 characters (bar: 250 ms).

The peer is the copy of IFEval's reference in lm-eval: pip install --no-deps --target FOLDER lm_eval==0.4.13 immutabledict.
Responses are GSM8K's texts, decorated at random as models decorate theirs, and with the words that the prompt asks for.
"""

import importlib
import random
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from langdetect import DetectorFactory, detect

from data.compose import MATHIF_SPACE
from data.constraints.base import CONSTRAINTS, Constraint, check_all, from_spec
from data.constraints.draft import Material
from data.constraints.loose import strict_and_loose
from data.mirror import read_rows
from eval.benchmarks.mathif import MathIF
from recipes.cli import described

DETECTING = {
    "language:response_language",
    "change_case:english_capital",
    "change_case:english_lowercase",
}
RANDOM_IN_THE_REFERENCE = (1122, 1129)  # letter_frequency of `#` and `!`
CHARS = 200_000
GSM8K = ("openai/gsm8k", "main/test-00000-of-00001.parquet")
UNITS = (
    *("\n", "[", "<", "<<", "a", "a ", "*", "* ", '"', "\u200b", "\u0301", "\ud800", "$", r"\boxed{", r"\["),
    *('{"a":', "[" * 10 + "]" * 10, "Section 1 ", "p.s. ", "a. ", "Go. ", "- a\n", "a, ", "```\n", "().", "😀. "),
)  # fmt: skip
DECORATIONS = (
    "* ",
    "- ",
    "**Note** ",
    "\n\n",
    "\n***\n",
    "<<Title>> ",
    "[name] ",
    "P.S. ",
    "SO ",
    "Section 1\n",
)


Check = Callable[["Item"], Any]


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
    rows = [
        r
        for r in read_rows("ifeval/input_data.jsonl", hub, keys)
        if r.values["key"] not in RANDOM_IN_THE_REFERENCE
    ]
    solved = read_rows("gsm8k/test.jsonl", GSM8K, ("question", "answer"))
    texts = [part for row in solved for part in (row.values["question"], row.values["answer"])]
    items = []
    for where, values in rng.choices(rows, k=num):
        names, kwargs = values["instruction_id_list"], values["kwargs"]
        built = tuple(from_spec(n, k, where) for n, k in zip(names, kwargs, strict=True))
        items.append(Item(values["prompt"], names, kwargs, response(kwargs, texts, rng), built))
    return items


def peer(folder: Path) -> tuple[Check, Check]:
    """lm-eval's checkers as its task runs them: strict; strict and loose. Only that part of the package is imported: the
    whole needs dozens of others."""
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

    def strict(item: Item) -> list[bool]:
        return follows(item, [item.response])

    def both(item: Item) -> tuple[list[bool], list[bool]]:
        text = item.response
        lines = text.split("\n")
        cut = [text, *("\n".join(part).strip() for part in (lines[1:], lines[:-1], lines[1:-1]))]
        return strict(item), follows(item, cut + [t.replace("*", "") for t in cut])

    return strict, both


def timed(check: Check, items: list[Item]) -> tuple[float, list[Any]]:
    """CPU seconds, so that what else runs on the machine does not count."""
    started = time.process_time()
    found = [check(item) for item in items]
    return time.process_time() - started, found


def compare(label: str, items: list[Item], ours: Check, reference: Check | None) -> None:
    """One line: responses per second, and the ratio and the differences to the reference."""
    seconds, found = timed(ours, items)
    line = f"{label:46} {len(items) / seconds:8,.0f}/s"
    if reference:
        theirs, expected = timed(reference, items)
        differ = sum(a != b for a, b in zip(found, expected, strict=True))
        line += f"  reference {len(items) / theirs:6,.0f}/s  ratio {theirs / seconds:5.1f}  differ {differ}"
    print(line)


def undetecting(items: list[Item]) -> list[Item]:
    return [item for item in items if not DETECTING & set(item.names)]


def ifeval(num: int, reference: Check | None) -> None:
    def ours(item: Item) -> tuple[list[bool], list[bool]]:
        return strict_and_loose(item.constraints, item.response, "official")

    items = ifeval_items(num + 20)
    timed(ours, items[:20])  # profiles and word lists are loaded once
    items = items[20:]
    compare("IFEval, strict and loose, no detection", undetecting(items), ours, reference)
    detecting = [item for item in items if DETECTING & set(item.names)]
    compare("IFEval, strict and loose, detecting", detecting, ours, reference)
    items = ifeval_items(2 * num + 20)[num + 20 :]  # responses that no cache has seen
    compare("IFEval, strict and loose, all 25 kinds", items, ours, reference)


def mathif_items(num: int) -> list[Item]:
    rng = random.Random(0)
    solved = read_rows("gsm8k/test.jsonl", GSM8K, ("question", "answer"))
    texts = [row.values["answer"] for row in solved]
    items = []
    for example in rng.choices(MathIF().examples(0), k=num):
        built = example.constraints
        kwargs = [constraint.kwargs() for constraint in built]
        names = [c.name.replace("length_constraint_checkers", "length_constraints") for c in built]
        items.append(Item(example.question, names, kwargs, response(kwargs, texts, rng), built))
    return items


def mathif(num: int, reference: Check | None) -> None:
    def official(item: Item) -> list[bool]:
        return check_all(item.constraints, item.response, "official")

    def repaired(item: Item) -> list[bool]:
        return check_all(item.constraints, item.response, "repaired")

    first, second = mathif_items(num), mathif_items(2 * num)[num:]
    for label, select in (("12 kinds without detection", undetecting), ("whole items", list)):
        compare(f"MathIF, official, {label}", select(first), official, reference)
        compare(f"MathIF, repaired, {label}", select(first), repaired, None)
        first = second


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
    parser = described(__doc__)
    parser.add_argument("--peer", type=Path, help="folder that holds lm_eval/")
    parser.add_argument("--rows", type=int, default=2000)
    args = parser.parse_args()
    strict, both = peer(args.peer) if args.peer else (None, None)
    ifeval(args.rows, both)
    mathif(args.rows, strict)
    worst()


if __name__ == "__main__":
    main()
