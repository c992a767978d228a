"""Read dates and times that people and programs send, and place them on the one time line. Pure.

A program says its offset; a file may not, then its times are the company's local ones: a time in a gap moves forward by the gap, an
ambiguous one is the first (design, domain page, *Business time*).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from inputs.refusals import Invalid

EARLIEST_YEAR = 1990
AHEAD = timedelta(days=1)
"""How far past the present a thing that happened may lie: a sender's clock may be wrong."""

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,6})?)?(?:Z|z|[+-]\d{2}:?\d{2})?)?")


class BadMoment(Invalid):
    """This is not a date or time that can be used here."""

    code = "not_a_time"


def instant(value: object, *, at: datetime, field: str = "", zone: ZoneInfo | None = None) -> datetime:
    """Give the instant of an ISO 8601 text, in UTC; raises ``BadMoment``.

    Without ``zone`` the text must carry an offset. With it, a text without offset (a date alone is its midnight) is local time there.
    What happened after ``at`` plus a day, or before 1990, is refused.
    """
    if not isinstance(value, str) or not _ISO.fullmatch(value.strip()):
        raise BadMoment("This must be a time such as 2026-03-01T09:30:00+01:00.", field=field)
    try:
        moment = datetime.fromisoformat(value.strip().replace(",", ".").replace("z", "Z"))
        if moment.tzinfo is None:
            moment = placed(moment, zone, field)
        found = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadMoment("There is no such date or time.", field=field) from None
    if found.year < EARLIEST_YEAR:
        raise BadMoment(f"This lies before {EARLIEST_YEAR}.", field=field, code="too_early")
    if found > at + AHEAD:
        raise BadMoment("This lies in the future.", field=field, code="in_the_future")
    return found


def placed(local: datetime, zone: ZoneInfo | None, field: str = "") -> datetime:
    """Place a local time in ``zone``: out of a gap it moves forward by the gap, of two it is the first."""
    if zone is None:
        raise BadMoment("This needs its offset from UTC, such as +01:00 or Z.", field=field, code="offset_missing")
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def day(
    value: object, *, field: str = "", low: date = date(EARLIEST_YEAR, 1, 1), high: date = date(2100, 1, 1)
) -> date:
    """Give the calendar date of an ISO 8601 text; raises ``BadMoment``."""
    try:
        found = date.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None:
        raise BadMoment("This must be a date such as 2026-03-01.", field=field, code="not_a_date")
    if not low <= found <= high:
        raise BadMoment(f"This must be between {low} and {high}.", field=field, code="out_of_range")
    return found


def midnight(on: date, zone: ZoneInfo) -> datetime:
    """Give the instant at which the day ``on`` begins in ``zone``, in UTC."""
    return placed(datetime.combine(on, time()), zone)
