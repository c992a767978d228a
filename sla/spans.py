"""Half-open spans of whole numbers, ``(start, end)`` with ``start < end``: the arithmetic under business time.

A span has no unit of its own. Calendars use local seconds of a day, open hours use microseconds since the epoch.
"""

from collections.abc import Iterable

Span = tuple[int, int]
Spans = tuple[Span, ...]


def without_overlap(spans: Iterable[Span]) -> Spans:
    """Sort the spans and cut each where an earlier one still runs; spans that only touch stay apart.

    Empty and inverted spans vanish: such is an opening inside the hour that daylight saving skips.
    """
    kept: list[Span] = []
    reached: int | None = None
    for start, end in sorted(spans):
        begin = start if reached is None or start > reached else reached
        if begin < end:
            kept.append((begin, end))
            reached = end
    return tuple(kept)


def joined(spans: Iterable[Span]) -> Spans:
    """Sort the spans and join those that overlap or touch."""
    kept: list[Span] = []
    for start, end in without_overlap(spans):
        if kept and kept[-1][1] == start:
            kept[-1] = (kept[-1][0], end)
        else:
            kept.append((start, end))
    return tuple(kept)


def subtract(spans: Iterable[Span], holes: Iterable[Span]) -> Spans:
    """Take the holes out of the spans; the spans are sorted and free of overlap, the holes need not be."""
    remaining = list(spans)
    for hole_start, hole_end in holes:
        pieces: list[Span] = []
        for start, end in remaining:
            pieces += [(start, min(end, hole_start)), (max(start, hole_end), end)]
        remaining = [piece for piece in pieces if piece[0] < piece[1]]
    return tuple(remaining)


def clipped(spans: Iterable[Span], start: int, end: int) -> Spans:
    """Keep what lies inside ``[start, end)``."""
    inside = ((max(begin, start), min(until, end)) for begin, until in spans)
    return tuple(span for span in inside if span[0] < span[1])
