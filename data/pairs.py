"""Pairs of adjacent levels: what teaches a reward model which responses follow a constraint ("Beyond the Trade-off",
https://arxiv.org/abs/2508.02150, section 3.2).

    positive (o_k,     c_k, 1)    o_k answers the prompt with c_1..c_k
    negative (o_{k-1}, c_k, 0)    o_{k-1} answers it with c_1..c_{k-1}, and never saw c_k

Labels are what was asked, not what was done. Where a checker knows the truth, `noise` says how often they differ.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from statsmodels.stats.proportion import proportion_confint

from data.constraints.base import check_all
from data.families import Family
from data.mirror import json_lines
from recipes.errors import UserError
from recipes.ranges import require
from recipes.run import runs_root
from recipes.typed import build

PAIRS = "pairs.jsonl"


@dataclass(frozen=True)
class Pair:
    """label: 1 where the constraint was asked for; truth: what its checker says, None where there is none; level: k;
    identical: whether the other response of the constraint is the same text"""

    seed_id: str
    level: int
    sample: int
    kind: str
    sort: str
    constraint: str
    response: str
    label: int
    truth: bool | None = None
    identical: bool = False

    def __post_init__(self) -> None:
        require(self.label in (0, 1), "label", self.label, "0 or 1")
        sorts = ("hard", "hidden", "soft")
        require(self.sort in sorts, "sort", self.sort, f"one of {', '.join(sorts)}")

    @property
    def contradicted(self) -> bool:
        """A checker that may be used says otherwise."""
        return self.sort == "hard" and self.truth is not None and self.truth is not bool(self.label)

    @property
    def blank(self) -> bool:
        return not self.response.strip()

    def line(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False) + "\n"


def pairs_of(family: Family, responses: Sequence[Sequence[str]]) -> Iterator[tuple[Pair, Pair]]:
    """The positive and the negative pair of each constraint, for each sample.

    responses: responses[k][i] is the i-th o_k, its reasoning taken off; k = 0..K, equally many of each
    """
    for k, one in enumerate(family.instructions, start=1):
        sort = "hard" if one.hard else "hidden" if one.hidden else "soft"
        for sample, (after, before) in enumerate(zip(responses[k], responses[k - 1], strict=True)):
            positive, negative = (
                Pair(
                    family.seed.id, k, sample, one.kind, sort, one.text.strip(), response, label,
                    None if one.check is None else check_all((one.check,), response)[0], after == before,
                )
                for response, label in ((after, 1), (before, 0))
            )  # fmt: skip
            yield positive, negative


class Kept(NamedTuple):
    """dropped: how many pairs for which reason"""

    pairs: list[Pair]
    dropped: Counter[str]


def to_learn(pairs: Iterable[Pair], drop_contradicted: bool, drop_identical: bool) -> Kept:
    """Those that are trained on. A blank response, which never came to its answer, follows nothing and is no example."""
    found: list[Pair] = []
    dropped: Counter[str] = Counter()
    for one in pairs:
        if one.blank:
            dropped["no response"] += 1
        elif drop_identical and one.identical:
            dropped["both responses the same"] += 1
        elif drop_contradicted and one.contradicted:
            dropped["contradicted by the checker"] += 1
        else:
            found.append(one)
    return Kept(found, dropped)


class Noise(NamedTuple):
    """Of the labels of one kind of constraint: false positives (asked and not followed) among the positives, false
    negatives (followed without being asked) among the negatives, with Wilson's 95 % intervals; n of each."""

    kind: str
    sort: str
    num: int
    false_positive: float
    false_positive_low: float
    false_positive_high: float
    false_negative: float
    false_negative_low: float
    false_negative_high: float


def noise(pairs: Iterable[Pair]) -> list[Noise]:
    """By kind, and over all of a sort; of those whose truth is known."""
    wrong: Counter[tuple[str, str, int]] = Counter()
    all_: Counter[tuple[str, str, int]] = Counter()
    for one in pairs:
        if one.truth is None or one.blank:
            continue
        for kind in (one.kind, f"all {one.sort}"):
            all_[kind, one.sort, one.label] += 1
            wrong[kind, one.sort, one.label] += one.truth is not bool(one.label)
    kinds = sorted(
        {key[:2] for key in all_}, key=lambda key: (key[1], key[0].startswith("all"), key[0])
    )
    return [_noise(kind, sort, wrong, all_) for kind, sort in kinds]


def _noise(
    kind: str,
    sort: str,
    wrong: Mapping[tuple[str, str, int], int],
    all_: Mapping[tuple[str, str, int], int],
) -> Noise:
    rates: list[float] = []
    for label in (1, 0):
        n, k = all_.get((kind, sort, label), 0), wrong.get((kind, sort, label), 0)
        low, high = proportion_confint(k, n, method="wilson") if n else (0.0, 1.0)
        rates += [k / n if n else float("nan"), float(low), float(high)]
    return Noise(kind, sort, all_.get((kind, sort, 1), 0), *rates)


def read_pairs(names: Sequence[str], where: str) -> list[Pair]:
    """names: runs of scripts/pairs.py, or files. Raises UserError naming file and line for a row that is no pair."""
    found: list[Pair] = []
    for name in names:
        path = Path(name) if Path(name).is_file() else runs_root() / name / PAIRS
        if not path.is_file():
            raise UserError(
                f"{where}: pairs: found {name!r}; expected a file, or a run of scripts/pairs.py with {path}"
            )
        found += [build(Pair, _known(row.values), row.where) for row in json_lines(path)]
    return found


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    """Files of others may hold more, and need no more than the constraint, the response and the label."""
    ours = {"seed_id": "", "level": 0, "sample": 0, "kind": "soft:other", "sort": "soft"}
    given = {key: value for key, value in values.items() if key in Pair.__dataclass_fields__}
    if not given.get("seed_id"):
        given["seed_id"] = str(values.get("id", values.get("constraint", "")))
    return {**ours, **given}
