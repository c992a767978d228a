"""How the version in force is kept stands beside its clauses: as the dashboard counts it, and nowhere but there."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign
from dashboards.asked import company_zone, today
from dashboards.compliance import attainment, compliance
from dashboards.filling import fill
from dashboards.periods import named
from dashboards.scope import Scope
from leads.periods import open_periods
from sla.agreements import sign
from sla.in_force import InForce
from sla.models import AgreementVersion
from sla.promises import KINDS
from teams.models import User
from teams.roles import Side
from tests.desk.conftest import Enter
from tests.desk.judged import judged
from tests.targets.world import mql, promise, target

CELL = re.compile(r'<tr id="promise-(\w+)".*?<td class="num is-wide no-print promise-kept"[^>]*>(.*?)</td>', re.DOTALL)
STANDS = re.compile(r'<li>([^<]*)<span class="clause-stands no-print">(.*?)</li>', re.DOTALL)


def kept_on(page: str) -> dict[str, str]:
    """Give what the page says beside each promise, in words."""
    return {code: words_of(cell) for code, cell in CELL.findall(page)}


def stands_on(page: str) -> dict[str, str]:
    """Give what the page says beside each target."""
    return {clause.strip(): words_of(stands) for clause, stands in STANDS.findall(page)}


def words_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


@pytest.fixture
def kept(agreement: InForce, campaign: Campaign, at: datetime) -> InForce:
    """Promises of every verdict that fell due this month, and some of another month."""
    judged(agreement, "accept", kept=18, missed=2, at=at)
    judged(agreement, "verdict", kept=17, missed=3, at=at)
    judged(agreement, "returned", kept=8, missed=1, at=at)
    judged(agreement, "first_attempt", kept=0, missed=30, at=at - timedelta(days=40))
    judged(agreement, "brief", kept=2, missed=0, at=at, campaign=campaign)
    return agreement


def test_each_promise_says_how_it_is_kept_this_month(enter: Enter, sam: User, kept: InForce) -> None:
    said = kept_on(enter(sam).get("/agreement/").content.decode())

    assert set(said) == set(KINDS)
    assert {code: words for code, words in said.items() if words != "no data"} == {
        "accept": "90.0 % 18 of 20 kept",
        "verdict": "85.0 % 17 of 20 not kept",
        "returned": "88.9 % 8 of 9 too few to say",
        "brief": "100.0 % 2 of 2 too few to say",
    }


def test_it_is_what_the_dashboard_says(kept: InForce, at: datetime) -> None:
    month = named("this_month", today(at), company_zone())

    beside = attainment(month, at=at)

    on_dashboard = {line.code: line.total for line in compliance(Scope(month), at=at).promises}
    assert set(beside) == set(KINDS)
    assert {code: beside[code] for code in beside if code != "brief"} == on_dashboard  # which is about no lead
    assert beside["accept"].kept.part == 18
    fill(company_zone())
    assert attainment(month, at=at) == beside


def test_each_figure_opens_what_it_counts(enter: Enter, sam: User, kept: InForce) -> None:
    browser = enter(sam)
    page = browser.get("/agreement/").content.decode()

    cell = dict(CELL.findall(page))["verdict"]
    share, part, whole = (unescape(address) for address in re.findall(r'href="([^"]*)"', cell))
    assert share == part
    assert [browser.get(address).context["count"] for address in (part, whole)] == [17, 20]
    assert browser.get("/targets/").status_code == 200
    assert '<a href="/targets/#t-brief">100.0 %</a>' in dict(CELL.findall(page))["brief"]


def test_each_target_says_its_pace_or_when_it_begins(
    enter: Enter, mona: User, sue: User, sam: User, at: datetime
) -> None:
    targets = target("mql_volume", 120), target("conversation_share", 50, "hot")
    promise(mona, sue, *targets, at=at - timedelta(days=40))
    browser = enter(sam)
    before = stands_on(browser.get("/agreement/").content.decode())
    open_periods(at=at)
    mql(at)

    mqls, talks = stands_on(browser.get("/agreement/").content.decode()).items()

    assert len(before) == len(targets)
    assert all(said.startswith("counts from ") for said in before.values())
    assert mqls[0] == "Marketing: MQLs, at least 120 each month."
    assert mqls[1].startswith("1 of 120, ")
    assert mqls[1].endswith(f"{at:%B %Y}")
    assert talks[1] == f"no case yet, promised 50 % too few to say {at:%B %Y}"


def test_a_target_that_runs_on_says_which_version_promised_it(
    enter: Enter, mona: User, sue: User, kept: InForce, proposal: AgreementVersion, at: datetime
) -> None:
    open_periods(at=at)
    for user, side in ((mona, Side.MARKETING), (sue, Side.SALES)):
        sign(actor=user, version=proposal, side=side, terms_hash=proposal.terms_hash, at=at)

    said = stands_on(enter(sue).get("/agreement/").content.decode())

    assert len(said) == len(kept.terms.targets)
    assert all("as version 1 promised it" in words for words in said.values())


def test_only_the_version_in_force_has_live_figures(
    enter: Enter, mona: User, sue: User, kept: InForce, proposal: AgreementVersion, at: datetime
) -> None:
    browser = enter(sue)
    assert kept_on(browser.get("/agreement/1/").content.decode())["accept"] == "90.0 % 18 of 20 kept"
    assert has_none(browser, "/agreement/2/")

    for user, side in ((mona, Side.MARKETING), (sue, Side.SALES)):
        sign(actor=user, version=proposal, side=side, terms_hash=proposal.terms_hash, at=at)

    assert kept_on(browser.get("/agreement/2/").content.decode())["accept"] == "90.0 % 18 of 20 kept"
    assert has_none(browser, "/agreement/1/")


def has_none(browser: Client, path: str) -> bool:
    page = browser.get(path).content.decode()
    return not any(words in page for words in ("Kept this month", "clause-stands", "promise-kept"))


def test_the_number_of_queries_grows_with_nothing_that_is_counted(
    enter: Enter, sam: User, kept: InForce, at: datetime
) -> None:
    browser = enter(sam)
    open_periods(at=at)
    fill(company_zone())
    counts = []
    for _ in range(2):
        judged(kept, "accept", kept=9, missed=3, at=at)
        mql(at)
        browser.get("/agreement/")  # caches of the process are warm
        with CaptureQueriesContext(connection) as queries:
            browser.get("/agreement/")
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 40, counts
