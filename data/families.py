"""Families of prompts: one seed instruction with its first k constraints, k = 0..K ("Beyond the Trade-off",
https://arxiv.org/abs/2508.02150, section 3.1; level 0, the bare seed, is ours).

A constraint of a family is hard (a checker decides), soft (words alone), or hidden: in the prompt and for rewards it is as
soft as any, and its checker only measures how good is what judges it.
"""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from data.constraints.base import Constraint
from data.example import Example
from data.prompt import assemble_with, plain_with


@dataclass(frozen=True)
class Instruction:
    """text: as it stands in the prompt; check: None where no program decides; hidden: whether `check` only measures"""

    kind: str
    text: str
    check: Constraint | None = None
    hidden: bool = False

    @property
    def hard(self) -> bool:
        return self.check is not None and not self.hidden


@dataclass(frozen=True)
class Family:
    """seed: the bare instruction, whose id is the seed id; instructions: c_1..c_K, in order"""

    seed: Example
    instructions: tuple[Instruction, ...]

    def level(self, k: int) -> Example:
        """x_k, of difficulty k: the seed with its first k constraints. Raises ValueError for a level that there is not."""
        if not 0 <= k <= len(self.instructions):
            raise ValueError(f"level: found {k}; expected 0 to {len(self.instructions)}")
        first = self.instructions[:k]
        texts = [one.text for one in first]
        wording = assemble_with if self.seed.text is None else plain_with
        return replace(
            self.seed,
            id=f"{self.seed.id}-L{k}",
            constraints=tuple(one.check for one in first if one.check and not one.hidden),
            soft=tuple(one.text.strip() for one in first if not one.hard),
            text=wording(self.seed.text or self.seed.question, texts),
            difficulty=k,
            problem_id=self.seed.id,
            completion=None,
        )


def place(seed_id: str, salt: str = "") -> float:
    """Where a seed lies in [0, 1): splits are by it, so that all levels of a seed are on one side. salt: for a split that
    has nothing to do with another."""
    digest = hashlib.blake2b(f"{salt}/{seed_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def soft_places(num: int, share: float, most: int | None, rng: random.Random) -> list[bool]:
    """Which of `num` constraints are soft: each with probability `share`, at most `most` of them (None: any number)."""
    found = [rng.random() < share for _ in range(num)]
    places = [index for index, soft in enumerate(found) if soft]
    if most is not None and len(places) > most:
        for index in rng.sample(places, len(places) - most):
            found[index] = False
    return found


def merged(
    places: Sequence[bool], soft: Sequence[Instruction], hard: Sequence[Instruction]
) -> tuple[Instruction, ...]:
    """Soft ones at the places that are True, in order, hard ones at the others."""
    softs, hards = iter(soft), iter(hard)
    return tuple(next(softs) if is_soft else next(hards) for is_soft in places)
