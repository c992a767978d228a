"""Targets on the desks and on their own pages, and on the agreement: where they stand, what they came to, the leads behind them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from desk.queries.targets import current_targets, past_targets, targets_of
from leads.periods import open_periods
from leads.sweep import sweep
from ledger.instants import edge_now
from sla.models import AgreementVersion
from teams.models import User
from tests.targets.world import FEBRUARY, JULY, MARCH, SECOND, begin, deal, handed, mql, promise, target

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def test_a_running_target_says_its_pace(mona: User, sue: User) -> None:
    promise(mona, sue, target("mql_volume", 20), target("conversation_share", 50, "hot"))
    begin(FEBRUARY)
    mql(FEBRUARY + DAY)

    (mqls, talks) = sorted(current_targets(FEBRUARY + 15 * DAY), key=lambda line: line.name)

    assert (mqls.name, mqls.label, mqls.side) == ("MQLs", "February 2026", "Marketing")
    assert (mqls.said, mqls.verdict, mqls.tone) == ("1 of 20, 9 behind pace", "behind", "pill-warn")
    assert (talks.name, talks.side) == ("Share of leads with a conversation, hot", "Sales")
    assert (talks.said, talks.verdict) == ("no case yet, promised 50 %", "too few to say")
    assert [line.name for line in current_targets(FEBRUARY + DAY, "marketing")] == ["MQLs"]
    assert current_targets(MARCH) == []


def test_what_is_past_says_its_outcome(mona: User, sue: User) -> None:
    agreement = promise(
        mona,
        sue,
        target("mql_volume", 1),
        target("acceptance_rate", 80),
        target("mql_value", 9, currency="EUR", worth={"default": 4}),
    )
    begin(FEBRUARY)
    mql(FEBRUARY)
    handed(FEBRUARY, agreement, state="rejected")
    sweep(at=MARCH + SECOND)

    lines, before = past_targets(MARCH + DAY)

    assert {line.name: (line.said, line.verdict) for line in lines} == {
        "MQLs": ("1 of 1", "kept"),
        "Share of handed-off leads that sales accepts": ("0 % of 1, promised 80 %", "missed"),
        "Worth of the MQLs": ("€4 of €9", "missed"),
    }
    assert before is None


def test_past_periods_come_in_pages_that_tear_no_period_apart(mona: User, sue: User) -> None:
    promise(mona, sue, target("mql_volume", 1), target("acceptance_rate", 80))
    at = datetime(2029, 3, 1, tzinfo=UTC)
    open_periods(at=at)
    sweep(at=at + SECOND)

    seen, before, pages = [], None, 0
    while pages == 0 or before:
        lines, before = past_targets(at + DAY, before)
        seen += [line.period.pk for line in lines]
        pages += 1

    assert (pages, len(seen), len(set(seen))) == (2, 74, 74)


def test_an_agreement_says_how_its_targets_stand_or_when_they_begin(mona: User, sue: User) -> None:
    promise(mona, sue, target("mql_volume", 20), target("pipeline_value", 900, currency="EUR"))
    begin(FEBRUARY)

    found = targets_of(AgreementVersion.objects.get(), FEBRUARY + DAY)

    assert [(one.code, line.said if line else None, begins) for one, line, begins in found] == [
        ("mql_volume", "0 of 20, on pace", ""), ("pipeline_value", None, "from Q2 2026 on"),
    ]  # fmt: skip


def test_other_currencies_are_named(mona: User, sue: User) -> None:
    promise(mona, sue, target("pipeline_value", 900, currency="EUR"))
    april = datetime(2026, 4, 1, tzinfo=UTC)
    begin(april)
    deal(april, 200)
    deal(april, 70, currency="USD")

    (line,) = current_targets(april + DAY)

    assert (line.said, line.elsewhere) == ("€200 of €900, on pace", "$70")
    assert current_targets(JULY) == []


@pytest.fixture
def now(mona: User, sue: User) -> datetime:
    """A running month of the present, for pages, which look at the clock."""
    at = edge_now()
    promise(
        mona, sue, target("mql_volume", 200), target("acceptance_rate", 80), target("conversation_share", 50, "hot"),
        target("mql_value", 900, currency="EUR", worth={"default": 3}), target("revenue_share", 40),
        at=at.replace(day=1, hour=0, minute=0, second=0, microsecond=0) - 200 * DAY,
    )  # fmt: skip
    open_periods(at=at)
    sweep(at=at)
    return at


def test_the_pages_show_targets_to_both_sides(now: datetime, maya: User, sam: User, mona: User, client: Client) -> None:
    lead = mql(now - timedelta(hours=1) if now.day > 1 or now.hour > 1 else now)
    for who, path in ((maya, "/"), (mona, "/"), (mona, "/targets/"), (sam, "/targets/")):
        client.force_login(who)
        page = client.get(path).content.decode()
        assert "1 of 200" in page, path
    assert "MQLs" in page

    link = re.search(r"/targets/(\d+)/\">MQLs<", page)
    assert link is not None
    behind = client.get(f"/targets/{link[1]}/").content.decode()
    assert f"/leads/{lead.pk}/" in behind
    assert client.get("/targets/987654321/").status_code == 404


def test_a_marketer_sees_only_what_marketing_owes(now: datetime, maya: User, client: Client) -> None:
    client.force_login(maya)

    page = client.get("/").content.decode()

    assert "Share of handed-off leads" in page
    assert "Share of leads with a conversation" not in page


@pytest.mark.parametrize("query", ["?before=nonsense", "?before=2026-13-01", "?before=9999-99-99", "?before=%00"])
def test_a_bad_address_is_refused(query: str, now: datetime, sam: User, client: Client) -> None:
    client.force_login(sam)

    assert 400 <= client.get(f"/targets/{query}").status_code < 500


@pytest.mark.parametrize("query", ["?before=x", "?before=-1", "?before=99999999999999999999"])
def test_a_bad_page_of_leads_is_refused(query: str, now: datetime, sam: User, client: Client) -> None:
    client.force_login(sam)
    period = current_targets(now)[0].period

    assert 400 <= client.get(f"/targets/{period.pk}/{query}").status_code < 500


def test_the_number_of_queries_does_not_grow(now: datetime, sam: User, client: Client) -> None:
    client.force_login(sam)
    period = next(line.period for line in current_targets(now) if line.period.code == "mql_volume")
    counts = []
    for _ in range(2):
        for _ in range(5):
            mql(period.starts_at)
        found = []
        for path in ("/targets/", f"/targets/{period.pk}/"):
            with CaptureQueriesContext(connection) as queries:
                client.get(path)
            found.append(len(queries))
        counts.append(found)

    assert counts[0] == counts[1]
    assert counts[1][0] <= 26
    assert counts[1][1] <= 20
