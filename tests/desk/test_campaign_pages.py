"""Campaigns: logged in a minute, read by both teams."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from campaigns.actions import BadBrief, Brief, CampaignMoved, MayNotLog, change_campaign, fingerprint, log_campaign
from campaigns.models import Campaign
from ledger.models import AuditEntry
from personas.defaults import create_default_personas
from personas.writing import retire_persona
from teams.models import User
from tests.desk.conftest import Enter, Offer

LEAST = {"name": "Autumn fair", "type": "trade_show", "starts_on": "2026-10-01", "currency": "EUR"}
BRIEF = Brief(name="Autumn fair", code="autumn-fair", type="trade_show", starts_on=date(2026, 10, 1))


def test_five_fields_log_a_campaign(enter: Enter, maya: User) -> None:
    response = enter(maya).post("/campaigns/new/", LEAST)

    campaign = Campaign.objects.get()
    assert response["Location"] == f"/campaigns/{campaign.pk}/"
    assert (campaign.code, campaign.owner) == ("autumn-fair", maya)
    assert AuditEntry.objects.get(verb="log_campaign").subject_id == campaign.pk


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "", "This field is required."),
        ("name", "a\u202eb", "invisible"),
        ("type", "party", "Select a valid choice"),
        ("starts_on", "tomorrow", "Enter a valid date."),
        ("starts_on", "0001-01-01", "between 2000 and 2100"),
        ("ends_on", "2026-09-01", "end before it starts"),
        ("budget", "-1", "greater than or equal to 0"),
        ("budget", "NaN", "Enter a number."),
        ("budget", "1e400", ""),
        ("budget", "99999999999999999", "no more than"),
        ("currency", "euro", ""),
        ("code", "no spaces please", "valid “slug”"),
        ("persona", "999", "Select a valid choice"),
        ("name", "日本", "no Latin letters"),
    ],
)
def test_what_cannot_be_used_is_said_beside_the_field_and_kept(
    enter: Enter, maya: User, field: str, value: str, says: str
) -> None:
    response = enter(maya).post("/campaigns/new/", LEAST | {"offer": "A checklist"} | {field: value})

    page = response.content.decode()
    assert response.status_code == 422
    assert says in page
    assert 'value="A checklist"' in page
    assert not Campaign.objects.exists()


@pytest.mark.parametrize("day", [date(1999, 12, 31), date(2100, 1, 1)])
def test_the_verb_itself_refuses_days_that_no_campaign_has(maya: User, at: datetime, day: date) -> None:
    with pytest.raises(BadBrief) as refused:
        log_campaign(brief=Brief("Fair", "fair", "event", starts_on=day, ends_on=day), actor=maya, at=at)

    assert [(problem.field, problem.code) for problem in refused.value.problems] == [
        ("starts_on", "far_date"), ("ends_on", "far_date"),
    ]  # fmt: skip
    assert not Campaign.objects.exists()


def test_two_campaigns_cannot_share_a_utm_campaign(enter: Enter, maya: User) -> None:
    browser = enter(maya)
    browser.post("/campaigns/new/", LEAST)

    response = browser.post("/campaigns/new/", LEAST)

    assert response.status_code == 422
    assert "Another campaign has this UTM campaign already." in response.content.decode()


def test_sales_may_read_but_not_log(enter: Enter, sam: User, campaign: Campaign) -> None:
    browser = enter(sam)

    assert browser.get("/campaigns/new/").status_code == 403
    assert browser.post("/campaigns/new/", LEAST).status_code == 403
    assert browser.post(f"/campaigns/{campaign.pk}/edit/", LEAST).status_code == 403
    page = browser.get("/campaigns/").content.decode()
    assert "Spring-Webinar" in page
    assert "Log a campaign" not in page


def test_the_verb_permits_by_itself(sam: User, at: datetime) -> None:
    with pytest.raises(MayNotLog):
        log_campaign(brief=BRIEF, actor=sam, at=at)


def test_changing_keeps_an_audit_entry_of_the_fields(enter: Enter, maya: User, at: datetime) -> None:
    campaign = log_campaign(brief=BRIEF, actor=maya, at=at)

    enter(maya).post(
        f"/campaigns/{campaign.pk}/edit/",
        LEAST | {"code": "autumn-fair", "budget": "1200.50", "seen": fingerprint(campaign)},
    )

    campaign.refresh_from_db()
    assert campaign.budget == Decimal("1200.50")
    assert AuditEntry.objects.get(verb="change_campaign").facts == {"fields": ["budget"]}


def test_a_campaign_keeps_its_persona_when_that_is_retired(enter: Enter, maya: User, at: datetime) -> None:
    kept, other = (version.persona for version in create_default_personas(at=at)[:2])
    campaign = log_campaign(brief=replace(BRIEF, persona_id=kept.pk), actor=maya, at=at)
    for persona in (kept, other):
        retire_persona(actor=maya, at=at, code=persona.code)
    browser, path = enter(maya), f"/campaigns/{campaign.pk}/edit/"

    page = browser.get(path)
    form = page.context["form"]
    typed = {field.html_name: str(field.value() or "") for field in form} | {"offer": "A checklist"}

    assert [str(label) for _, label in form.fields["persona"].choices] == [
        "All personas",
        "Operations Olivia (retired)",
    ]
    assert browser.post(path, {**typed, "seen": fingerprint(campaign)}).status_code == 302
    campaign.refresh_from_db()
    assert (campaign.persona_id, campaign.offer) == (kept.pk, "A checklist")
    with pytest.raises(BadBrief):
        change_campaign(campaign_id=campaign.pk, brief=replace(BRIEF, persona_id=other.pk), actor=maya, at=at)


def test_saving_without_a_change_writes_nothing(maya: User, at: datetime) -> None:
    campaign = log_campaign(brief=BRIEF, actor=maya, at=at)

    change_campaign(campaign_id=campaign.pk, brief=BRIEF, actor=maya, at=at)

    assert not AuditEntry.objects.filter(verb="change_campaign").exists()


def test_saving_over_somebody_elses_change_is_refused_and_keeps_what_was_typed(
    enter: Enter, maya: User, mona: User, at: datetime
) -> None:
    campaign = log_campaign(brief=BRIEF, actor=maya, at=at)
    seen = fingerprint(campaign)
    change_campaign(
        campaign_id=campaign.pk, actor=mona, at=at,
        brief=Brief(name="Autumn fair 2", code="autumn-fair", type="trade_show", starts_on=date(2026, 10, 1)),
    )  # fmt: skip

    response = enter(maya).post(
        f"/campaigns/{campaign.pk}/edit/", LEAST | {"code": "autumn-fair", "offer": "My words", "seen": seen}
    )

    assert response.status_code == 409
    assert 'value="My words"' in response.content.decode()
    assert Campaign.objects.get().name == "Autumn fair 2"
    with pytest.raises(CampaignMoved):
        change_campaign(campaign_id=campaign.pk, brief=BRIEF, actor=maya, at=at, seen=seen)


def test_the_page_shows_brief_funnel_members_and_links(
    enter: Enter, sam: User, offer: Offer, campaign: Campaign
) -> None:
    Campaign.objects.update(talking_points="Ask how they plan.")
    offer()

    response = enter(sam).get(f"/campaigns/{campaign.pk}/")

    page = response.content.decode()
    assert "Ask how they plan." in page
    assert "utm_campaign=spring-webinar" in page
    assert "Ines Carvalho" in page
    assert [(step.label, step.count) for step in response.context["page"].funnel][:3] == [
        ("Captured", 1), ("MQL", 1), ("Accepted (SAL)", 0),
    ]  # fmt: skip


def test_a_campaign_without_leads_shows_no_made_up_share(enter: Enter, sam: User, campaign: Campaign) -> None:
    funnel = enter(sam).get(f"/campaigns/{campaign.pk}/").context["page"].funnel

    assert {step.percent for step in funnel} == {None}
