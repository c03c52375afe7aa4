"""The incremental constraint curriculum of "Beyond the Trade-off" (https://arxiv.org/abs/2508.02150): a seed instruction
with its first k constraints for each level k (data/families.py).

All levels mixed are the paper's curriculum; `curriculum:` of a GRPO recipe opens them one after another, which is ours. For
RL: there are no SFT targets.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Literal

from data.compose import MATHIF_SPACE, TINY_SPACE, compose_drawn
from data.constraints.base import CONSTRAINTS, Constraint
from data.constraints.draft import Material
from data.constraints.split import KINDS, Tier
from data.example import Example
from data.families import Family, Instruction, merged, place, soft_places
from data.soft import SOFT_WRITERS, Asked, SoftWriter
from data.sources import SOURCES, Source
from recipes.errors import UserError
from recipes.ranges import above_zero, require
from recipes.registry import did_you_mean
from recipes.typed import build_named


@SOURCES.register("levels")
@dataclass(frozen=True)
class Levels:
    """seeds:   the source of the seed instructions, with its settings; its prompts carry no constraints of their own
    num_levels: constraints of a family
    levels:     which levels become prompts; () for 1 to num_levels
    hard_kinds: kinds of the library that a checker decides, or the name of their tier (data.constraints.split)
    soft:       who writes soft constraints, with its settings (data/soft); None where `soft_kinds` are all there is
    soft_kinds: kinds, or a tier, whose checker no reward sees: soft ones of which the truth is known, to measure with
    soft_share: how likely a constraint is soft (the paper's: 24,196 of 40,291)
    max_soft:   soft constraints of a family at most; None for any number
    seeds_between: which seeds, as shares of all by the hash of their ids: [0, 0.5] and [0.5, 1] have none in common
    lengths:    the arguments' ranges: MathIF's, or short as in the tiny world
    """

    seeds: dict[str, Any]
    num_levels: int = 5
    levels: tuple[int, ...] = ()
    hard_kinds: Tier | tuple[str, ...] = "train"
    soft: dict[str, Any] | None = None
    soft_kinds: Tier | tuple[str, ...] = ()
    soft_share: float = 0.6
    max_soft: int | None = None
    seeds_between: tuple[float, float] = (0.0, 1.0)
    lengths: Literal["mathif", "short"] = "mathif"

    has_targets = False

    def __post_init__(self) -> None:
        above_zero(num_levels=self.num_levels)
        _ = self.source  # a wrong name or setting is told now
        top = self.num_levels
        inside = all(0 <= level <= top for level in self.levels)
        require(inside, "levels", list(self.levels), f"numbers from 0 to num_levels ({top})")
        require(0 <= self.soft_share <= 1, "soft_share", self.soft_share, "a number in [0, 1]")
        require(
            self.max_soft is None or self.max_soft >= 0, "max_soft", self.max_soft, "at least 0"
        )
        low, high = self.seeds_between
        require(0 <= low < high <= 1, "seeds_between", [low, high], "two rising shares in [0, 1]")
        for key in ("hard_kinds", "soft_kinds"):
            for name in _kinds(getattr(self, key)):
                if name not in CONSTRAINTS:
                    raise ValueError(
                        f"{key}: unknown {name!r}.{did_you_mean(name, list(CONSTRAINTS))}"
                    )
        both = sorted(set(self.hards) & set(self.softs))
        require(not both, "soft_kinds", both, "kinds that are not in hard_kinds")
        self._require_enough()

    @property
    def hards(self) -> tuple[str, ...]:
        return _kinds(self.hard_kinds)

    @property
    def softs(self) -> tuple[str, ...]:
        return _kinds(self.soft_kinds)

    def _require_enough(self) -> None:
        """Of each sort as many kinds as a family can have of it."""
        top, most = self.num_levels, self.num_levels if self.max_soft is None else self.max_soft
        num_soft = min(top, most) if self.soft_share else 0
        if num_soft and (self.soft is None) is not bool(self.soft_kinds):
            found = "both" if self.soft_kinds else "none"
            raise ValueError(
                f"soft, soft_kinds: found {found}; expected one of them (or soft_share: 0)"
            )
        can = self.writer.most if self.writer else len(self.softs)
        key = "soft" if self.writer else "soft_kinds"
        expected = f"at least {num_soft} kinds (max_soft: {can} asks for fewer)"
        require(can is None or num_soft <= can, key, can, expected)
        num_hard = top - num_soft if self.soft_share == 1 else top
        enough = num_hard <= len(self.hards)
        require(enough, "hard_kinds", len(self.hards), f"at least {num_hard} kinds")

    @cached_property
    def writer(self) -> SoftWriter | None:
        """None where soft constraints are of `soft_kinds`."""
        if self.soft is None:
            return None
        writer: SoftWriter = build_named(SOFT_WRITERS, self.soft, "soft")
        return writer

    @cached_property
    def source(self) -> Source:
        """Of the seeds. Raises UserError."""
        settings = dict(self.seeds)
        if settings.get("name") == "levels":
            raise UserError(
                "seeds: found 'levels'; expected a source of prompts without constraints"
            )
        found: Source = build_named(SOURCES, settings, "seeds")
        if "num_constraints" in {one.name for one in fields(found)}:  # type: ignore[arg-type]
            if settings.get("num_constraints", [0]) != [0]:
                raise UserError(
                    f"seeds: num_constraints: found {settings['num_constraints']}; expected [0]: the levels add them"
                )
            found = build_named(SOURCES, settings | {"num_constraints": [0]}, "seeds")
        return found

    @property
    def generated(self) -> bool:
        return self.source.generated

    @property
    def chosen(self) -> tuple[int, ...]:
        return self.levels or tuple(range(1, self.num_levels + 1))

    def __len__(self) -> int:
        low, high = self.seeds_between
        return round(len(self.source) * (high - low)) * len(self.chosen)

    def load(self, seed: int) -> Iterator[Example]:
        for family in self.families(seed):
            yield from (family.level(k) for k in self.chosen)

    def families(self, seed: int) -> list[Family]:
        """Raises UserError for a seed that has constraints already."""
        low, high = self.seeds_between
        found = [self._seed(one) for one in self.source.load(seed)]
        found = [one for one in found if low <= place(one.id) < high]
        draws = [random.Random(f"levels {self.num_levels} {one.id} {seed}") for one in found]
        soft = [soft_places(self.num_levels, self.soft_share, self.max_soft, rng) for rng in draws]
        written: Sequence[Sequence[Instruction]] = [()] * len(found)
        if self.writer is not None:
            asked = [
                Asked(one.question, sum(where), f"{one.id} {seed}")
                for one, where in zip(found, soft, strict=True)
            ]
            written = self.writer.write(asked)
        return [
            Family(one, self._instructions(one, where, own, rng))
            for one, where, own, rng in zip(found, soft, written, draws, strict=True)
        ]

    def _seed(self, example: Example) -> Example:
        if example.constraints or example.soft:
            raise UserError(
                f"seeds: {example.source}: {example.id}: found constraints; expected bare instructions: the levels add them"
            )
        return replace(example, source="levels")

    def _instructions(
        self, example: Example, soft: list[bool], written: Sequence[Instruction], rng: random.Random
    ) -> tuple[Instruction, ...]:
        """Those of the library all together, so that a response can meet them."""
        if self.writer is None:
            draws = [(self.softs, sum(soft)), (self.hards, len(soft) - sum(soft))]
        else:
            draws = [(self.hards, len(soft) - sum(soft))]
        composed = compose_drawn(
            Material(example.question, example.answer or ""),
            lambda: [name for kinds, count in draws for name in rng.sample(kinds, count)],
            MATHIF_SPACE if self.lengths == "mathif" else TINY_SPACE,
            rng,
        )
        found = [self._instruction(one) for one in composed.constraints]
        if self.writer is None:
            return merged(soft, found[: sum(soft)], found[sum(soft) :])
        return merged(soft, written, found)

    def _instruction(self, one: Constraint) -> Instruction:
        return Instruction(one.name, one.describe(), one, one.name in self.softs)


def _kinds(given: Tier | tuple[str, ...]) -> tuple[str, ...]:
    return KINDS[given] if isinstance(given, str) else given
