"""How many queries a page takes: a baseline for each, the same whether it shows two leads or twenty."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign
from leads.handoffs import accept
from leads.models import Clock, Lead
from leads.pausing import pause, resume
from personas.defaults import create_default_personas
from sla.calendars import set_calendar
from teams.models import Team, User
from tests.cast import OFFICE, SIGNED_AT
from tests.desk.conftest import Enter, Offer
from tests.leads.worlds import spend

# page, by whom, at most so many queries: session and user included, and on PostgreSQL the clock
BASELINES = [
    ("/leads/", "sam", 12),
    ("/leads/?owner=me", "sam", 13),
    ("/leads/?owner=marketing", "maya", 13),
    ("/leads/?stage=mql&tier=hot", "sam", 12),
    ("/leads/?q=Person", "sam", 13),
    ("/leads/?order=engagement", "sam", 13),
    ("/leads/?order=fit", "sam", 12),
    ("/", "sam", 24),
    ("/desk/queue/", "sam", 20),
    ("/", "maya", 23),
    ("/", "mona", 26),
    ("/", "sue", 26),
    ("/campaigns/", "sam", 11),
    ("/campaigns/?mine=1", "maya", 12),
    ("/leads/?needs=triage", "maya", 12),
    ("/leads/?carried=me", "sam", 13),
    ("/notifications/", "sam", 7),
    ("/notifications/bell/", "sam", 6),
    ("/agreement/", "sam", 16),
    ("/what-if/", "mona", 22),
    ("/agreement/1/backtest/", "mona", 20),
    ("/glossary/", "sam", 7),
    ("/personas/", "maya", 16),
    ("/personas/operations-olivia/", "maya", 17),
    ("/personas/new/", "maya", 6),
    ("/personas/proposals/", "maya", 8),
    ("/scoring/", "maya", 12),
    ("/scoring/1/", "sam", 10),
    ("/scoring/edit/", "mona", 8),
    ("/routing/", "sue", 22),
    ("/routing/versions/", "sam", 9),
    ("/routing/versions/1/", "sam", 13),
    ("/calendars/", "sam", 10),
    ("/leads/new/", "maya", 9),
    ("/forms/", "maya", 10),
    ("/imports/", "maya", 9),
    ("/leads/duplicates/", "maya", 8),
    ("/api/v1/leads", "sam", 8),
    ("/api/v1/leads?q=Person", "sam", 8),
]


@pytest.fixture
def fill(offer: Offer, sam: User, at: datetime) -> Callable[[int], None]:
    def more(count: int) -> None:
        for number in range(count):
            handoff = offer(f"Person {number}")
            if number % 2:
                accept(lead_id=handoff.lead_id, actor=sam, at=at)

    return more


@pytest.mark.parametrize(("path", "who", "most"), BASELINES)
def test_a_page_takes_as_many_queries_for_twenty_leads_as_for_two(
    enter: Enter, fill: Callable[[int], None], request: pytest.FixtureRequest, path: str, who: str, most: int
) -> None:
    browser = enter(request.getfixturevalue(who))
    create_default_personas(at=SIGNED_AT)
    fill(2)
    assert browser.get(path).status_code == 200  # caches of the process are warm

    with CaptureQueriesContext(
        connection,
    ) as few:
        browser.get(path)
    fill(18)
    with CaptureQueriesContext(connection) as many:
        browser.get(path)

    told = "\n".join(query["sql"][:200] for query in many.captured_queries)
    assert len(many) == len(few), told
    assert len(many) <= most, f"{len(many)}\n{told}"


def test_the_list_of_leads_counts_nothing(enter: Enter, fill: Callable[[int], None], sam: User) -> None:
    fill(2)

    with CaptureQueriesContext(connection) as queries:
        enter(sam).get("/leads/")

    assert not [query["sql"] for query in queries.captured_queries if "COUNT(" in query["sql"].upper()]


def test_a_campaigns_page_does_not_grow_with_its_leads(
    enter: Enter, fill: Callable[[int], None], campaign: Campaign, maya: User
) -> None:
    browser, path = enter(maya), f"/campaigns/{campaign.pk}/"
    fill(2)
    spend(campaign, 100)
    browser.get(path)

    with CaptureQueriesContext(connection) as few:
        browser.get(path)
    fill(18)
    spend(campaign, *range(20))
    with CaptureQueriesContext(connection) as many:
        browser.get(path)

    assert len(many) == len(few) <= 26


@pytest.mark.parametrize("query", ["", "?stage=mql", "?owner=me", "?owner=marketing", "?q=Person"])
def test_a_list_never_skips_rows_and_joins_only_the_leads_it_shows(
    enter: Enter, fill: Callable[[int], None], sam: User, query: str
) -> None:
    fill(4)

    with CaptureQueriesContext(connection) as queries:
        enter(sam).get(f"/leads/{query}")

    told = [one["sql"] for one in queries.captured_queries if 'FROM "leads_lead"' in one["sql"]]
    assert not [sql for sql in told if " OFFSET " in sql]
    assert not [sql for sql in told if "ORDER BY" in sql and "JOIN" in sql]


def test_a_leads_page_does_not_grow_with_its_history(enter: Enter, offer: Offer, sam: User, at: datetime) -> None:
    handoff = offer()
    accept(lead_id=handoff.lead_id, actor=sam, at=at)
    browser = enter(sam)
    path = f"/leads/{handoff.lead_id}/"
    browser.get(path)

    with CaptureQueriesContext(connection) as few:
        browser.get(path)
    for _ in range(6):
        browser.post(f"{path}call/", {"outcome": "no_answer"})
    browser.get(path)
    with CaptureQueriesContext(connection) as many:
        browser.get(path)

    assert Lead.objects.get().attempt_count == 6
    assert len(many) <= len(few) <= 39


def test_a_clocks_page_does_not_grow_with_its_history(enter: Enter, offer: Offer, sam: User, at: datetime) -> None:
    handoff = offer()
    accept(lead_id=handoff.lead_id, actor=sam, at=at)
    clock = Clock.objects.get(lead=handoff.lead_id, promise="verdict")
    browser, path = enter(sam), f"/clocks/{clock.pk}/"
    pause(clock_id=clock.pk, reason="later_date", actor=sam, at=at)
    resume(clock_id=clock.pk, actor=sam, at=at)
    browser.get(path)

    with CaptureQueriesContext(connection) as few:
        browser.get(path)
    pause(clock_id=clock.pk, reason="later_date", actor=sam, at=at)
    resume(clock_id=clock.pk, actor=sam, at=at)
    with CaptureQueriesContext(connection) as many:
        browser.get(path)

    assert len(many) == len(few) <= 15


def test_a_preview_does_not_grow_with_its_clocks(
    enter: Enter, fill: Callable[[int], None], sales: Team, sue: User, at: datetime
) -> None:
    browser = enter(sue)
    fill(2)
    version = set_calendar(
        actor=None, name="Sales hours", hours={**OFFICE, "holidays": ["2099-01-01"]}, at=at, team=sales
    )
    path = f"/calendars/{version.calendar_id}/recompute/"
    browser.get(path)

    with CaptureQueriesContext(connection) as few:
        browser.get(path)
    fill(18)
    set_calendar(actor=None, name="Sales hours", hours={**OFFICE, "holidays": ["2099-01-02"]}, at=at, team=sales)
    with CaptureQueriesContext(connection) as many:
        browser.get(path)

    assert len(many) == len(few) <= 16
