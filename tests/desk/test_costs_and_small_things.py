"""What a campaign costs for what it brings; leads to triage; the queue narrowed by its tiles; what a refusal says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import RequestFactory

from campaigns.models import Campaign, CostLine
from desk.queries.marketer import campaign_figures
from leads.handoffs import accept
from leads.holding import NotYours
from leads.models import Clock, Handoff, Lead
from leads.wordings import register_wordings
from ledger.wording import wording
from smarketing.problems import csrf_failure, forbidden, refusal_response
from teams.models import User
from tests.desk.conftest import Enter, Offer
from tests.leads.worlds import spend


@pytest.mark.parametrize(("cost", "won", "expected"), [
    (Decimal(1000), 3, Decimal("333.33")), (Decimal("0.05"), 2, Decimal("0.03")), (Decimal(0), 1, Decimal(0)),
    (Decimal(1000), 0, None), (None, 3, None),
])  # fmt: skip
def test_the_cost_for_each_won_lead_is_reckoned_only_where_there_is_one(
    offer: Offer, campaign: Campaign, at: datetime, cost: Decimal | None, won: int, expected: Decimal | None
) -> None:
    for number in range(4):
        lead = offer(f"Person {number}").lead
        Lead.objects.filter(pk=lead.pk, pk__in=[lead.pk] if number < won else []).update(customer_at=at, sql_at=at)
    if cost is not None:
        spend(campaign, cost / 4, cost - cost / 4)
    (loaded,) = Campaign.objects.with_money()

    per_lead, per_sql, per_won = campaign_figures([loaded])[0].costs

    assert (per_won.amount, per_won.count) == (expected, won)
    assert (per_lead.count, per_sql.count) == (4, won)
    assert per_lead.amount == (None if cost is None else (cost / 4).quantize(Decimal("0.01"), "ROUND_HALF_UP"))


def test_the_page_says_the_costs_in_the_campaigns_currency_or_why_there_are_none(
    enter: Enter, offer: Offer, campaign: Campaign, maya: User, at: datetime
) -> None:
    lead = offer().lead
    Campaign.objects.update(currency="CHF")
    spend(campaign, 1000, 250)
    browser = enter(maya)
    path = f"/campaigns/{campaign.pk}/"

    before = browser.get(path).content.decode()
    Lead.objects.filter(pk=lead.pk).update(customer_at=at)
    after, listed = browser.get(path).content.decode(), browser.get("/campaigns/").content.decode()
    CostLine.objects.all().delete()
    unsaid = browser.get(path).content.decode()

    assert "nobody won yet" in before
    assert f'figure=cost.per_won&amp;campaign={campaign.pk}">CHF\N{NO-BREAK SPACE}1,250</a>' in after
    assert f'figure=cost.per_won&amp;campaign={campaign.pk}">CHF\N{NO-BREAK SPACE}1,250</a>' in listed
    assert "The sum of the campaign’s actual cost lines ÷ leads won" in after
    assert unsaid.count("cost not said") == 3


def test_who_raised_a_hand_with_unknown_fit_waits_on_the_desk_of_marketing(
    enter: Enter, offer: Offer, maya: User, sam: User
) -> None:
    lead = offer().lead
    Handoff.objects.update(state="recalled", decided_at=lead.captured_at)
    Lead.objects.update(stage="lead", is_hand_raise=True, fit=None, owner=None, handoff_count=0)
    browser = enter(maya)

    desk = browser.get("/")
    listed = browser.get("/leads/?needs=triage")
    Lead.objects.update(fit=40)
    judged = browser.get("/")

    assert [row.lead.pk for row in desk.context["leads"].triage.rows] == [lead.pk]
    assert f"/leads/{lead.pk}/qualify/" in desk.content.decode()
    assert [row.lead.pk for row in listed.context["rows"]] == [lead.pk]
    assert judged.context["leads"].triage.count == 0


def test_the_tiles_narrow_the_queue_and_actions_keep_it_narrow(
    enter: Enter, offer: Offer, sam: User, at: datetime
) -> None:
    late, accepted = offer("Late"), offer("Accepted")
    due = at - timedelta(minutes=1)
    Clock.objects.filter(handoff=late).update(
        state="missed", started_at=due, due_at=due, missed_at=due, detected_at=at, next_action_at=None
    )
    browser = enter(sam)

    narrowed = browser.get("/?desk=rep&show=missed")
    nonsense = browser.get("/?desk=rep&show=everything")
    fragment = browser.post(
        f"/leads/{accepted.lead_id}/accept/", {"from": "desk"},
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/?desk=rep&show=missed"},
    )  # fmt: skip

    assert [row.lead.pk for row in narrowed.context["queue"].mine] == [late.lead_id]
    assert narrowed.context["tiles"].open_count == 2
    assert len(nonsense.context["queue"].mine) == 2
    assert [row.lead.pk for row in fragment.context["queue"].mine] == [late.lead_id]
    assert "?show=missed" in fragment.content.decode()


def test_a_conversation_logged_elsewhere_refreshes_the_queue(
    enter: Enter, offer: Offer, sam: User, at: datetime
) -> None:
    handoff = offer()
    accept(lead_id=handoff.lead_id, actor=sam, at=at)
    browser = enter(sam)
    tag = browser.get("/desk/queue/").context["queue"].etag

    Lead.objects.update(conversed_at=at)

    assert browser.get("/desk/queue/", headers={"If-None-Match": tag}).status_code == 200


def test_a_form_opened_from_a_campaign_has_it_chosen(enter: Enter, maya: User, campaign: Campaign) -> None:
    browser = enter(maya)

    page = browser.get(f"/campaigns/{campaign.pk}/").content.decode()
    forms = browser.get(f"/forms/?campaign={campaign.pk}").content.decode()

    assert f'href="/forms/?campaign={campaign.pk}"' in page
    assert f'<option value="{campaign.pk}" selected>' in forms


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Kiritimati"])
def test_whether_a_campaign_runs_is_a_matter_of_the_companys_day_wherever_its_reader_is(
    enter: Enter, maya: User, campaign: Campaign, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    Campaign.objects.update(starts_on="2026-07-01", ends_on="2026-07-01")
    User.objects.filter(pk=maya.pk).update(timezone=zone)
    # the 30th of June in Los Angeles, the second of July on Kiritimati
    at = datetime(2026, 7, 1, 0, 30, tzinfo=UTC) if "Angeles" in zone else datetime(2026, 7, 1, 20, tzinfo=UTC)
    monkeypatch.setattr("desk.access.edge_now", lambda: at)
    browser = enter(User.objects.get(pk=maya.pk))

    (row,) = browser.get("/campaigns/").context["rows"]

    assert row.state == browser.get(f"/campaigns/{campaign.pk}/").context["state"] == "running"


def test_the_won_notice_writes_the_amount_as_money() -> None:
    register_wordings()

    message = wording("lead_won").render(7, {"amount": "18500.00", "currency": "EUR"})

    assert message.text == "The deal was won: €18,500."


@pytest.mark.django_db
def test_a_refusal_says_its_own_reason(rf: RequestFactory, sam: User) -> None:
    request = rf.get("/leads/1/")
    request.user = sam

    whose = refusal_response(request, NotYours("This lead is with Rita.")).content.decode()
    role = forbidden(request, Exception()).content.decode()
    stale = csrf_failure(request).content.decode()

    assert "This lead is with Rita." in whose
    assert "those who stand in for them" in whose
    assert "If your role should include it" in role
    assert all("your role" not in page.lower() for page in (whose, stale))
