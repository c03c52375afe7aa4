"""The held-out benchmark, drawn from fixed seeds instead of kept in a file; a test compares its digest.

300 test programs of 8 cases, a hundred of each level, a third of each with a construct that training programs never have.
All are told in wordings that training never uses.
"""

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any

from data.logic.difficulty import LEVELS
from data.logic.generate import Generator
from data.logic.instance import Instance
from data.logic.tiers import TierName

NUM_FUNCTIONS = 300
SEED = "benchmark 1"
# Of the rows as JSON; another digest is another benchmark, whose scores do not compare.
DIGESTS: dict[TierName, str] = {
    "full": "29cbdcfdedfd4ed1d6a3c7e782ede4649efc614c7fe63f320907a2c3f070afe0",
    "tiny": "0512fb6ec836abbb2afd623dc0113068a3d72c4416c105561a2429eec5208746",
}


@cache
def instances(tier: TierName = "full", plain: bool = False) -> tuple[Instance, ...]:
    """Level by level; of the full tier, the last third of each level has a held-out construct. plain: in the plain wording,
    which may be trained on, for models that read nothing else."""
    found: list[Instance] = []
    num_level = NUM_FUNCTIONS // len(LEVELS)
    for level in LEVELS:
        num_held_out = num_level // 3 if tier == "full" else 0
        for held_out, count in ((False, num_level - num_held_out), (True, num_held_out)):
            if count:
                generator = Generator(tier, "test", (level,), held_out, plain=plain)
                seed = f"{SEED} {tier} {level}{' held out' * held_out}"
                found += islice(generator.instances(seed), count)
    return tuple(found)


def rows(tier: TierName = "full") -> Iterator[dict[str, Any]]:
    """One for each case, by the benchmark's schema."""
    for instance in instances(tier):
        yield from instance.rows()


def digest(tier: TierName = "full") -> str:
    """SHA-256 of the rows."""
    found = hashlib.sha256()
    for row in rows(tier):
        found.update(json.dumps(row, sort_keys=True).encode() + b"\n")
    return found.hexdigest()
