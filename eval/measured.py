"""What the records of one checkpoint say, as numbers: every measure evaluated once per record, the text left behind.

HAcc and SAcc as in MathIF (https://arxiv.org/abs/2505.14810), by the repaired verdicts, by the reference implementation's
(`_official`) and, where it has such, by its loose ones (`_loose`). The four cells correct x compliant are those of MathIF's
figure 4.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from eval.generate import UNPARSED
from eval.records import Record
from eval.resamples import Stratum

Measure = Callable[[Record], float | None]
Key = tuple[str, str, int, str]  # problem, condition, sample, which of the problem's cases


def _accuracy(condition: str) -> Measure:
    def measure(record: Record) -> float | None:
        if record.condition != condition or record.correct is None:
            return None  # an undecided grading is left out; `undecided` counts it
        return 100.0 * record.correct

    return measure


def _hard(met: list[bool]) -> float | None:
    return 100.0 * all(met) if met else None


def _soft(met: list[bool]) -> float | None:
    return 100.0 * sum(met) / len(met) if met else None


def _cell(correct: bool, compliant: bool, by: str = "met") -> Measure:
    def measure(record: Record) -> float | None:
        met = getattr(record, by)
        if not met or record.correct is None:
            return None
        return 100.0 * (record.correct is correct and all(met) is compliant)

    return measure


def _generated(record: Record) -> float:
    """Over all calls, with what was thrown away."""
    own = record.reasoning_tokens + record.response_tokens
    return float(own if record.generated_tokens is None else record.generated_tokens)


# Percentages for rates, tokens for lengths. None: the record says nothing about this metric.
METRICS: dict[str, Measure] = {
    "accuracy_without": _accuracy("without"),
    "accuracy_with": _accuracy("with"),
    "hacc": lambda r: _hard(r.met),
    "sacc": lambda r: _soft(r.met),
    "hacc_official": lambda r: _hard(r.met_official),
    "sacc_official": lambda r: _soft(r.met_official),
    "hacc_loose": lambda r: _hard(r.met_loose),
    "sacc_loose": lambda r: _soft(r.met_loose),
    "correct_and_hacc": _cell(True, True),
    "correct_not_hacc": _cell(True, False),
    "incorrect_and_hacc": _cell(False, True),
    "incorrect_not_hacc": _cell(False, False),
    "correct_and_hacc_official": _cell(True, True, "met_official"),
    "correct_not_hacc_official": _cell(True, False, "met_official"),
    "incorrect_and_hacc_official": _cell(False, True, "met_official"),
    "incorrect_not_hacc_official": _cell(False, False, "met_official"),
    "reasoning_tokens": lambda r: float(r.reasoning_tokens),
    "response_tokens": lambda r: float(r.response_tokens),
    "truncation_rate": lambda r: 100.0 * r.truncated,
    "unterminated_rate": lambda r: 100.0 * (r.outcome == "unterminated"),
    "undecided": lambda r: 100.0 * (r.correct is None) if r.gold else None,
    "num_calls": lambda r: float(r.num_calls),
    "generated_tokens": _generated,
    "unparsed_rate": lambda r: 100.0 * (r.decision == UNPARSED) if r.decision else None,
}
VERDICTS = ("met", "met_official", "met_loose")
# Of problems with several cases: all of them, in one sample; one value per problem, whatever its number of cases (LogicIF's
# question level, https://arxiv.org/abs/2508.09125). Problems of one case have none.
QUESTIONS = {"question_hacc": "hacc"}
QUESTION_MET = "question_met"  # the same of each kind of constraint
# In a unit of their own: no percentages.
LENGTHS = ("reasoning_tokens", "response_tokens", "num_calls", "generated_tokens")
SLICES: dict[str, Callable[[Record], object]] = {
    "difficulty": lambda r: r.difficulty,
    "num_constraints": lambda r: r.num_constraints,
    "source": lambda r: r.source,
    "satisfiable": lambda r: r.satisfiable,
}
COMPLETED = "_completed"  # a metric's name with it: over the records that were not truncated
PLACE = {metric: column for column, metric in enumerate((*METRICS, *QUESTIONS))}


@dataclass(frozen=True)
class Measured:
    """One row per record, in the order of the file.

    problems, strata: of each problem, sorted, so that the order of records changes no resample; problem: (n,) which of them
    values:           (n, len(PLACE)), NaN where a record says nothing
    slices:           name -> (n,) what the record is there, e.g. its difficulty
    kinds:            (metric, kind of constraint) -> (row of each such constraint, 100 where it is met, else 0); metric is
                      one of VERDICTS, or QUESTION_MET
    """

    problems: tuple[str, ...]
    strata: tuple[Stratum, ...]
    problem: np.ndarray
    keys: tuple[Key, ...]
    values: np.ndarray
    slices: dict[str, np.ndarray]
    kinds: dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]

    @cached_property
    def truncated(self) -> np.ndarray:
        return self.values[:, PLACE["truncation_rate"]] > 0

    def column(self, metric: str) -> np.ndarray:
        """(n,) of a metric, or of `<metric>_completed`; raises KeyError for an unknown one."""
        name = metric.removesuffix(COMPLETED)
        found = self.values[:, PLACE[name]]
        return np.where(self.truncated, np.nan, found) if name != metric else found


def measure(records: Sequence[Record]) -> Measured:
    strata = {record.problem: (record.difficulty, record.num_constraints) for record in records}
    place = {problem: number for number, problem in enumerate(sorted(strata))}
    columns = [[of(record) for record in records] for of in METRICS.values()]
    columns += [_questions(records, METRICS[metric]) for metric in QUESTIONS.values()]
    return Measured(
        problems=tuple(place),
        strata=tuple(strata[problem] for problem in place),
        problem=np.array([place[record.problem] for record in records], dtype=int),
        keys=tuple((r.problem, r.condition, r.sample, r.case) for r in records),
        values=np.array(columns, dtype=float).T,  # None becomes NaN
        slices={
            name: np.array([key(record) for record in records], dtype=object)
            for name, key in SLICES.items()
        },
        kinds=_kinds(records),
    )


def _questions(records: Sequence[Record], of: Measure) -> list[float | None]:
    """Parallel to the records: at the first case of each problem and sample the lowest of its cases' values."""
    found: list[float | None] = [None] * len(records)
    first: dict[tuple[str, str, int], int] = {}
    for row, record in enumerate(records):
        if record.case and (value := of(record)) is not None:
            at = first.setdefault((record.problem, record.condition, record.sample), row)
            before = found[at]
            found[at] = value if before is None else min(before, value)
    return found


def _kinds(records: Sequence[Record]) -> dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]:
    found: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for row, record in enumerate(records):
        for metric in VERDICTS:
            if verdicts := getattr(record, metric):
                for kind, met in zip(record.kinds, verdicts, strict=True):
                    found.setdefault((metric, kind), []).append((row, 100.0 * met))
    for kind in {kind for record in records if record.case for kind in record.kinds}:
        whole = _questions(records, partial(_met, kind))
        found[QUESTION_MET, kind] = [(row, met) for row, met in enumerate(whole) if met is not None]
    return {
        name: (np.array([row for row, _ in pairs]), np.array([met for _, met in pairs]))
        for name, pairs in sorted(found.items())
    }


def _met(kind: str, record: Record) -> float | None:
    """All of this kind, where there is one."""
    own = [met for name, met in zip(record.kinds, record.met, strict=True) if name == kind]
    return _hard(own)


def join(parts: Sequence[Measured]) -> Measured:
    """Of several runs together, e.g. the seeds of a regime: what they say about a problem stays with it."""
    strata = {
        problem: stratum
        for part in parts
        for problem, stratum in zip(part.problems, part.strata, strict=True)
    }
    place = {problem: number for number, problem in enumerate(sorted(strata))}
    starts = np.cumsum([0, *(len(part.keys) for part in parts[:-1])])
    kinds: dict[tuple[str, str], list[tuple[np.ndarray, np.ndarray]]] = {}
    for start, part in zip(starts, parts, strict=True):
        for name, (rows, values) in part.kinds.items():
            kinds.setdefault(name, []).append((rows + start, values))
    return Measured(
        problems=tuple(place),
        strata=tuple(strata[problem] for problem in place),
        problem=np.concatenate(
            [np.array([place[p] for p in part.problems], dtype=int)[part.problem] for part in parts]
        ),
        keys=tuple(key for part in parts for key in part.keys),
        values=np.concatenate([part.values for part in parts]),
        slices={
            name: np.concatenate([part.slices[name] for part in parts]) for name in parts[0].slices
        },
        kinds={
            name: (np.concatenate([r for r, _ in found]), np.concatenate([v for _, v in found]))
            for name, found in sorted(kinds.items())
        },
    )
