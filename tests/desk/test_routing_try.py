"""Trying a lead: what the rules would do with it, explained, and nothing of it is written."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext

from leads.handoffs import hand_off
from leads.intake.pipeline import take_in
from leads.models import Assignment, Company, Handoff, PoolMember, RoutingVersion
from leads.routing.drafts import add_rule, begin_draft, move_rule
from sla.calendars import set_calendar
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import SIGNED_AT, person
from tests.desk.conftest import Enter
from tests.leads.intake_world import anna
from tests.leads.worlds import away, go_round, ready_lead

ALWAYS = {
    "zone": "UTC",
    "week": {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
}


@pytest.fixture
def rita(agreement: InForce, sam: User, sales: Team) -> User:
    """A rep beside Sam; they take turns, at any hour: the page reads the present."""
    set_calendar(actor=None, name="Always", hours=ALWAYS, at=SIGNED_AT, team=sales)
    found = person("Rita", sales)
    go_round(sales)
    return found


@pytest.fixture
def draft(rita: User, sue: User, at: datetime) -> RoutingVersion:
    """Large firms go to Rita, before all others."""
    found = begin_draft(actor=sue, at=at)
    when = [{"field": "employee_count", "op": "gte", "value": 500}]
    line = {"words": "Large firms", "when": when, "to": {"person": rita.pk}}
    code = add_rule(actor=sue, at=at, draft_id=found.pk, line=line)
    move_rule(actor=sue, at=at, draft_id=found.pk, code=code, by=-1)
    return found


@pytest.fixture
def browser(enter: Enter, sue: User) -> Client:
    return enter(sue)


def ask(browser: Client, version: RoutingVersion | None = None, **fields: object) -> str:
    rules = version or RoutingVersion.objects.get(number=1)
    answer = browser.get(f"/routing/try/?{urlencode({'rules': rules.pk, **fields})}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_described_lead_is_tried_by_a_draft_with_every_rule_explained(browser: Client, draft: RoutingVersion) -> None:
    large = ask(browser, draft, employee_count=800)
    small = ask(browser, draft, employee_count=20)
    unknown = ask(browser, draft)

    assert "The rules send it to Rita (rule: Large firms)." in large
    assert "Employee count is at least 500: yes, it is 800." in large
    assert "2 more rules were not looked at." in large
    assert "It was Sam’s turn in Sales" in small
    assert "Did not decide: its conditions do not hold." in small
    assert "Rita is level, and stands later in the list." in small
    assert "Employee count is at least 500: no, it is not known." in unknown


def test_a_lead_that_there_is_goes_where_the_trial_said(browser: Client, rita: User, maya: User, at: datetime) -> None:
    lead = ready_lead(captured_at=at, last_touch_at=at, mql_at=at)
    away(rita, at=at)

    page = ask(browser, lead=lead.pk)
    hand_off(lead_id=lead.pk, actor=maya, at=at)

    assert "Rita is away." in page
    assert "It was Sam’s turn in Sales" in page
    assert Handoff.objects.get().assignee.name == "Sam"  # type: ignore[union-attr]
    assert Assignment.objects.get().trace["people"] == [[rita.pk, "absent"]]


def test_a_described_lead_is_read_as_the_intake_would(browser: Client, rita: User, sue: User, at: datetime) -> None:
    """Its company is the one that would be recognised, and what is known of that counts; the title says the seniority."""
    take_in([anna(company="Acme & Sons GmbH")], actor=None, at=at)
    Company.objects.update(owner=rita, industry="Steel", is_customer=True)
    found = begin_draft(actor=sue, at=at)
    when = [
        {"field": "country", "op": "is", "value": "GB"}, {"field": "industry", "op": "is", "value": "Steel"},
        {"field": "kind", "op": "is", "value": "expansion"}, {"field": "seniority", "op": "is_known"},
    ]  # fmt: skip
    line = {"words": "Known", "when": when, "to": {"person": rita.pk}}
    code = add_rule(actor=sue, at=at, draft_id=found.pk, line=line)
    for _ in range(2):
        move_rule(actor=sue, at=at, draft_id=found.pk, code=code, by=-1)

    said = {"company": " ACME and Sons ", "country": "uk", "job_title": "Chief Technology Officer", "industry": "Wood"}

    assert "Rita answers for this company." in ask(browser, company=said["company"])
    assert "The rules send it to Rita (rule: Known)." in ask(browser, found, **said)
    assert "The rules send it to Rita" not in ask(browser, found, **{**said, "company": "Acme Daughters"})


def test_trying_writes_nothing_and_locks_nothing(
    browser: Client, draft: RoutingVersion, maya: User, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Locks are marked, so that they are seen on an engine that has none; a handoff, which does lock, shows that they are."""
    for name in ("board.row_lock", "people.share_lock"):
        monkeypatch.setattr(f"leads.routing.{name}", lambda table: f" /* lock of {table} */")
    monkeypatch.setattr("django.db.models.query.QuerySet.select_for_update", marked)
    lead = ready_lead(captured_at=at, last_touch_at=at, mql_at=at)
    before = list(PoolMember.objects.values_list("id", "turn"))

    with CaptureQueriesContext(connection) as trying:
        ask(browser, draft, lead=lead.pk)
    turns = list(PoolMember.objects.values_list("id", "turn"))
    with CaptureQueriesContext(connection) as handing:
        hand_off(lead_id=lead.pk, actor=maya, at=at)

    assert turns == before
    assert not [sql for sql in told(trying) if sql.startswith(("INSERT", "UPDATE", "DELETE")) or "LOCK OF" in sql]
    assert {"LOCK OF M", "LOCK OF U"} <= {
        word for sql in told(handing) for word in ("LOCK OF M", "LOCK OF U") if word in sql
    }


def told(queries: CaptureQueriesContext) -> list[str]:
    return [query["sql"].strip().upper() for query in queries.captured_queries]


def marked(rows: QuerySet[Any], **_options: Any) -> QuerySet[Any]:
    return rows.extra(where=["1 = 1 /* lock of rows */"])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"lead": 10**9}, "There is no lead of this number."),
        ({"lead": "x"}, "Enter a whole number."),
        ({"fit": 101}, "less than or equal to 100"),
        ({"country": "Germany"}, "as two letters"),
        ({"company": "x" * 201}, "at most 200 characters"),
        ({"rules": 10**9}, "Select a valid choice."),
    ],
)
def test_what_cannot_be_tried_is_told_beside_its_field(
    browser: Client, rita: User, fields: dict[str, object], said: str
) -> None:
    answer = browser.get(f"/routing/try/?{urlencode({'rules': 1, 'industry': 'Steel', **fields})}")

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert 'value="Steel"' in answer.content.decode()


def test_a_draft_is_tried_only_by_who_may_see_it(enter: Enter, draft: RoutingVersion, mona: User, sam: User) -> None:
    page = enter(mona)

    assert f'value="{draft.pk}"' not in page.get("/routing/try/").content.decode()
    assert page.get(f"/routing/try/?rules={draft.pk}").status_code == 422
    assert enter(sam).get("/routing/try/").status_code == 404


def test_before_there_are_rules_the_page_says_so(browser: Client) -> None:
    assert "No routing rules are in force." in browser.get("/routing/try/").content.decode()
