"""Calendars and short spellings that the tests of business time share."""

from datetime import UTC, datetime
from typing import Any

from sla.business_time import BusinessCalendar

MINUTE = 60
HOUR = 3600


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def workweek(opens: str, closes: str) -> dict[str, list[list[str]]]:
    return {day: [[opens, closes]] for day in ("mon", "tue", "wed", "thu", "fri")}


def hours(week: dict[str, Any], **exceptions: Any) -> BusinessCalendar:
    return BusinessCalendar.from_terms({"zone": "UTC", "week": week, **exceptions})


OFFICE = hours(workweek("09:00", "17:00"))
