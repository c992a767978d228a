"""The commonest question, a budget from an instant, answered from memory.

Between a start and its due time lie the same nights and weekends for all starts in one opening that fall due in the same
later one: all of them leap by the same time. A leap is reckoned once, by ``OpenHours.advance``, and kept with the first
and the last start for which it holds.
"""

from bisect import bisect_left, bisect_right
from datetime import datetime, timedelta

from sla.open_hours import MICROSECOND, SECOND, Edges, OpenHours, from_position, position

LEAPS_KEPT = 16_384  # of all calendars together, some 8 MB

Leap = tuple[datetime, datetime, timedelta]

_leaps: dict[tuple[Edges, int, int], Leap] = {}


def due(hours: OpenHours, start: datetime, seconds: int) -> datetime:
    """Return what ``OpenHours.advance`` does, for a start in UTC and a budget above zero."""
    edges = hours.edges
    if edges is None or not edges.begins <= start < edges.ends:
        edges = hours.edges_around(position(start))
    index = bisect_right(edges.instants, start)
    if not index & 1:  # closed: the budget counts from the next opening
        start = edges.instants[index]
        index += 1
    leap = _leaps.get((edges, index, seconds))
    if leap is not None and leap[0] <= start <= leap[1]:
        return start + leap[2]
    end = from_position(hours.advance(position(start), seconds * SECOND))
    _learn(edges, index, seconds, start, end)
    return end


def _learn(edges: Edges, index: int, seconds: int, start: datetime, end: datetime) -> None:
    """Keep a leap and how far its start may move before it changes; one that leaves the block is not kept."""
    closing = bisect_left(edges.instants, end)
    last = len(edges.instants) - 1
    if closing < last and index < last:
        opens, closes = edges.instants[index - 1], edges.instants[index]
        before = min(start - opens, end - edges.instants[closing - 1] - MICROSECOND)
        after = min(closes - start - MICROSECOND, edges.instants[closing] - end)
        if len(_leaps) >= LEAPS_KEPT:
            _leaps.clear()
        _leaps[edges, index, seconds] = (start - before, start + after, end - start)
