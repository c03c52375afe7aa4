"""ComplexBench (https://arxiv.org/abs/2407.03978): scoring questions that depend on each other, by rule or by a judge.

    python -m eval.complexbench RESPONSES.jsonl --data DATA.json --judge-model NAME [--judge-url URL] --out VERDICTS.jsonl

DATA.json is the published file (thu-coai/ComplexBench); it is not in any mirror of ours. RESPONSES.jsonl: rows with
`main_id` and a response; what is inside of `<think>` is not judged. The judge is any OpenAI-compatible server (key:
OPENAI_API_KEY, where it wants one). It answers questions without a rule, and finds the passage that a rule is about; both
are cached, so that the same responses cost nothing again.
"""

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from data.endpoint import Endpoint
from data.mirror import json_lines
from data.response import split
from eval.complexbench_rules import judge_pieces
from eval.elsewhere import RESPONSES
from recipes.cli import described, guard
from recipes.errors import UserError
from recipes.run import write_atomically

Language = Literal["zh", "en"]
MOST_CHARACTERS = 4000  # of a response, before judging, as in the reference

FACTS = """
[Instruction]
{instruction}

[Response]
{response}

[Question]
{question}
"""
QUESTION = """Below are an instruction, a response to it, and one question about the response. Judge only what the question
asks. Answer with a single word: YES if the response meets it, NO if it does not, or if it cannot be told.
"""
PASSAGE = """Below are an instruction, a response to it, and one question about the response. Which passage of the response
is the question about? Copy it word for word. Write `all` if it is the whole response, `None` if there is no such passage,
and separate several passages with `||`. Write nothing else.
"""


@dataclass(frozen=True)
class Question:
    """dep: places of earlier questions that have to be met too."""

    text: str
    rule: str | None
    dep: tuple[int, ...]
    dimensions: tuple[str, ...]
    compositions: tuple[str, ...]


@dataclass(frozen=True)
class Instance:
    main_id: str
    group: str
    category: str
    instruction: str
    questions: tuple[Question, ...]


def read_data(path: Path, language: Language) -> list[Instance]:
    """Raises UserError for a file that is not the published one."""
    if not path.is_file():
        raise UserError(
            f"{path}: no such file; expected ComplexBench's data (thu-coai/ComplexBench)"
        )
    rows = json.loads(path.read_text(encoding="utf-8"))
    end = "_en" if language == "en" else ""
    try:
        return [_instance(row, end) for row in rows]
    except (KeyError, TypeError) as error:
        raise UserError(
            f"{path}: found a row without {error}; expected ComplexBench's keys"
        ) from None


def _instance(row: dict[str, Any], end: str) -> Instance:
    return Instance(
        str(row["main_id"]), str(row["group"]), row["category"], row[f"instruction{end}"],
        tuple(
            Question(
                one[f"question{end}"], one["rule"] or None, tuple(one["dep"]), tuple(one["constraint_dimensions"]),
                tuple(one["composition_types"]),
            )
            for one in row["scoring_questions"]
        ),
    )  # fmt: skip


# ---------------------------------------------------------------------- verdicts


def gated(raw: list[bool | None], questions: Iterable[Question], transitive: bool) -> list[bool]:
    """A question counts as not met when one that it depends on is not. The reference looks at raw verdicts, one step back;
    transitive follows the dependencies to their ends. None (an unknown rule) is not met, and holds nothing back."""
    found: list[bool] = []
    for verdict, question in zip(raw, questions, strict=True):
        held_back = any(
            raw[index] is False or (transitive and not found[index] and raw[index] is not None)
            for index in question.dep
        )
        found.append(verdict is True and not held_back)
    return found


class Judge:
    """cache: a folder of answers by model and prompt."""

    def __init__(self, model: str, url: str | None, cache: Path) -> None:
        self._endpoint = Endpoint(model, url, cache)

    def verdict(self, instance: Instance, response: str, question: Question) -> bool | None:
        """None for a rule that is not known."""
        facts = FACTS.format(
            instruction=instance.instruction, response=response, question=question.text
        )
        if question.rule is None:
            return self._endpoint.ask(QUESTION + facts).strip("*. ").upper().startswith("YES")
        return judge_pieces(question.rule, pieces(self._endpoint.ask(PASSAGE + facts), response))


def pieces(answer: str, response: str) -> list[str]:
    """What the judge copied."""
    if answer.lower() == "all":
        return [response]
    if answer == "None":
        return []
    return [part.strip() for part in answer.split("||") if part.strip()]


# ---------------------------------------------------------------------- figures


def drfr(verdicts: list[list[bool]]) -> float:
    """Decomposed requirements following ratio: met questions of all, in per cent."""
    met = [one for part in verdicts for one in part]
    return 100 * sum(met) / len(met)


def by(
    instances: list[Instance], verdicts: list[list[bool]], kind: str
) -> dict[str, tuple[float, int]]:
    """DRFR by what a question is about: `dimensions` or `compositions`; and how many."""
    met: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for instance, found in zip(instances, verdicts, strict=True):
        for question, one in zip(instance.questions, found, strict=True):
            for name in getattr(question, kind):
                asked[name] += 1
                met[name] += one
    return {name: (100 * met[name] / count, count) for name, count in sorted(asked.items())}


def coherent(instances: list[Instance], verdicts: list[list[bool]]) -> float:
    """Per cent of the groups whose members are all met entirely."""
    groups: dict[str, list[bool]] = defaultdict(list)
    for instance, found in zip(instances, verdicts, strict=True):
        groups[instance.group].append(all(found))
    return 100 * sum(map(all, groups.values())) / len(groups)


def table(instances: list[Instance], raw: list[list[bool | None]]) -> Table:
    found = Table(
        "", "reference's gate", "transitive", "questions", title="ComplexBench, DRFR in %"
    )
    gates = [
        [
            gated(one, instance.questions, transitive)
            for instance, one in zip(instances, raw, strict=True)
        ]
        for transitive in (False, True)
    ]
    count = sum(len(one) for one in raw)
    found.add_row("all", *(f"{drfr(one):.2f}" for one in gates), f"{count:,}")
    for kind in ("compositions", "dimensions"):
        found.add_section()
        parts = [by(instances, one, kind) for one in gates]
        for name, (_, asked) in parts[0].items():
            found.add_row(name, *(f"{part[name][0]:.2f}" for part in parts), f"{asked:,}")
    found.add_section()
    found.add_row("groups met entirely", *(f"{coherent(instances, one):.2f}" for one in gates), "")
    if unknown := sum(one is None for part in raw for one in part):
        found.caption = f"{unknown:,} questions have a rule that is not known, and count as not met"
    return found


# ---------------------------------------------------------------------- the command


def responses(path: Path) -> dict[str, str]:
    """main_id -> response, without its reasoning. Raises UserError for a row without them."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; expected JSON lines")
    found = {}
    for where, values in json_lines(path):
        text = next((values[name] for name in RESPONSES if isinstance(values.get(name), str)), None)
        if "main_id" not in values or text is None:
            raise UserError(
                f"{where}: found keys {', '.join(values)}; expected main_id and a response"
            )
        found[str(values["main_id"])] = split(text).response[:MOST_CHARACTERS]
    return found


def main(args: argparse.Namespace) -> None:
    instances = read_data(args.data, args.language)
    written = responses(args.responses)
    asked = [instance for instance in instances if instance.main_id in written]
    if not asked:
        raise UserError(f"{args.responses}: none of its main_id is in {args.data}")
    judge = Judge(args.judge_model, args.judge_url, args.cache)
    jobs = [(one, written[one.main_id], question) for one in asked for question in one.questions]
    with ThreadPoolExecutor(args.concurrency) as pool:
        verdicts = iter(
            list(
                tqdm(
                    pool.map(lambda job: judge.verdict(*job), jobs),
                    total=len(jobs),
                    desc="questions",
                    leave=False,
                )
            )
        )
    raw = [[next(verdicts) for _ in one.questions] for one in asked]
    if len(asked) < len(instances):
        print(
            f"{len(instances) - len(asked):,} of {len(instances):,} instructions have no response and are left out"
        )
    Console().print(table(asked, raw))
    if args.out is not None:
        lines = [
            json.dumps({"main_id": one.main_id, "verdicts": part}) + "\n"
            for one, part in zip(asked, raw, strict=True)
        ]
        write_atomically(args.out, "".join(lines))


def arguments() -> argparse.ArgumentParser:
    parser = described(__doc__, "python -m eval.complexbench")
    add = parser.add_argument
    add("responses", type=Path, metavar="RESPONSES.jsonl")
    add("--data", type=Path, required=True, metavar="DATA.json", help="the published instructions")
    add(
        "--language",
        choices=("zh", "en"),
        default="en",
        help="of instructions and questions (default: en)",
    )
    add("--judge-model", required=True, metavar="NAME")
    add("--judge-url", metavar="URL", help="of an OpenAI-compatible server (default: OpenAI's)")
    add("--concurrency", type=int, default=8, help="requests at a time (default: 8)")
    add(
        "--cache", type=Path, default=Path("runs/judge_cache"), help="folder of the judge's answers"
    )
    add("--out", type=Path, metavar="VERDICTS.jsonl")
    return parser


if __name__ == "__main__":
    parsed = arguments().parse_args()
    guard(lambda: main(parsed))
