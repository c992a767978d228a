"""What the dashboard shows is what the events say; the counting from raw events is ``dashboards.raw_figures``'s."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from dashboards.asked import company_zone, today
from dashboards.periods import Period
from dashboards.proving import NothingToProve, wrong_days
from dashboards.verifying import differences as different_figures
from leads.models import Lead


def differences(*, at: datetime) -> Iterator[str]:
    """Compare all figures from the first arrival until ``at``, and those of the last four weeks; and the rollups, if they are filled."""
    first = Lead.objects.order_by("captured_at").values_list("captured_at", flat=True).first()
    if first is None:
        return
    zone, last = company_zone(), today(at) + timedelta(days=1)
    for start in (first.astimezone(zone).date(), last - timedelta(weeks=4)):
        found, _ = different_figures(Period(start, last, zone), at=at)
        yield from (f"figure {one.figure} since {start}: shown {one.shown}, by the events {one.raw}" for one in found)
    with suppress(NothingToProve):
        yield from wrong_days(zone)
