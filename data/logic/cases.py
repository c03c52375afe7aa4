"""The cases of a program and what they tell of it, before it gets its trackers."""

import random
from functools import cache

from data.logic import program as ir
from data.logic import trackers
from data.logic.answer import Stated
from data.logic.instance import Arguments, Case
from data.logic.interpreter import Discarded, Interpreter, Result
from data.logic.rules import broken_cases
from data.logic.tiers import Tier

NUM_FIRST = 3  # cases after which a draft that will hardly do is dropped


def draw_arguments(rng: random.Random, tier: Tier, program: ir.Program) -> Arguments:
    """Lists of several lengths, so that counts vary."""
    lists = [
        tuple(rng.choices(_values(tier.items), k=rng.choice(_values(tier.lengths))))
        for _ in program.list_params
    ]
    return (*lists, *rng.choices(_values(tier.arguments), k=len(program.int_params)))


@cache
def _values(ends: tuple[int, int]) -> range:
    return range(ends[0], ends[1] + 1)


class Trial:
    """A program without trackers, run with a counter in each of its blocks."""

    def __init__(self, core: ir.Program, rng: random.Random, num_records: int) -> None:
        self.core, self.rng = core, rng
        self.counters, self.records = trackers.candidates(core, rng, num_records)
        self.interpreter = Interpreter(trackers.insert(core, (self.counters, self.records)))
        self.arguments: list[Arguments] = []
        self.results: list[Result] = []

    def run(self, tier: Tier, num_cases: int) -> None:
        """Draws distinct cases. Raises Discarded for a program that no choice of trackers makes good."""
        failures = 0
        while len(self.arguments) < num_cases:
            given = draw_arguments(self.rng, tier, self.core)
            if given in self.arguments:
                continue
            try:
                result = self.interpreter.run(given)
            except Discarded:
                failures += 1
                if failures > 2:
                    raise
                continue
            self.arguments.append(given)
            self.results.append(result)
            if len(self.arguments) == NUM_FIRST:
                self._drop_hopeless()
        if not all(self.interpreter.visits):
            raise Discarded("a branch that no case takes")
        ran = zip(self.arguments, self.results, strict=True)
        if reason := broken_cases([Case(given, Stated(r.output, {})) for given, r in ran]):
            raise Discarded(reason)

    def _drop_hopeless(self) -> None:
        """Of programs with two branches left after the first cases, one in six would do (21 of 125)."""
        if len({result.output for result in self.results}) == 1:
            raise Discarded("a constant output")
        if sum(not count for count in self.interpreter.visits) > 1:
            raise Discarded("branches that the first cases do not take")

    def tracked(self, num: int, num_records: int, names: list[str]) -> ir.Program:
        """The program with `num` trackers, `num_records` of them records. Raises Discarded where too few are fit."""
        values = {name: [r.stats[name] for r in self.results] for name in self.results[0].stats}
        # A tracker that says what the output or the input's length says asks for nothing.
        lengths = [len(given[0]) for given in self.arguments if isinstance(given[0], tuple)]
        taken = [lengths, [r.output for r in self.results]]
        found: list[str] = []
        for places, count in ((self.records, num_records), (self.counters, num - num_records)):
            wanted = [place.stmt.name for place in places.values()]
            self.rng.shuffle(wanted)
            kept = trackers.chosen(values, wanted, count, taken)
            found += kept
            taken += [values[name] for name in kept]
        renamed = dict(zip(found, names, strict=False))
        groups = [trackers.named(places, renamed) for places in (self.records, self.counters)]
        return trackers.insert(self.core, groups)
