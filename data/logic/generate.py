"""Draws instances: the target first, then a program for it, then its cases, trackers and words; what breaks a rule is drawn
again.

One `random.Random` per instance, so that an instance depends on its seed alone. A program belongs to the split that the hash
of its canonical form says, whatever its trackers and words; test programs alone may hold `tiers.HELD_OUT_CONSTRUCTS`.
"""

import itertools
import math
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from data.logic import program as ir
from data.logic import trackers
from data.logic.answer import Stated
from data.logic.build import Builder
from data.logic.canonical import canonical
from data.logic.cases import Trial
from data.logic.difficulty import LEVELS, Level, measure
from data.logic.english import Wording, description
from data.logic.instance import Case, Instance
from data.logic.interpreter import Discarded, Interpreter
from data.logic.levels import level_of
from data.logic.python import source
from data.logic.rules import NUM_CASES, broken
from data.logic.tiers import HELD_OUT_CONSTRUCTS, TIERS, Dial, Target, Tier, TierName
from data.tiny.problems import Split, split_of

MAX_DRAFTS = 20_000
RECORD_RATE = 0.35  # of programs whose target allows for the call in it


@dataclass(frozen=True)
class Generator:
    """held_out: whether programs have one of the held-out constructs, or none; num_cases: of each instance; scores: the
    lowest and the highest, None for all; plain: one wording for each construct, and names in order, for models that can
    read no more; rejected: counts why drafts were dropped."""

    tier: TierName = "full"
    split: Split = "train"
    levels: tuple[Level, ...] = LEVELS
    held_out: bool = False
    num_cases: int = NUM_CASES
    scores: tuple[float, float] | None = None
    plain: bool = False
    rejected: Counter[str] = field(default_factory=Counter, compare=False)

    def __post_init__(self) -> None:
        if not self.levels:
            raise ValueError(f"levels: found none; expected some of {', '.join(LEVELS)}")
        if self.held_out and (self.split, self.tier) != ("test", "full"):
            raise ValueError("held_out: found true; expected it with split test and tier full only")

    @property
    def wording(self) -> Wording:
        if self.plain:
            return "plain"
        return "train" if self.split == "train" else "held_out"

    def draw(self, seed: str) -> Instance:
        """The one instance of a seed, which is its id. Raises ValueError where no draft of many will do."""
        rng = random.Random(f"logic {seed}")
        dial = TIERS[self.tier].dials[rng.choice(self.levels)]
        for _ in range(MAX_DRAFTS):
            try:
                return self._attempt(rng, dial, seed)
            except Discarded as reason:
                self.rejected[str(reason)] += 1
        raise ValueError(
            f"levels, difficulty: found {', '.join(self.levels)}, {self.scores}; {MAX_DRAFTS} programs had no such score; "
            "expected a wider range"
        )

    def instances(self, seed: str) -> Iterator[Instance]:
        """Without end, and without duplicates."""
        seen: set[str] = set()
        for number in itertools.count():
            found = self.draw(f"{seed}-{number}")
            if found.canonical in seen:
                self.rejected["a duplicate"] += 1
                continue
            seen.add(found.canonical)
            yield found

    def _attempt(self, rng: random.Random, dial: Dial, seed: str) -> Instance:
        """Raises Discarded for a draft that breaks a rule."""
        tier, target = TIERS[self.tier], dial.draw(rng)
        num_records = int(target.calls > 0 and rng.random() < RECORD_RATE)
        core = self._core(rng, tier, dial, target._replace(calls=target.calls - num_records))
        form = canonical(source(core))
        if split_of(form) != self.split:
            raise Discarded("of the other split")
        trial = Trial(core, rng, num_records)
        trial.run(tier, self.num_cases)
        names = _tracker_names(rng, tier, core, self.plain)
        program = trial.tracked(rng.randint(*dial.trackers), num_records, names)
        # The gold is from a run of exactly this program.
        interpreter = Interpreter(program)
        cases = tuple(Case(given, Stated(*interpreter.run(given))) for given in trial.arguments)
        written = source(program)
        complexity = measure(written)
        found = (complexity.nesting, complexity.calls, complexity.cyclomatic)
        assert found == target, f"{found} != {target}:\n{written}"
        level = level_of(complexity.score, self.tier)
        low, high = self.scores or (0, math.inf)
        if level not in self.levels or not low <= complexity.score <= high:
            raise Discarded("a score that is not asked for")
        text = description(program, rng, self.tier, self.wording)
        instance = Instance(
            seed, self.tier, target, program, cases, text, written, complexity, level, form
        )
        if reason := broken(instance, interpreter.visits):
            raise Discarded(reason)
        return instance

    def _core(self, rng: random.Random, tier: Tier, dial: Dial, target: Target) -> ir.Program:
        """A program without trackers; arguments that it does not read are dropped."""
        wanted = frozenset((rng.choice(HELD_OUT_CONSTRUCTS),)) if self.held_out else frozenset()
        num_state = rng.randint(*dial.variables)
        program = Builder(rng, tier, target, num_state, wanted, self.plain).build()
        if not wanted <= ir.constructs(program):
            raise Discarded("without the held-out construct")
        read = {name for stmt in ir.statements(program) for name in ir.names(stmt)}
        return replace(program, int_params=tuple(n for n in program.int_params if n in read))


def _tracker_names(rng: random.Random, tier: Tier, program: ir.Program, plain: bool) -> list[str]:
    """Letters that the program does not use, or words."""
    if plain:
        return [name for name in reversed(trackers.LETTERS) if name not in ir.all_names(program)]
    if tier.word_trackers and rng.random() < 0.5:
        return rng.sample(trackers.WORDS, 3)
    used = ir.all_names(program)
    return [
        name for name in rng.sample(trackers.LETTERS, len(trackers.LETTERS)) if name not in used
    ]
