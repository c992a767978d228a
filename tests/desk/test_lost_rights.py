"""Who loses a right while a form is open: sending it is refused, changes nothing, and says why; what was typed stays in reach."""

from __future__ import annotations

import pytest
from django.test import Client

from campaigns.models import Campaign
from leads.handoffs import accept
from leads.models import Activity, Handoff, Lead
from ledger.models import AuditEntry
from teams.models import Membership, Team, User
from tests.desk.conftest import Enter, Offer

pytestmark = pytest.mark.django_db

TYPED = "Called twice; she wants a quote by Friday"


def move(user: User, team: Team) -> None:
    """Let somebody change sides, as an administrator would."""
    Membership.objects.filter(user=user).update(team=team)


@pytest.fixture
def handoff(offer: Offer) -> Handoff:
    return offer()


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "in place"])
@pytest.mark.parametrize(
    ("code", "typed"),
    [
        ("reject", {"reason": "other", "note": TYPED}),
        ("call", {"outcome": "no_answer", "note": TYPED}),
        ("rate", {"quality": "2", "comment": TYPED}),
    ],
)
def test_a_rep_who_is_no_rep_any_more_is_told_so_and_keeps_what_was_typed(
    enter: Enter,
    handoff: Handoff,
    sam: User,
    marketing: Team,
    code: str,
    typed: dict[str, str],
    headers: dict[str, str],
) -> None:
    browser, address = enter(sam), f"/leads/{handoff.lead_id}/{code}/"
    assert browser.get(address).status_code == 200
    before = left_behind(handoff)
    move(sam, marketing)

    answer = browser.post(address, {**typed, "handoff": handoff.pk}, headers=headers)

    assert answer.status_code == 403
    page = answer.content.decode()
    assert "Your role does not allow this." in page
    assert TYPED in page
    assert left_behind(handoff) == before


def test_a_rep_whose_lead_went_to_somebody_else_is_told_whose_it_is(
    enter: Enter, handoff: Handoff, sam: User, sales: Team, sue: User
) -> None:
    accept(lead_id=handoff.lead_id, actor=sam, at=handoff.offered_at)
    browser, address = enter(sam), f"/leads/{handoff.lead_id}/return/"
    assert browser.get(address).status_code == 200
    Lead.objects.filter(pk=handoff.lead_id).update(owner=sue)

    answer = browser.post(address, {"reason": "other", "note": TYPED})

    assert answer.status_code == 403
    assert "This lead is with Sue." in answer.content.decode()
    assert TYPED in answer.content.decode()
    assert Lead.objects.get().stage == "sal"


def test_who_is_in_no_team_any_more_finds_no_leads_and_changes_nothing(
    enter: Enter, handoff: Handoff, sam: User
) -> None:
    browser = enter(sam)
    before = left_behind(handoff)
    Membership.objects.filter(user=sam).delete()

    answer = browser.post(f"/leads/{handoff.lead_id}/call/", {"outcome": "no_answer", "note": TYPED})

    assert answer.status_code == 404  # what one may not see looks like what does not exist
    assert left_behind(handoff) == before


def test_a_marketer_who_went_to_sales_changes_no_campaign(
    enter: Enter, campaign: Campaign, maya: User, sales: Team
) -> None:
    browser: Client = enter(maya)
    address = f"/campaigns/{campaign.pk}/edit/"
    assert browser.get(address).status_code == 200
    move(maya, sales)

    answer = browser.post(address, {"name": "Mine", "type": "webinar", "starts_on": "2026-01-01", "currency": "EUR"})

    assert answer.status_code == 403
    page = answer.content.decode()
    assert "Campaigns are marketing’s to log and change." in page
    assert "Nothing was changed." in page
    campaign.refresh_from_db()
    assert campaign.name != "Mine"


def left_behind(handoff: Handoff) -> tuple[str, str, int, int]:
    """Give what a step would have changed."""
    handoff.refresh_from_db()
    stage = Lead.objects.get(pk=handoff.lead_id).stage
    return handoff.state, stage, Activity.objects.count(), AuditEntry.objects.count()
