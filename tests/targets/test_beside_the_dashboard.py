"""Targets and briefings leave the dashboard's promises as they were: those are about leads."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from dashboards.asked import company_zone
from dashboards.behind import rows_behind
from dashboards.filling import fill
from dashboards.periods import Period
from dashboards.proving import wrong_days
from dashboards.report import value_of
from dashboards.scope import Scope
from dashboards.verifying import differences
from desk.queries.manager import breaks
from leads.briefings import plan_campaign
from leads.models import Clock
from leads.sweep import sweep
from teams.models import Team, User
from tests.cast import clock_start, offer_to, start_clocks
from tests.leads.worlds import go_round
from tests.targets.test_briefings import BRIEF, DUE
from tests.targets.world import FEBRUARY, begin, promise, target

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def test_the_dashboard_counts_promises_about_leads_alone(
    mona: User, sue: User, maya: User, sam: User, sales: Team, client: Client
) -> None:
    agreement = promise(mona, sue, target("mql_volume", 5))
    go_round(sales)
    begin(FEBRUARY)
    plan_campaign(brief=BRIEF, actor=maya, at=FEBRUARY + DAY)
    start_clocks(clock_start(agreement, "accept", user=sam, handoff_id=offer_to(sam, agreement).pk))
    at = DUE + timedelta(minutes=1)
    assert {line.chip.clock.promise for line in breaks(FEBRUARY + DAY).next} == {"accept"}
    sweep(at=at)
    assert set(Clock.objects.values_list("promise", "state")) == {
        ("mql_volume", "missed"), ("brief", "missed"), ("accept", "missed"), ("assign", "running"),
    }  # fmt: skip

    period = Period(FEBRUARY.date(), at.date() + DAY, company_zone())
    of_promises = [one for one in differences(period, at=at)[0] if one.figure.startswith("promise")]
    missed = list(rows_behind("promise.missed", Scope(period)).values_list("promise", flat=True))

    assert of_promises == []
    assert missed == ["accept"]
    assert value_of("promise.missed", Scope(period)).part == 1
    assert breaks(at).today == []
    client.force_login(sam)
    for path in ("/dashboard/", "/dashboard/leads"):
        query = f"?from={period.first}&to={period.until}&figure=promise.missed"
        assert client.get(path + query).status_code == 200
    fill(company_zone())
    assert list(wrong_days(company_zone())) == []
    assert value_of("promise.missed", Scope(period)).part == 1
