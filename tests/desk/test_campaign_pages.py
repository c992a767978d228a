"""Campaigns: logged in a minute, read by both teams."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection

from campaigns.actions import (
    BadBrief,
    Brief,
    CampaignMoved,
    MayNotLog,
    change_campaign,
    fingerprint,
    log_campaign,
    persona_ids_of,
)
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
        ("personas", "999", "Select a valid choice"),
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
    assert "all personas" in page
    assert "utm_campaign=spring-webinar" in page
    assert "Ines Carvalho" in page
    assert [(step.label, step.count) for step in response.context["page"].funnel][:3] == [
        ("Captured", 1), ("MQL", 1), ("Accepted (SAL)", 0),
    ]  # fmt: skip


def test_a_campaign_without_leads_shows_no_made_up_share(enter: Enter, sam: User, campaign: Campaign) -> None:
    funnel = enter(sam).get(f"/campaigns/{campaign.pk}/").context["page"].funnel

    assert {step.percent for step in funnel} == {None}


def test_a_campaign_speaks_to_several_personas(enter: Enter, maya: User, at: datetime) -> None:
    versions = [version for version in create_default_personas(at=at) if not version.persona.is_negative][:2]
    ids = [version.persona_id for version in versions]
    browser = enter(maya)
    browser.post("/campaigns/new/", LEAST | {"personas": ids})
    campaign = Campaign.objects.get()
    path = f"/campaigns/{campaign.pk}/"
    shown = browser.get(path).content.decode()
    retire_persona(actor=maya, at=at, code=versions[0].persona.code)
    form = browser.get(f"{path}edit/").content.decode()
    browser.post(f"{path}edit/", LEAST | {"code": campaign.code, "personas": ids, "seen": fingerprint(campaign)})
    kept = persona_ids_of(campaign)
    browser.post(f"{path}edit/", LEAST | {"code": campaign.code, "personas": ids[1:]})
    left = persona_ids_of(campaign)
    again = browser.post(f"{path}edit/", LEAST | {"code": campaign.code, "personas": ids})

    assert all(version.name in shown for version in versions)
    assert form.count(" checked") == 2
    assert f"{versions[0].name} (retired)" in form
    assert (kept, left) == (tuple(sorted(ids)), tuple(ids[1:]))
    assert AuditEntry.objects.get(verb="change_campaign").facts == {"fields": ["personas"]}
    assert again.status_code == 422
    with pytest.raises(BadBrief):
        change_campaign(campaign_id=campaign.pk, brief=replace(BRIEF, persona_ids=tuple(ids)), actor=maya, at=at)


def test_whoever_chose_other_personas_meanwhile_is_not_overwritten(maya: User, mona: User, at: datetime) -> None:
    campaign = log_campaign(brief=BRIEF, actor=maya, at=at)
    seen = fingerprint(campaign)
    persona = create_default_personas(at=at)[0].persona_id
    change_campaign(campaign_id=campaign.pk, brief=replace(BRIEF, persona_ids=(persona,)), actor=mona, at=at)

    with pytest.raises(CampaignMoved):
        change_campaign(campaign_id=campaign.pk, brief=BRIEF, actor=maya, at=at, seen=seen)


def test_the_talking_points_stand_on_each_lead_of_the_campaign(
    enter: Enter, sam: User, offer: Offer, campaign: Campaign
) -> None:
    Campaign.objects.update(offer="The checklist", talking_points="Ask how they plan.\nName the fair.")
    leads = [offer(f"Person {number}").lead for number in range(2)]

    for lead in leads:
        page = enter(sam).get(f"/leads/{lead.pk}/").content.decode()
        assert "The checklist" in page
        assert "Ask how they plan.<br>Name the fair." in page


@pytest.mark.django_db(transaction=True)
def test_the_one_persona_of_before_is_the_first_of_several_and_comes_back(campaign: Campaign, at: datetime) -> None:
    persona_id = create_default_personas(at=at)[0].persona_id
    call_command("migrate", "campaigns", "0007", verbosity=0)
    try:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE campaigns_campaign SET persona_id = %s", [persona_id])
        call_command("migrate", "campaigns", "0009", verbosity=0)
        several = persona_ids_of(campaign)
        call_command("migrate", "campaigns", "0007", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute("SELECT persona_id FROM campaigns_campaign")
            back = cursor.fetchall()
    finally:
        call_command("migrate", verbosity=0)

    assert (several, back) == ((persona_id,), [(persona_id,)])
