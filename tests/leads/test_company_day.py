"""Days that are given with a verb are days of the company's zone, at both ends of the UTC day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import Settings

from leads import outcomes
from leads.models import Lead
from leads.outcomes import BadDeal
from leads.reasons import BadReason
from ledger.instants import company_day
from sla.in_force import InForce
from teams.models import User
from tests.cast import NOW, make_lead

NIGHT = NOW.replace(hour=2)  # 1 March, 21:00 in New York
EVENING = NOW.replace(hour=20)  # 3 March, 05:00 in Tokyo
DAYS = [("America/New_York", NIGHT, date(2026, 3, 1)), ("Asia/Tokyo", EVENING, date(2026, 3, 3))]


@pytest.fixture(params=DAYS, ids=[zone for zone, *_ in DAYS])
def today(request: pytest.FixtureRequest, settings: Settings, agreement: InForce) -> date:
    """Today in a company whose day is not that of UTC."""
    settings.TIME_ZONE = request.param[0]
    day: date = request.param[2]
    return day


@pytest.fixture
def at(today: date) -> datetime:
    return next(instant for _, instant, day in DAYS if day == today)


def test_the_companys_day_is_the_day_of_its_zone(today: date, at: datetime) -> None:
    assert company_day(at) == today


def test_a_deal_may_close_today_and_not_yesterday(today: date, at: datetime, sam: User) -> None:
    lead = make_lead(stage="sql", owner=sam)
    deal: dict[str, Any] = {"lead_id": lead.pk, "amount": Decimal(5), "actor": sam, "at": at}

    with pytest.raises(BadDeal):
        outcomes.open_opportunity(expected_close_on=today - timedelta(days=1), **deal)
    outcomes.open_opportunity(expected_close_on=today, **deal)

    assert lead.opportunities.get().expected_close_on == today


def test_a_recycled_lead_returns_tomorrow_at_the_earliest(today: date, at: datetime, sam: User) -> None:
    lead = make_lead(stage="sal", owner=sam)
    step: dict[str, Any] = {"lead_id": lead.pk, "reason": "bad_timing", "actor": sam, "at": at}

    with pytest.raises(BadReason):
        outcomes.recycle(returns_on=today, **step)
    outcomes.recycle(returns_on=today + timedelta(days=1), **step)

    assert Lead.objects.get(pk=lead.pk).returns_on == today + timedelta(days=1)


def test_the_days_of_the_agreement_are_counted_from_today(
    today: date, at: datetime, sam: User, agreement: InForce
) -> None:
    lead = make_lead(stage="sal", owner=sam)

    outcomes.recycle(lead_id=lead.pk, reason="no_budget", actor=sam, at=at)

    days = agreement.terms.recycle_days["no_budget"]
    assert Lead.objects.get(pk=lead.pk).returns_on == today + timedelta(days=days)
