"""When what sales says of a campaign's leads is told to its owner. Pure.

The last ``WINDOW`` judged deliveries speak, and so do the last ``WINDOW`` rated leads: where so many of them share a reason, or are rated so
low, an alert rises. It stands until they are fewer, and is told once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WINDOW = 20
"""Deliveries that are looked at, the newest: enough to see a habit, few enough that a mended campaign is soon clear of its past."""
SAME_REASON = 5
"""Of them rejected or returned for one reason: a quarter."""
POOR_RATINGS = 6
"""Of the rated leads rated poor: nearly a third, for single leads are poor in any campaign."""
POOR_QUALITY = 2
"""The best rating that is poor, of 5."""
OTHER = "other"
"""The reason that is none: what its notes say may differ from lead to lead. All others count, also those of procedure: whom a campaign should not have reached, its list could have left out."""
POOR = "poor_rating"
"""The code of an alert about ratings; all others are reasons of rejections."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of the last ``of`` are meant by a code."""

    count: int
    of: int


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of the alerts of a campaign: those that rise, those that stand with other figures, those that are over."""

    rise: Mapping[str, Tally]
    stand: Mapping[str, Tally]
    over: frozenset[str]


def tallies_of_reasons(reasons: Sequence[str]) -> dict[str, Tally]:
    """Count the reasons of the last judged deliveries, newest first; what was accepted has none, *other* is none to share."""
    window = reasons[:WINDOW]
    counts = Counter(reason for reason in window if reason not in ("", OTHER))
    return {code: Tally(count, len(window)) for code, count in counts.items()}


def tallies_of_ratings(qualities: Sequence[int]) -> dict[str, Tally]:
    """Count the poor ones of the last ratings, newest first."""
    window = qualities[:WINDOW]
    count = sum(quality <= POOR_QUALITY for quality in window)
    return {POOR: Tally(count, len(window))} if count else {}


def threshold(code: str) -> int:
    """Give how many make an alert."""
    return POOR_RATINGS if code == POOR else SAME_REASON


def change(standing: Mapping[str, Tally], now: Mapping[str, Tally]) -> Change:
    """Compare the alerts that stand with what the window says now."""
    risen = {code: tally for code, tally in now.items() if tally.count >= threshold(code)}
    return Change(
        rise={code: tally for code, tally in risen.items() if code not in standing},
        stand={code: tally for code, tally in risen.items() if standing.get(code, tally) != tally},
        over=frozenset(standing) - frozenset(risen),
    )
