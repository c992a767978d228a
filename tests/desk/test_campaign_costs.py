"""What a campaign costs, line by line: who keeps the lines, what they add up to, and what comes back beside its field."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection

from campaigns.actions import BadBrief, Brief, CampaignMoved, MayNotLog, change_campaign
from campaigns.costs import (
    MOST_LINES,
    BadCost,
    Cost,
    NoSuchCost,
    NotYourCampaign,
    TooManyCosts,
    add_cost,
    change_cost,
    fingerprint,
    remove_cost,
)
from campaigns.models import Campaign, CostLine
from desk.queries.marketer import campaign_figures
from ledger.models import AuditEntry
from teams.models import Team, User
from tests.cast import person
from tests.desk.conftest import Enter, Offer
from tests.leads.worlds import make_campaign, spend

LINE = {"what": "Stand", "amount": "1200.50", "kind": "actual", "starts_on": "2026-03-02", "ends_on": ""}
COST = Cost("Stand", Decimal("1200.50"), "actual", date(2026, 3, 2))


def test_what_is_spent_is_the_sum_of_the_actual_lines_alone(offer: Offer, campaign: Campaign) -> None:
    for number in range(3):
        offer(f"Person {number}")
    spend(campaign, Decimal("100.10"), Decimal("200.20"))
    spend(campaign, 5000, kind="planned")
    Campaign.objects.update(budget=250)
    (loaded,) = Campaign.objects.with_money()

    (figures,) = campaign_figures([loaded])

    assert str(loaded.spent) == "300.30"
    assert figures.costs[0].amount == Decimal("100.10")
    assert loaded.planned == 5000
    assert loaded.left == Decimal("-50.30")
    assert loaded.left_after_plan == Decimal("-5050.30")


def test_without_an_actual_line_nothing_is_said_to_be_spent(offer: Offer, campaign: Campaign) -> None:
    offer()
    spend(campaign, 5000, kind="planned")
    (loaded,) = Campaign.objects.with_money()

    assert loaded.spent is None
    assert campaign_figures([loaded])[0].costs[0].amount is None
    assert (loaded.left, loaded.left_after_plan) == (None, None)


def test_the_owner_enters_a_line_on_the_campaigns_page(enter: Enter, maya: User, campaign: Campaign) -> None:
    Campaign.objects.update(budget=1000)
    browser = enter(maya)

    response = browser.post(f"/campaigns/{campaign.pk}/costs/", LINE)

    assert response["Location"] == f"/campaigns/{campaign.pk}/"
    line = CostLine.objects.get()
    assert (line.what, line.amount, line.kind, line.entered_by) == ("Stand", Decimal("1200.50"), "actual", maya)
    page = browser.get(response["Location"]).content.decode()
    assert "€1,200.50" in page
    assert "−€200.50" in page
    assert "over budget" in page
    entry = AuditEntry.objects.get(verb="add_cost")
    assert (entry.subject_type, entry.subject_id) == ("campaign", campaign.pk)
    assert entry.facts == {"line": line.pk, "kind": "actual", "amount": "1200.50"}


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("what", "", "This field is required."),
        ("what", "a\u202eb", "invisible"),
        ("what", "x" * 121, "at most 120"),
        ("amount", "", "This field is required."),
        ("amount", "-1", "greater than or equal to 0"),
        ("amount", "NaN", "Enter a number."),
        ("amount", "1.234", "no more than 2 decimal places"),
        ("amount", "9" * 15, "no more than"),
        ("kind", "wished", "Select a valid choice"),
        ("starts_on", "soon", "Enter a valid date."),
        ("starts_on", "1999-12-31", "between 2000 and 2100"),
        ("ends_on", "2026-03-01", "last day would be before the first"),
    ],
)
def test_what_cannot_be_used_is_said_beside_the_field_and_kept(
    enter: Enter, maya: User, campaign: Campaign, field: str, value: str, says: str
) -> None:
    sent = LINE | {"what": "Stand at the fair"} | {field: value}

    response = enter(maya).post(f"/campaigns/{campaign.pk}/costs/", sent)

    page = response.content.decode()
    assert response.status_code == 422
    assert says in page
    assert field in response.context["cost_form"].errors
    assert field == "what" or 'value="Stand at the fair"' in page
    assert not CostLine.objects.exists()


def test_a_form_that_is_sent_twice_is_taken_once(enter: Enter, maya: User, campaign: Campaign) -> None:
    browser, sent = enter(maya), LINE | {"key": str(uuid4())}

    for _ in range(2):
        assert browser.post(f"/campaigns/{campaign.pk}/costs/", sent).status_code == 302

    assert CostLine.objects.count() == AuditEntry.objects.filter(verb="add_cost").count() == 1


def test_a_line_is_changed_and_removed(enter: Enter, maya: User, campaign: Campaign) -> None:
    spend(campaign, 500, kind="planned")
    line, browser = CostLine.objects.get(), enter(maya)
    path = f"/campaigns/{campaign.pk}/costs/{line.pk}/"
    shown = browser.get(path)

    changed = browser.post(path, LINE | {"seen": shown.context["seen"]})
    line.refresh_from_db()
    refused = browser.post(path, LINE | {"what": "Mine", "seen": shown.context["seen"]})
    removed = browser.post(f"{path}remove/", {"seen": fingerprint(line)})

    assert (changed.status_code, refused.status_code, removed.status_code) == (302, 409, 302)
    assert 'value="Mine"' in refused.content.decode()
    assert (line.kind, line.amount) == ("actual", Decimal("1200.50"))
    assert not CostLine.objects.exists()
    assert AuditEntry.objects.get(verb="change_cost").facts["fields"] == ["amount", "kind", "starts_on", "what"]
    assert AuditEntry.objects.get(verb="remove_cost").facts["amount"] == "1200.50"


def test_saving_a_line_without_a_change_writes_nothing(maya: User, campaign: Campaign, at: datetime) -> None:
    line_id = add_cost(campaign_id=campaign.pk, cost=COST, actor=maya, at=at)

    change_cost(campaign_id=campaign.pk, line_id=line_id, cost=COST, actor=maya, at=at)

    assert not AuditEntry.objects.filter(verb="change_cost").exists()


def test_lines_are_kept_by_the_owner_and_by_managers_of_marketing(
    enter: Enter, maya: User, mona: User, sam: User, marketing: Team, campaign: Campaign, at: datetime
) -> None:
    milo = person("Milo", marketing)
    path = f"/campaigns/{campaign.pk}/"

    assert add_cost(campaign_id=campaign.pk, cost=COST, actor=mona, at=at)
    with pytest.raises(NotYourCampaign):
        add_cost(campaign_id=campaign.pk, cost=COST, actor=milo, at=at)
    with pytest.raises(MayNotLog):
        add_cost(campaign_id=campaign.pk, cost=COST, actor=sam, at=at)

    pages = {user: enter(user).get(path).content.decode() for user in (maya, mona, milo, sam)}
    assert all("Stand" in page for page in pages.values())
    assert ["Add the line" in page for page in pages.values()] == [True, True, False, False]


def test_a_line_of_another_campaign_is_not_found(maya: User, campaign: Campaign, at: datetime) -> None:
    other = make_campaign(maya, "other")
    line_id = add_cost(campaign_id=other.pk, cost=COST, actor=maya, at=at)

    with pytest.raises(NoSuchCost):
        remove_cost(campaign_id=campaign.pk, line_id=line_id, actor=maya, at=at)


def test_removing_what_somebody_else_changed_is_refused(maya: User, campaign: Campaign, at: datetime) -> None:
    spend(campaign, 500)

    with pytest.raises(CampaignMoved):
        remove_cost(
            campaign_id=campaign.pk, line_id=CostLine.objects.get().pk, actor=maya, at=at, seen="something else"
        )


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"what": " "}, "what"), ({"what": "a\nb"}, "what"), ({"amount": Decimal(-1)}, "amount"), ({"amount": Decimal("NaN")}, "amount"),
        ({"amount": Decimal(10) ** 12}, "amount"), ({"amount": Decimal("1.234")}, "amount"), ({"kind": "wished"}, "kind"), ({"starts_on": date(2100, 1, 1)}, "starts_on"),
        ({"ends_on": date(2026, 3, 1)}, "ends_on"),
    ],
)  # fmt: skip
def test_the_verb_itself_refuses_what_no_line_can_say(
    maya: User, campaign: Campaign, at: datetime, changed: dict[str, Any], field: str
) -> None:
    said: dict[str, Any] = {
        "what": "Stand",
        "amount": Decimal(1),
        "kind": "actual",
        "starts_on": date(2026, 3, 2),
    } | changed

    with pytest.raises(BadCost) as refused:
        add_cost(campaign_id=campaign.pk, cost=Cost(**said), actor=maya, at=at)

    assert {problem.field for problem in refused.value.problems} == {field}


def test_a_campaign_has_no_more_lines_than_its_page_shows(maya: User, campaign: Campaign, at: datetime) -> None:
    spend(campaign, *range(MOST_LINES))

    with pytest.raises(TooManyCosts):
        add_cost(campaign_id=campaign.pk, cost=COST, actor=maya, at=at)


def test_the_currency_stays_while_there_are_lines_in_it(maya: User, campaign: Campaign, at: datetime) -> None:
    brief = Brief(campaign.name, campaign.code, campaign.type, campaign.starts_on, currency="CHF")
    spend(campaign, 1)

    with pytest.raises(BadBrief) as refused:
        change_campaign(campaign_id=campaign.pk, brief=brief, actor=maya, at=at)
    CostLine.objects.all().delete()
    change_campaign(campaign_id=campaign.pk, brief=brief, actor=maya, at=at)

    assert refused.value.problems[0].field == "currency"
    assert Campaign.objects.get().currency == "CHF"


@pytest.mark.django_db(transaction=True)
def test_the_one_cost_of_before_becomes_a_line_and_comes_back(maya: User) -> None:
    campaigns = [make_campaign(maya, code) for code in ("with", "without")]
    call_command("migrate", "campaigns", "0002", verbosity=0)
    try:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE campaigns_campaign SET cost = 12.34 WHERE code = 'with'")
        call_command("migrate", "campaigns", "0004", verbosity=0)
        line = CostLine.objects.get()
        call_command("migrate", "campaigns", "0002", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute("SELECT cost FROM campaigns_campaign ORDER BY code")
            back = [cost and Decimal(str(cost)) for (cost,) in cursor.fetchall()]
    finally:
        call_command("migrate", verbosity=0)

    assert (line.campaign_id, line.amount, line.kind) == (campaigns[0].pk, Decimal("12.34"), "actual")
    assert (line.starts_on, line.entered_by_id) == (campaigns[0].starts_on, maya.pk)
    assert line.entered_at == campaigns[0].created_at
    assert back == [Decimal("12.34"), None]
