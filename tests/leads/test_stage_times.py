"""The time of each stage is that of entering it first in the lead's present life."""

from __future__ import annotations

from datetime import timedelta

from leads import handoffs
from leads.intake.arrival import Arrival
from leads.intake.pipeline import take_in
from leads.models import Lead
from leads.qualifying import qualify
from personas.defaults import create_default_personas
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import NOW, SIGNED_AT, sign
from tests.leads.worlds import go_round, offered, ready_lead

LATER = NOW + timedelta(days=3)


def test_a_lead_that_qualifies_again_keeps_when_it_first_did(
    agreement: InForce, sales: Team, maya: User, sam: User
) -> None:
    go_round(sales)
    lead = ready_lead()
    offered(lead, maya)
    handoffs.reject(lead_id=lead.pk, reason="wrong_role", actor=sam, at=NOW)

    qualify(lead_ids=[lead.pk], actor=maya, at=LATER, reason="The role was wrong in our file")

    assert Lead.objects.get(pk=lead.pk).mql_at == NOW


def test_a_lead_that_raises_its_hand_again_keeps_when_it_first_qualified(
    mona: User, sue: User, sales: Team, maya: User, sam: User
) -> None:
    create_default_personas(at=SIGNED_AT)
    sign(mona, sue)
    go_round(sales)
    lead = ready_lead()
    offered(lead, maya)
    handoffs.reject(lead_id=lead.pk, reason="wrong_role", actor=sam, at=NOW)
    asked = Arrival(
        email=lead.contact.email, touch_kind="demo_request", source_raw="event", role="operations", seniority="head",
        employee_count=200, industry="logistics", country="DE",
    )  # fmt: skip

    (outcome,) = take_in([asked], actor=maya, at=LATER)

    assert outcome.stage == "mql"
    assert Lead.objects.get(pk=lead.pk).mql_at == NOW
