"""Levels of difficulty by fixed cut points of our own distribution of scores."""

from data.logic.difficulty import LEVELS, Level
from data.logic.tiers import TierName

# Terciles of programs drawn with no regard to level: scripts/bench/logic.py --distribution.
CUT_POINTS: dict[TierName, tuple[float, float]] = {"full": (22.0, 36.0), "tiny": (14.0, 17.0)}


def level_of(score: float, tier: TierName) -> Level:
    """Up to the first cut point easy, up to the second medium."""
    low, high = CUT_POINTS[tier]
    return LEVELS[(score > low) + (score > high)]
