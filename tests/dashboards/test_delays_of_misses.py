"""System and human delay of misses: medians reckoned by hand, with each filter, on the page and for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client

from dashboards.behind import rows_behind
from dashboards.compliance import Misses
from dashboards.filling import fill
from dashboards.periods import Period
from dashboards.registry import find
from dashboards.report import report
from dashboards.scope import Filters, Scope
from leads.models import Clock, Contact, Handoff, Lead, Touch
from teams.models import User
from tests.dashboards.both_ways import NOW, assert_same
from tests.dashboards.test_rollups import tables_read
from tests.dashboards.world import FIRST, RAW, UNTIL, World, at, found

pytestmark = pytest.mark.django_db
UTC = ZoneInfo("UTC")
QUARTER = Period(FIRST, UNTIL, UTC)
BUDGET = 900
MINUTE, HOUR = 60, 3600

# promise, who, system delay (nothing where nobody kept it), human delay (nothing where it was not answered), lead's source
SAMS = (
    ("accept", 0, 20 * MINUTE, "event"), ("accept", 5 * MINUTE, 2 * HOUR, "event"), ("accept", 7 * MINUTE, None, "event"),
    ("accept", None, 40 * MINUTE, "unknown"), ("first_attempt", 3 * HOUR, 30 * MINUTE, "unknown"),
)  # fmt: skip
RITAS = (("accept", 2 * HOUR, None, "event"), ("accept", 4 * HOUR, None, "unknown"))


@pytest.fixture(scope="module")
def misses(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Let Sam miss five promises and Rita two, with promises kept beside them that count for nothing here; rolled back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = found()
        for rep, rows in zip(made.reps, (SAMS, RITAS), strict=False):
            for promise, waited, taken, source in rows:
                clock(made, rep, promise, waited=waited, taken=taken, source=source)
            clock(made, rep, "accept", waited=9 * HOUR, taken=BUDGET - 1, source="event")
        fill(UTC)
        yield made
        transaction.set_rollback(True)


def clock(world: World, user: User, promise: str, *, waited: int | None, taken: int | None, source: str) -> Clock:
    """Add a promise of a quarter of an hour on a lead of its own, in the first week of February."""
    world.count += 1
    started_at = at(35) + timedelta(hours=world.count)
    contact = Contact.objects.create(external_id=f"d{world.count}", created_at=started_at)
    lead = Lead.objects.create(
        contact=contact, source=source, captured_at=started_at, last_touch_at=started_at, origin="marketing", stage="mql",
        mql_at=started_at, last_campaign=world.campaigns[0] if source == "event" else None,
        persona=world.personas[0] if source == "event" else None,
    )  # fmt: skip
    Touch.objects.create(lead=lead, contact=contact, kind="form", source=source, source_raw=RAW[source],
                         occurred_at=started_at, recorded_at=started_at)  # fmt: skip
    due_at = started_at + timedelta(seconds=BUDGET)
    answered_at = None if taken is None else started_at + timedelta(seconds=taken)
    is_kept = taken is not None and taken <= BUDGET
    subject: dict[str, Any] = {"lead": lead}
    if promise == "accept":
        subject = {
            "handoff": Handoff.objects.create(
                lead=lead, ordinal=1, version_id=world.agreement.version_id, tier="hot", state="open", offered_at=started_at,
                assignee=user,
            )
        }  # fmt: skip
    return Clock.objects.create(
        promise=promise, side="sales", tier="hot" if source == "event" else "warm", user=user,
        version_id=world.agreement.version_id, calendar_version_id=world.calendar_version_id,
        state="met" if is_kept else "missed", budget_seconds=BUDGET, started_at=started_at, due_at=due_at, plan=[],
        arrived_at=started_at - timedelta(seconds=waited or 0), waited_seconds=waited, answered_at=answered_at,
        answered_seconds=taken, met_at=answered_at if is_kept else None, missed_at=None if is_kept else due_at,
        late_seconds=None if is_kept or taken is None else taken - BUDGET, **subject,
    )  # fmt: skip


def medians(misses: Misses) -> tuple[int, int | None, int, int | None, int]:
    """Give how many were missed, the median and number of system delays, and of human ones."""
    system, human = misses.waited, misses.response
    return misses.missed.part, system.median, system.figure.part, human.median, human.figure.part


def scope(**filters: Any) -> Scope:
    return Scope(QUARTER, Filters(**filters))


@pytest.mark.parametrize("from_rollups", [True, False])
def test_the_medians_are_those_of_the_misses_alone(misses: World, from_rollups: bool) -> None:
    found = report(scope(), at=NOW, from_rollups=from_rollups).compliance
    by_owner = {line.owner.rep: medians(line.misses) for line in found.misses}
    by_promise = {line.code: medians(line.misses) for line in found.promises if line.misses.missed.part}

    sam, rita = (rep.pk for rep in misses.reps[:2])
    # By nearest rank the lower of the two middle ones. Sam waited 0, 5 min, 7 min and 3 h, and took 20, 30, 40 min and 2 h.
    assert by_owner == {sam: (5, 5 * MINUTE, 4, 30 * MINUTE, 4), rita: (2, 2 * HOUR, 2, None, 0)}
    assert by_promise == {
        "accept": (6, 7 * MINUTE, 5, 40 * MINUTE, 3),
        "first_attempt": (1, 3 * HOUR, 1, 30 * MINUTE, 1),
    }
    # All together: 0, 5 and 7 min, 2, 3 and 4 h.
    assert medians(found.all_misses) == (7, 7 * MINUTE, 6, 30 * MINUTE, 4)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"source": "event"}, (4, 5 * MINUTE, 4, 20 * MINUTE, 2)),
        ({"source": "unknown"}, (3, 3 * HOUR, 2, 30 * MINUTE, 2)),
        ({"promise": "first_attempt"}, (1, 3 * HOUR, 1, 30 * MINUTE, 1)),
        ({"side": "sales"}, (7, 7 * MINUTE, 6, 30 * MINUTE, 4)),
        ({"side": "marketing"}, (0, None, 0, None, 0)),
        ({"tier": "hot"}, (4, 5 * MINUTE, 4, 20 * MINUTE, 2)),
        ({"persona": 0}, (3, 3 * HOUR, 2, 30 * MINUTE, 2)),
        ({"campaign": 0, "promise": "accept"}, (2, 4 * HOUR, 1, 40 * MINUTE, 1)),
        ({"source_raw": "fair"}, (4, 5 * MINUTE, 4, 20 * MINUTE, 2)),
    ],
    ids=str,
)
def test_each_filter_narrows_them(misses: World, chosen: dict[str, Any], expected: tuple[Any, ...]) -> None:
    assert medians(report(scope(**chosen), at=NOW).compliance.all_misses) == expected
    assert_same(scope(**chosen))


def test_who_owed_it_narrows_them(misses: World) -> None:
    sam, rita = misses.reps[:2]

    assert medians(report(scope(rep=sam.pk), at=NOW).compliance.all_misses) == (5, 5 * MINUTE, 4, 30 * MINUTE, 4)
    assert medians(report(scope(rep=rita.pk), at=NOW).compliance.all_misses) == (2, 2 * HOUR, 2, None, 0)
    assert (
        medians(report(scope(team=misses.teams[1].pk), at=NOW).compliance.all_misses)[0] == 5
    )  # Sam is in it, Rita is not
    assert_same(scope(team=misses.teams[1].pk))


def test_no_fact_is_read_for_them(misses: World) -> None:
    read, _ = tables_read(scope())

    assert read == set()


def test_an_answer_after_the_rollups_were_filled_counts_at_once(misses: World) -> None:
    late = Clock.objects.get(user=misses.reps[0], answered_at=None)
    Clock.objects.filter(pk=late.pk).update(
        answered_at=late.due_at, answered_seconds=10 * MINUTE, late_seconds=0, waited_seconds=MINUTE
    )

    sam = next(line.misses for line in report(scope(), at=NOW).compliance.misses if line.owner.rep == misses.reps[0].pk)
    assert medians(sam) == (5, MINUTE, 4, 30 * MINUTE, 5)
    assert_same(scope())


def test_the_rows_behind_a_median_are_those_that_it_is_of(misses: World) -> None:
    for key, column in (("promise.missed_waited", "waited_seconds"), ("promise.missed_answered", "answered_seconds")):
        rows = rows_behind(key, scope())

        assert set(rows.values_list("state", flat=True)) == {"missed"}
        assert not rows.filter(**{f"{column}__isnull": True}).exists()
        assert "nearest rank" in find(key).numerator


def page_of(world: World, **filters: Any) -> str:
    client = Client()
    client.force_login(world.maya)
    answer = client.get("/dashboard/", {"from": "2026-01-01", "to": "2026-04-01", **filters})
    return re.sub(r"\s+", " ", answer.content.decode().partition('id="misses"')[2].partition("</section>")[0])


def rows_of(page: str) -> dict[str, list[str]]:
    """Give the cells of each line of the table of misses, without their links."""
    lines = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', page)
    return {head: re.findall(r">([^<>]+)<", cells) for head, cells in lines}


def test_the_page_shows_them_beside_the_misses(misses: World) -> None:
    rows = rows_of(page_of(misses))

    assert next(iter(rows)) == "All misses"
    assert rows["All misses"] == ["7", "15 min", "7 min", "30 min"]
    assert rows["Sam"] == ["5", "15 min", "5 min", "30 min"]
    assert rows["Rita"] == ["2", "not answered", "2 h", "not answered"]


def test_each_median_of_the_page_leads_to_as_many_rows_as_it_says(misses: World) -> None:
    client = Client()
    client.force_login(misses.maya)
    links = re.findall(r'<a href="(/dashboard/leads[^"]+)" title="reckoned from (\d+) rows?"', page_of(misses))

    counts = [(client.get(path.replace("&amp;", "&")).context["count"], int(many)) for path, many in links]

    assert len(counts) >= 8
    assert [pair for pair in counts if pair[0] != pair[1]] == []


def test_of_old_promises_nobody_knows_the_system_delay(misses: World) -> None:
    Clock.objects.filter(user=misses.reps[1]).update(waited_seconds=None)

    assert rows_of(page_of(misses))["Rita"] == ["2", "not answered", "no data", "not answered"]


def test_programs_read_the_same(misses: World) -> None:
    said = StringIO()
    call_command("kpis", "--json", "--from", "2026-01-01", "--to", "2026-04-01", stdout=said)
    found = json.loads(said.getvalue())["compliance"]

    sam = next(line for line in found["misses"] if line["rep"] == misses.reps[0].pk)
    accept = next(line for line in found["promises"] if line["promise"] == "accept")
    assert sam["waited_seconds"] == {"count": 4, "median": 300, "p90": 3 * HOUR}
    assert sam["response_seconds"] == {"count": 4, "median": 1800, "p90": 2 * HOUR}
    assert accept["misses"]["waited_seconds"] == {"count": 5, "median": 420, "p90": 4 * HOUR}
    assert found["all_misses"]["missed"] == 7
    assert found["all_misses"]["late_median_seconds"] == 900


def test_what_was_kept_has_no_part_in_them(misses: World) -> None:
    before = report(scope(), at=NOW).compliance.all_misses

    Clock.objects.filter(state="met").update(waited_seconds=1, answered_seconds=1)

    assert report(scope(), at=NOW).compliance.all_misses == before
