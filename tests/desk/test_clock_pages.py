"""The page of one promise: what explains it, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from leads.disputes import raise_dispute
from leads.excusing import excuse
from leads.handoffs import reject
from leads.models import Clock, ClockFault, Lead
from leads.pausing import pause, resume
from leads.sweep import sweep
from ledger.models import AuditEntry
from sla.calendars import set_calendar
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import NOW, OFFICE, clock_start, make_lead, person, start_clocks
from tests.leads.worlds import bring_to, go_round, make_campaign, ready_lead

HOUR = timedelta(hours=1)
FRIDAY = NOW + timedelta(days=4)


@pytest.fixture
def login(client: Client) -> Callable[[User], Client]:
    def enter(user: User) -> Client:
        client.force_login(user)
        return client

    return enter


@pytest.fixture
def lead(sam: User, maya: User) -> Lead:
    return make_lead(stage="sal", sal_at=NOW, owner=sam, marketer=maya)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Let the edge read another instant."""

    def read(at: Any) -> None:
        for module in ("desk.access.edge_now", "leads.api.base.edge_now"):
            monkeypatch.setattr(module, lambda: at)

    read(NOW + HOUR)
    return read


@pytest.fixture
def clock(agreement: InForce, sam: User, lead: Lead, now: object) -> Clock:
    start_clocks(clock_start(agreement, "first_attempt", tier="standard", user=sam, lead_id=lead.pk))
    return Clock.objects.get()


def test_it_is_reckoned_line_by_line_over_a_weekend(
    login: Callable[[User], Client], agreement: InForce, sam: User, lead: Lead, now: Callable[[Any], None]
) -> None:
    at = FRIDAY + 6 * HOUR + 30 * timedelta(minutes=1)  # 16:30
    start_clocks(
        clock_start(agreement, "first_attempt", tier="warm", user=sam, lead_id=lead.pk, arrived_at=at - HOUR), at=at
    )
    now(at)

    page = login(sam).get(f"/clocks/{Clock.objects.get().pk}/").content.decode()

    for words in ("Fri 6 Mar 16:30–17:00", "30 min", "weekend", "Mon 9 Mar 09:00–12:30", "3 h 30 min", "Due Mon 9 Mar 2026, 12:30",
                  "Version 1", "Sales hours, version 1", "50 %: warns whoever owes it", "Started"):  # fmt: skip
        assert words in page
    assert "1 h <span" in page  # from arrival until it was with Sam


def test_pauses_an_excuse_and_an_answer_logged_late_are_told(
    login: Callable[[User], Client], clock: Clock, sam: User, mona: User, now: Callable[[Any], None]
) -> None:
    pause(clock_id=clock.pk, reason="later_date", note="After the fair", actor=sam, at=NOW + HOUR)
    resume(clock_id=clock.pk, actor=sam, at=NOW + 2 * HOUR)
    sweep(at=FRIDAY)
    excuse(clock_id=clock.pk, reason="system_down", actor=mona, at=FRIDAY)
    now(FRIDAY)

    page = login(mona).get(f"/clocks/{clock.pk}/").content.decode()

    for words in ("The contact asked for a later date", "After the fair", "paused", "Excused", "The system was not available",
                  "Mon 2 Mar 11:00–12:00", "Missed", "Escalated at"):  # fmt: skip
        assert words in page


def test_for_htmx_it_is_a_fragment_that_opens_on_the_page_of_the_lead(
    login: Callable[[User], Client], clock: Clock, maya: User, lead: Lead
) -> None:
    client = login(maya)
    fragment = client.get(f"/clocks/{clock.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert "How the time runs" in fragment
    assert "<html" not in fragment
    page = client.get(f"/leads/{lead.pk}/").content.decode()
    assert f'hx-get="/clocks/{clock.pk}/"' in page
    assert "Pause…" not in page  # a marketer pauses nothing of sales


def test_a_rep_pauses_and_lets_it_go_on_by_forms(
    login: Callable[[User], Client], clock: Clock, sam: User, lead: Lead
) -> None:
    client = login(sam)
    assert "Pause…" in client.get(f"/leads/{lead.pk}/").content.decode()
    assert client.get(f"/clocks/{clock.pk}/pause/").status_code == 200

    refused = client.post(f"/clocks/{clock.pk}/pause/", {"reason": "later_date", "until": "2026-03-01", "note": "Kept"})
    assert refused.status_code == 422
    assert "A pause ends in the future." in refused.content.decode()
    assert "Kept" in refused.content.decode()

    done = client.post(f"/clocks/{clock.pk}/pause/", {"reason": "later_date", "until": "2026-03-05", "from": "lead"})
    assert (done.status_code, done.url) == (302, f"/leads/{lead.pk}/")  # type: ignore[attr-defined]
    page = client.get(f"/leads/{lead.pk}/").content.decode()
    assert "Paused. It goes on by itself Thu 5 Mar 2026, 00:00 at the latest." in page
    assert "goes on Thu 5 Mar 2026, 00:00" in page

    assert client.post(f"/clocks/{clock.pk}/go-on/").status_code == 302
    clock.refresh_from_db()
    assert clock.state == "running"
    assert client.post(f"/clocks/{clock.pk}/go-on/").status_code == 409


def test_a_manager_of_marketing_excuses_a_miss(
    login: Callable[[User], Client], clock: Clock, mona: User, sue: User, lead: Lead, now: Callable[[Any], None]
) -> None:
    sweep(at=FRIDAY)
    now(FRIDAY)
    client = login(mona)
    assert "Excuse…" in client.get(f"/leads/{lead.pk}/").content.decode()

    assert client.post(f"/clocks/{clock.pk}/excuse/", {"reason": "other"}).status_code == 422
    assert client.post(f"/clocks/{clock.pk}/excuse/", {"reason": "system_down"}).status_code == 302

    assert "Excuse…" not in client.get(f"/leads/{lead.pk}/").content.decode()
    assert "excused" in client.get(f"/leads/{lead.pk}/").content.decode()
    assert "Excuse…" not in login(sue).get(f"/clocks/{clock.pk}/").content.decode()


def test_before_and_after_are_shown_before_a_clock_is_reckoned_anew(
    login: Callable[[User], Client], clock: Clock, sue: User, sales: Team
) -> None:
    client = login(sue)
    assert "Reckon anew…" not in client.get(f"/clocks/{clock.pk}/").content.decode()
    set_calendar(actor=None, name="Sales hours", hours={**OFFICE, "holidays": ["2026-03-03"]}, at=NOW, team=sales)
    assert "Reckon anew…" in client.get(f"/clocks/{clock.pk}/").content.decode()

    form = client.get(f"/clocks/{clock.pk}/recompute/")
    assert "Tue 3 Mar 2026, 10:00" in form.content.decode()
    assert "Wed 4 Mar 2026, 10:00" in form.content.decode()
    seen = form.context["form"].initial["seen"]
    assert client.post(f"/clocks/{clock.pk}/recompute/", {"seen": seen}).status_code == 422
    assert client.post(f"/clocks/{clock.pk}/recompute/", {"seen": seen + 7, "note": "A holiday"}).status_code == 409
    assert client.post(f"/clocks/{clock.pk}/recompute/", {"seen": seen, "note": "A holiday"}).status_code == 302
    assert "Reckoned anew" in client.get(f"/clocks/{clock.pk}/").content.decode()


def test_all_clocks_of_a_calendar_are_previewed_and_reckoned_anew(
    login: Callable[[User], Client], agreement: InForce, clock: Clock, sam: User, sue: User, sales: Team
) -> None:
    other = make_lead(stage="sal", sal_at=NOW, owner=sam)
    start_clocks(clock_start(agreement, "verdict", user=sam, lead_id=other.pk))
    set_calendar(actor=None, name="Sales hours", hours={**OFFICE, "holidays": ["2026-03-03"]}, at=NOW, team=sales)
    client, path = login(sue), f"/calendars/{clock.calendar_version.calendar_id}/recompute/"

    page = client.get(path)
    assert "2 promises would count by version 2" in page.content.decode()
    assert client.post(path, {"seen": page.context["form"].initial["seen"], "note": ""}).status_code == 422
    assert client.post(path, {"seen": page.context["form"].initial["seen"], "note": "A holiday"}).status_code == 302

    assert set(Clock.objects.values_list("calendar_version__number", flat=True)) == {2}
    assert "Nothing to reckon anew" in client.get(path).content.decode()


def test_an_administrator_sees_what_was_set_aside_and_lets_it_be_tried_again(
    login: Callable[[User], Client], clock: Clock, sam: User
) -> None:
    ada = person("Ada", is_administrator=True)
    later = NOW + 2 * HOUR
    ClockFault.objects.create(
        clock=clock, plan_position=0, attempts=3, first_at=NOW, last_at=NOW, logged_at=NOW, error="ZeroDivisionError"
    )
    Clock.objects.update(next_action_at=later)
    assert login(sam).get("/faults/").status_code == 404
    assert login(sam).post(f"/faults/{clock.pk}/again/").status_code == 404
    client = login(ada)

    page = client.get("/faults/").content.decode()
    assert "ZeroDivisionError" in page
    assert "3 times" in page
    assert client.post(f"/faults/{clock.pk}/again/").status_code == 302

    clock.refresh_from_db()
    assert clock.next_action_at == NOW + HOUR
    assert AuditEntry.objects.filter(verb="try_again", actor=ada, subject_id=clock.pk).exists()
    ClockFault.objects.all().delete()
    assert "None." in client.get("/faults/").content.decode()
    assert client.post(f"/faults/{clock.pk}/again/").status_code == 404


# By program -----------------------------------------------------------------------------------------------------------


def test_a_program_reads_the_promises_of_a_lead_by_their_indexes(
    login: Callable[[User], Client], clock: Clock, sam: User, lead: Lead
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("how a small table is read only SQLite decides by its indexes alone")
    client = login(sam)
    with CaptureQueriesContext(connection) as queries:
        client.get(f"/api/v1/leads/{lead.pk}/clocks")

    read = [query["sql"] for query in queries if 'FROM "leads_clock"' in query["sql"]]
    with connection.cursor() as cursor:
        steps = [step for sql in read for *_, step in cursor.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()]
    assert len(read) == 4
    assert [step for step in steps if step.startswith("SCAN leads_clock")] == []


def test_a_program_pauses_resumes_and_excuses(
    login: Callable[[User], Client], clock: Clock, sam: User, mona: User, lead: Lead, now: Callable[[Any], None]
) -> None:
    client = login(sam)
    (listed,) = client.get(f"/api/v1/leads/{lead.pk}/clocks").json()["results"]
    assert (listed["id"], listed["state"], listed["pauses_allowed"]) == (clock.pk, "running", 2)
    assert (listed["waited_seconds"], listed["answered_seconds"], listed["late_seconds"]) == (
        clock.waited_seconds,
        None,
        None,
    )

    def act(name: str, body: dict[str, Any]) -> Any:
        return client.post(f"/api/v1/clocks/{clock.pk}/{name}", body, content_type="application/json")

    assert [problem["field"] for problem in act("pause", {"until": "soon", "why": 1}).json()["errors"]] == [
        "until", "why", "reason",
    ]  # fmt: skip
    assert act("pause", {"reason": "later_date", "until": "2026-03-01"}).status_code == 400
    paused = act("pause", {"reason": "later_date", "until": "2026-03-04T12:00:00+01:00"})
    assert (paused.status_code, paused.json()["goes_on_at"]) == (200, "2026-03-04T11:00:00Z")
    assert act("pause", {"reason": "later_date"}).status_code == 409
    assert act("resume", {}).json()["state"] == "running"
    assert act("excuse", {"reason": "system_down"}).status_code == 403
    assert act("wind-back", {}).status_code == 404
    sweep(at=FRIDAY)
    now(FRIDAY)
    client.force_login(mona)
    assert act("excuse", {"reason": "system_down"}).json()["excused_at"] == "2026-03-06T10:00:00Z"
    assert client.get(f"/api/v1/clocks/{clock.pk}").json()["state"] == "missed"


@pytest.mark.parametrize("stage", ["mql", "sal"])
def test_the_end_of_a_dispute_is_told_alike_of_a_rejection_and_of_a_delivery(
    agreement: InForce,
    login: Callable[[User], Client],
    now: object,
    maya: User,
    mona: User,
    sam: User,
    sales: Team,
    stage: str,
) -> None:
    go_round(sales)
    lead = bring_to(stage, ready_lead(campaign=make_campaign(maya)), maya=maya, sam=sam)
    if stage == "mql":
        reject(lead_id=lead.pk, reason="wrong_role", actor=sam, at=NOW)
    raise_dispute(lead_id=lead.pk, reason="No.", actor=mona if stage == "mql" else sam, at=NOW)
    decide = Clock.objects.filter(promise="decide_dispute").first()
    assert decide is not None

    page = login(mona).get(f"/clocks/{decide.pk}/").content.decode()

    assert "closes the dispute: what was contested stands" in page
    assert "the rejection stands" not in page
