"""From records to figures with 95 % intervals: what answers attend to, how much less after thinking, and how much less than
after a filler of the same length.

A prompt's number counts once, whatever its length; intervals resample prompts (eval/resamples.py), pairs of runs stay
together. Differences have a sign-flip p (eval/paired.py); over the layers of a measure it is Holm's, since of 28 layers
one or two differ by chance at 5 %. The paper states no test.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from eval.attention.records import AttentionRecord, Layers
from eval.attention.runs import RUNS, Run
from eval.paired import holm, sign_flip
from eval.resamples import Stratum, intervals

MEASURES = (
    "beta", "ratio_to_uniform", "prompt_share", "concentration", "first_token_mass", "control_beta",
)  # fmt: skip
BY_LAYER = ("beta", "ratio_to_uniform")
DROPS: tuple[tuple[Run, Run], ...] = (
    ("direct", "cot"), ("direct", "filler"), ("direct", "swapped"), ("filler", "swapped"),
)  # fmt: skip
OUTCOMES = ("win", "tie", "lose")


class Figure(NamedTuple):
    """group: all, win, tie or lose, `kind=...`, `met` or `broken`; quantity: a run, or `direct - cot`; layer: None for the
    mean over those that were measured; p: None for what is no difference; n prompts."""

    group: str
    measure: str
    quantity: str
    layer: int | None
    value: float
    low: float
    high: float
    p: float | None
    n: int


@dataclass(frozen=True)
class Attended:
    """Records of one checkpoint, or of the seeds of one step together; run: None for these."""

    label: str
    run: str | None
    step: int
    records: Sequence[AttentionRecord]

    @property
    def dropped(self) -> Counter[str]:
        return Counter(one.dropped for one in self.records if one.dropped)


class Prompts:
    """Measured prompts in rows, whatever the run: only those that every wanted run has."""

    def __init__(self, records: Iterable[AttentionRecord]) -> None:
        by_place: dict[tuple[str, int], dict[str, AttentionRecord]] = {}
        seen: Counter[tuple[str, str]] = Counter()
        for one in records:  # the same prompt of another seed is another pair
            number = seen[one.key, one.run]
            seen[one.key, one.run] += 1
            if not one.dropped:
                by_place.setdefault((one.key, number), {})[one.run] = one
        self.pairs = list(by_place.values())
        strata = {
            one["direct"].problem: (one["direct"].difficulty, one["direct"].num_constraints)
            for one in self.pairs
        }
        self._place = {problem: number for number, problem in enumerate(sorted(strata))}
        self.strata: tuple[Stratum, ...] = tuple(strata[problem] for problem in self._place)
        self.problem = np.array([self._place[one["direct"].problem] for one in self.pairs], dtype=int)  # fmt: skip
        self.outcome = np.array([one["direct"].outcome for one in self.pairs], dtype=object)

    def layers(self, measure: str, run: Run) -> np.ndarray:
        """(pairs, 1 + L): the mean over layers, then each; NaN where the run or the layer was not measured."""
        rows = [getattr(one[run], measure) if run in one else None for one in self.pairs]
        return with_mean(rows)

    def figures(
        self, group: str, measure: str, quantity: str, values: np.ndarray, layers: Sequence[int | None], differs: bool
    ) -> Iterator[Figure]:  # fmt: skip
        """values: (pairs, columns), of `layers`."""
        known = ~np.isnan(values)
        wanted: list[int] = np.flatnonzero(known.any(axis=0)).tolist()
        if not wanted:
            return
        size = len(self.strata)
        sums, counts = np.zeros((2, size, len(wanted)))
        for place, column in enumerate(wanted):
            rows = known[:, column]
            sums[:, place] = np.bincount(self.problem[rows], values[rows, column], size)
            counts[:, place] = np.bincount(self.problem[rows], minlength=size)
        low, high = intervals(sums, counts, self.strata)
        p: list[float | None] = [None] * len(wanted)
        if differs:
            p = list[float | None](
                corrected(sign_flip(sums), [layers[column] for column in wanted])
            )
        for place, column in enumerate(wanted):
            yield Figure(
                group, measure, quantity, layers[column], float(sums[:, place].sum() / counts[:, place].sum()),
                float(low[place]), float(high[place]), p[place], int((counts[:, place] > 0).sum()),
            )  # fmt: skip


def with_mean(rows: Sequence[Layers | None]) -> np.ndarray:
    """(len(rows), 1 + L): the mean over the layers that have numbers, then each."""
    width = max((len(row) for row in rows if row is not None), default=0)
    found = np.full((len(rows), 1 + width), np.nan)
    for number, row in enumerate(rows):
        if row is not None and any(one is not None for one in row):
            found[number, 1:] = np.array(row, dtype=float)
            found[number, 0] = np.nanmean(found[number, 1:])
    return found


def corrected(p: np.ndarray, layers: Sequence[int | None]) -> list[float]:
    """Holm's over the layers; the mean over layers is one test by itself."""
    found = p.astype(float)
    of_layers = [layer is not None for layer in layers]
    found[of_layers] = holm(found[of_layers])
    return [float(one) for one in found]


def summary(records: Iterable[AttentionRecord]) -> list[Figure]:
    """Every measure of every run and their differences: the mean over layers for all groups, each layer of BY_LAYER for all
    prompts and, of beta, by outcome; beta by kind of constraint and by what the CoT answer made of it."""
    prompts = Prompts(records)
    if not prompts.pairs:
        return []
    found: list[Figure] = []
    for measure in MEASURES:
        by_run = {run: prompts.layers(measure, run) for run in RUNS}
        for quantity, values, differs in _quantities(by_run):
            for group in ("all", *OUTCOMES):
                rows = np.ones(len(values), bool) if group == "all" else prompts.outcome == group
                layered = measure in BY_LAYER if group == "all" else measure == "beta"
                width = values.shape[1] if layered else 1
                own = np.where(rows[:, None], values, np.nan)[:, :width]
                layers = [None, *range(width - 1)]
                found += prompts.figures(group, measure, quantity, own, layers, differs)
    return found + list(_by_constraint(prompts))


def _quantities(by_run: dict[Run, np.ndarray]) -> Iterator[tuple[str, np.ndarray, bool]]:
    """Name, (pairs, columns), whether it is a difference."""
    for run, values in by_run.items():
        yield run, values, False
    for before, after in DROPS:
        yield f"{before} - {after}", by_run[before] - by_run[after], True


def _by_constraint(prompts: Prompts) -> Iterator[Figure]:
    """Of single constraints, mean over layers; several of a kind in one prompt are averaged. A file of passages may divide
    the prompt otherwise than its checkers do: then nothing says which is which."""
    groups: dict[str, dict[Run, np.ndarray]] = {}
    for number, one in enumerate(prompts.pairs):
        cot = one["cot"]
        if cot.per_constraint is None or len(cot.per_constraint) != len(cot.kinds):
            continue
        met: Sequence[bool | None] = cot.met or [None] * len(cot.kinds)
        members: dict[str, list[int]] = {}
        for place, (kind, holds) in enumerate(zip(cot.kinds, met, strict=True)):
            members.setdefault(f"kind={kind}", []).append(place)
            if holds is not None:
                members.setdefault("met" if holds else "broken", []).append(place)
        for group, places in members.items():
            for run in RUNS:
                if run in one and (each := one[run].per_constraint) is not None:
                    columns = groups.setdefault(group, {}).setdefault(run, np.full(len(prompts.pairs), np.nan))  # fmt: skip
                    columns[number] = with_mean([each[place] for place in places])[:, 0].mean()
    for group, by_run in sorted(groups.items()):
        whole = {run: by_run.get(run, np.full(len(prompts.pairs), np.nan))[:, None] for run in RUNS}
        for quantity, values, differs in _quantities(whole):
            yield from prompts.figures(group, "beta", quantity, values, [None], differs)


class Head(NamedTuple):
    """Mean over prompts of one head's beta, in the direct and the CoT run."""

    layer: int
    head: int
    direct: float
    cot: float


def heads(records: Iterable[AttentionRecord]) -> list[Head]:
    """Those that look at constraints most in the direct run first; none where heads were not kept."""
    by_run: dict[str, list[np.ndarray]] = {"direct": [], "cot": []}
    for one in records:
        if one.run in by_run and one.per_head is not None:
            by_run[one.run].append(np.array(one.per_head, dtype=float))
    if not by_run["direct"]:
        return []
    direct, cot = (np.mean(by_run[run], axis=0) for run in ("direct", "cot"))
    found = [
        Head(layer, head, float(direct[layer, head]), float(cot[layer, head]))
        for layer, head in np.ndindex(direct.shape)
        if not np.isnan(direct[layer, head])
    ]
    return sorted(found, key=lambda one: -one.direct)


def trace(records: Iterable[AttentionRecord], run: Run, part: str) -> np.ndarray:
    """(BINS,) mean over prompts of the field `trace_<part>`; NaN without any."""
    found = [getattr(one, f"trace_{part}") for one in records if one.run == run and not one.dropped]
    rows = [np.array(one, dtype=float) for one in found if one is not None and one[0] is not None]
    return np.asarray(np.mean(rows, axis=0)) if rows else np.array([])


def with_pools(parts: Sequence[Attended]) -> list[Attended]:
    """Each checkpoint, and before them (run is None) the seeds of a label's step together."""
    steps: dict[tuple[str, int], list[Attended]] = {}
    for one in parts:
        steps.setdefault((one.label, one.step), []).append(one)
    found: list[Attended] = []
    for (label, step), own in steps.items():
        together = own[0].records if len(own) == 1 else [r for one in own for r in one.records]
        found += [Attended(label, None, step, together), *own]
    return found
