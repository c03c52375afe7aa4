"""Levels of difficulty by fixed cut points of our own distribution of scores."""

from data.logic.difficulty import LEVELS, Level
from data.logic.tiers import TierName

# Terciles of 3,000 instances, to the next half: scripts/bench/logic.py --distribution [--tier tiny]
CUT_POINTS: dict[TierName, tuple[float, float]] = {"full": (24.5, 39.5), "tiny": (15.0, 17.0)}


def level_of(score: float, tier: TierName) -> Level:
    """Up to the first cut point easy, up to the second medium."""
    low, high = CUT_POINTS[tier]
    return LEVELS[(score > low) + (score > high)]
