"""How long ago something was: days are those of the reader's calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from leads.templatetags.leads import ago

AT = datetime(2026, 3, 4, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "words"),
    [(2, "2 h ago"), (14, "yesterday"), (24, "yesterday"), (26, "2 days ago"), (48, "2 days ago")],
)
def test_yesterday_is_the_day_before_not_24_hours(hours: int, words: str) -> None:
    with timezone.override(ZoneInfo("UTC")):
        assert f">{words}<" in ago(AT - timedelta(hours=hours), AT)


def test_the_day_is_that_of_the_reader() -> None:
    with timezone.override(ZoneInfo("America/New_York")):
        assert ">14 h ago<" in ago(AT - timedelta(hours=14), AT)
