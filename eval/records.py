"""One record per generated completion: what was asked, what came back, how it was judged. JSON lines on disk
(eval/marked.py)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from data.answers import Verdict, grade_all
from data.constraints.base import Constraint, check_all
from data.constraints.loose import strict_and_loose
from data.example import Example
from data.prompt import Spanned, assemble_spanned
from data.response import Completion
from data.tokenizer import Thinking
from eval.generate import Generation
from eval.marked import MarkedFile
from eval.regions import REGIONS, Region

Condition = Literal["with", "without"]


@dataclass(frozen=True)
class Rules:
    """How a benchmark's completions are judged.

    official:  what the reference implementation checks (eval/regions.py)
    reasoning: the constraints are on the chain of thought, not on the response
    fallbacks: an answer outside of a box counts too (data/answers)
    loose:     IFEval's loose verdicts are official too
    """

    official: Region = "mathif"
    reasoning: bool = False
    fallbacks: bool = False
    loose: bool = False


BOXED = Rules()


@dataclass(frozen=True)
class Task:
    """A problem under one condition: with its constraints, or the same prompt without them."""

    example: Example
    condition: Condition
    rules: Rules = BOXED
    sample: int = 0  # of several of the same prompt

    @property
    def prompt_key(self) -> str:
        return f"{self.example.id}/{self.condition}"

    @property
    def key(self) -> str:
        return f"{self.prompt_key}#{self.sample}" if self.sample else self.prompt_key

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        return self.example.constraints if self.condition == "with" else ()

    @property
    def spanned(self) -> Spanned | None:
        """The prompt with the places of its constraints; None where its source words it."""
        if self.example.text is not None and self.condition == "with":
            return None
        return assemble_spanned(self.example.question, self.constraints)

    @property
    def prompt(self) -> str:
        built = self.spanned
        return self.example.prompt if built is None else built.text


@dataclass(frozen=True)
class Record:
    """correct is None when the grading is undecided, or there is no gold.

    kinds, met: parallel, empty without constraints. met: by our repaired checkers; met_official: by the reference's, on the
    part of the output that it looks at; met_loose: IFEval's loose verdicts of the reference, empty where it has none.
    satisfiable: whether any response meets all constraints. case: which of a problem's prompts this is, "" where it has one.
    num_calls ... note: of a mitigation's reply (eval.generate.Response); generated_tokens is None, and decision and note are
    empty, where the model answered as it does, in one call.
    """

    key: str
    problem: str
    condition: Condition
    source: str
    difficulty: int
    num_constraints: int  # of the problem, in both conditions: the pair belongs to one stratum
    kinds: list[str]
    met: list[bool]
    correct: bool | None
    extracted: str | None
    method: str
    outcome: str
    truncated: bool
    reasoning_tokens: int
    response_tokens: int
    gold: str | None
    completion: str
    # Later than the first records: those read as these.
    met_official: list[bool] = field(default_factory=list)
    met_loose: list[bool] = field(default_factory=list)
    satisfiable: bool = True
    sample: int = 0
    num_calls: int = 1
    generated_tokens: int | None = None
    forced_tokens: int = 0
    decision: str = ""
    note: str = ""
    case: str = ""

    @property
    def prompt_key(self) -> str:
        """Of its task, whichever sample it is."""
        return self.key.removesuffix(f"#{self.sample}") if self.sample else self.key


def judge(generated: Sequence[tuple[Task, Generation]], thinking: Thinking) -> list[Record]:
    """Think-strip once, then grade and check the responses: the code that pays the rewards. Graded together, since what
    goes to the algebra system shares its workers."""
    read = [thinking.read(generation.text, generation.token_ids) for _, generation in generated]
    verdicts = _grade(generated, [completion for completion, _ in read])
    return [
        _record(task, generation, completion, reasoning, verdict)
        for (task, generation), (completion, reasoning), verdict in zip(
            generated, read, verdicts, strict=True
        )
    ]


def _grade(
    generated: Sequence[tuple[Task, Generation]], read: list[Completion]
) -> list[Verdict | None]:
    """None where there is no gold. A batch is of one benchmark."""
    asked = [
        (task.example.answer, completion.response)
        for (task, _), completion in zip(generated, read, strict=True)
    ]
    fallbacks = any(task.rules.fallbacks for task, _ in generated)
    pairs = [(gold, response) for gold, response in asked if gold is not None]
    verdicts = iter(grade_all(pairs, fallbacks=fallbacks))
    return [None if gold is None else next(verdicts) for gold, _ in asked]


def _record(
    task: Task,
    generation: Generation,
    completion: Completion,
    reasoning: int,
    verdict: Verdict | None,
) -> Record:
    example, rules = task.example, task.rules
    checked = completion.reasoning if rules.reasoning else completion.response
    official = REGIONS[rules.official](generation.text)
    if rules.loose:
        strict, loose = strict_and_loose(task.constraints, official, "official")
    else:
        strict, loose = check_all(task.constraints, official, "official"), []
    return Record(
        key=task.key,
        problem=example.problem_id or example.id,
        condition=task.condition,
        source=example.source,
        difficulty=example.difficulty,
        num_constraints=len(example.constraints),
        kinds=[constraint.name for constraint in task.constraints],
        met=check_all(task.constraints, checked),
        correct=verdict.correct if verdict else None,
        extracted=verdict.extracted if verdict else None,
        method=verdict.method if verdict else "no gold",
        outcome=completion.outcome,
        truncated=generation.truncated,
        reasoning_tokens=reasoning,
        response_tokens=len(generation.token_ids) - reasoning,
        gold=example.answer,
        completion=generation.text,
        met_official=strict,
        met_loose=loose,
        satisfiable=example.satisfiable,
        sample=task.sample,
        case=example.id if example.problem_id else "",
    )


class RecordFile(MarkedFile[Record]):
    """The records of one checkpoint on one benchmark."""

    kind = Record
