"""The members of a campaign on its pages: counted by status, each count with the leads behind it, set in place."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign
from desk.queries import campaign_members
from desk.queries.campaign_members import members_of
from leads.members import set_member_status
from leads.models import CampaignMember
from teams.models import User
from tests.cast import make_lead
from tests.desk.conftest import Enter, Offer


def test_the_page_counts_members_by_status_and_opens_exactly_those(
    enter: Enter, offer: Offer, campaign: Campaign, maya: User, sam: User, at: datetime
) -> None:
    leads = [offer(f"Person {number}").lead for number in range(4)]
    for lead, status in zip(leads, ("registered", "attended", "attended"), strict=False):
        set_member_status(lead_id=lead.pk, campaign_id=campaign.pk, status=status, actor=maya, at=at)
    browser = enter(sam)

    counts = browser.get(f"/campaigns/{campaign.pk}/").context["page"].statuses
    behind = {
        line.status.code: {
            row.lead.pk for row in browser.get(f"/campaigns/{campaign.pk}/members/?status={line.status.code}").context["page"].rows
        }
        for line in counts
    }  # fmt: skip

    assert {line.status.code: line.count for line in counts} == {code: len(rows) for code, rows in behind.items()}
    assert behind["attended"] == {leads[1].pk, leads[2].pk}
    assert behind["registered"] == {leads[0].pk}
    everybody = browser.get(f"/campaigns/{campaign.pk}/members/").context["page"].rows
    assert {row.lead.pk: row.status for row in everybody} == {
        lead.pk: status for lead, status in zip(leads, ("registered", "attended", "attended", ""), strict=True)
    }


def test_a_status_is_set_in_the_list_and_the_list_stays_as_it_was(
    enter: Enter, offer: Offer, campaign: Campaign, maya: User
) -> None:
    lead, browser = offer().lead, enter(maya)
    path = f"/campaigns/{campaign.pk}/members/"

    response = browser.post(
        f"{path}{lead.pk}/", {"status": "registered", "shown_status": "invited", "shown_before": "9"}
    )

    assert response["Location"] == f"{path}?status=invited&before=9"
    assert (
        f'<input type="hidden" name="shown_before" value="{lead.pk + 1}">'
        in browser.get(f"{path}?before={lead.pk + 1}").content.decode()
    )
    assert CampaignMember.objects.get().status == "registered"
    assert '<option value="registered" selected>' in browser.get(path).content.decode()


def test_sales_reads_the_statuses_but_sets_none(enter: Enter, offer: Offer, campaign: Campaign, sam: User) -> None:
    lead, browser = offer().lead, enter(sam)
    path = f"/campaigns/{campaign.pk}/members/"

    assert "<select" not in browser.get(path).content.decode()
    assert browser.post(f"{path}{lead.pk}/", {"status": "registered"}).status_code == 403


def test_somebody_whom_the_campaign_never_touched_may_be_invited(
    enter: Enter, campaign: Campaign, maya: User, sam: User, at: datetime
) -> None:
    lead = make_lead()
    set_member_status(lead_id=lead.pk, campaign_id=campaign.pk, status="invited", actor=maya, at=at)

    page = enter(sam).get(f"/campaigns/{campaign.pk}/members/").content.decode()

    assert f"/leads/{lead.pk}/" in page


def test_a_status_that_the_type_does_not_know_is_counted_while_somebody_has_it(
    enter: Enter, offer: Offer, campaign: Campaign, maya: User, at: datetime
) -> None:
    set_member_status(lead_id=offer().lead_id, campaign_id=campaign.pk, status="attended", actor=maya, at=at)
    Campaign.objects.update(type="email")
    browser = enter(maya)

    page = browser.get(f"/campaigns/{campaign.pk}/members/?status=attended")

    assert page.context["page"].shown.count == len(page.context["page"].rows) == 1
    assert '<option value="attended" selected>' in page.content.decode()
    path = f"/campaigns/{campaign.pk}/members/{page.context['page'].rows[0].lead.pk}/"
    browser.post(path, {"status": "attended"})
    assert CampaignMember.objects.get().status == "attended"
    left = browser.post(path, {"status": "clicked", "shown_status": "attended"}, follow=True)
    assert (left.status_code, left.context["page"].rows) == (200, [])
    assert browser.get(f"/campaigns/{campaign.pk}/members/?status=danced").status_code == 422
    assert browser.get(f"/campaigns/{campaign.pk}/members/?before=x").status_code == 422


def test_pages_follow_each_other_without_gap(
    campaign: Campaign, offer: Offer, maya: User, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign_members, "PAGE", 2)
    leads = [offer(f"Person {number}").lead_id for number in range(5)]
    found, before = [], None

    while True:
        page = members_of(campaign, maya, before=before)
        found += [row.lead.pk for row in page.rows]
        if (before := page.following) is None:
            break

    assert found == sorted(leads, reverse=True)


def test_the_list_does_not_grow_with_its_members(enter: Enter, offer: Offer, campaign: Campaign, maya: User) -> None:
    browser, path = enter(maya), f"/campaigns/{campaign.pk}/members/"
    offer()
    browser.get(path)

    with CaptureQueriesContext(connection) as few:
        browser.get(path)
    for number in range(5):
        offer(f"Person {number}")
    with CaptureQueriesContext(connection) as many:
        browser.get(path)

    assert len(many) == len(few) <= 10
