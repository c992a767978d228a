"""What is heard of late has its place: the checks go by when something was true, as the program does."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from campaigns.models import Campaign
from leads.intake.arrival import Arrival
from leads.intake.pipeline import take_in
from leads.models import Lead
from replay.invariants.facts import Facts
from replay.invariants.verdict import SLACK, broken
from sla.in_force import InForce
from teams.models import User
from tests.cast import NOW, SIGNED_AT

YESTERDAY = NOW - timedelta(days=1)


@pytest.mark.django_db
def test_a_campaign_heard_of_late_was_the_first_all_the_same(agreement: InForce, maya: User) -> None:
    for code in ("early", "late"):
        Campaign.objects.create(
            name=code, code=code, type="webinar", owner=maya, starts_on=date(2026, 1, 1), created_at=SIGNED_AT
        )
    for code, occurred_at in (("late", NOW), ("early", YESTERDAY)):
        arrival = Arrival(
            name="Anna Arendt", email="anna@arendt.example", touch_kind="webinar_attended", campaign_code=code,
            occurred_at=occurred_at,
        )  # fmt: skip
        take_in([arrival], actor=maya, at=NOW)

    lead = Lead.objects.select_related("first_campaign", "last_campaign").get()
    assert (str(lead.first_campaign), str(lead.last_campaign)) == ("early", "late")
    assert list(broken(Facts.load(), at=NOW, slack=SLACK)) == []
