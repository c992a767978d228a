"""Changing a calendar: versions that stay, whose it is, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from leads.models import Clock
from ledger.models import AuditEntry
from sla.calendars import (
    BadHours,
    BadName,
    CalendarMoved,
    MayNotChangeCalendars,
    NameTaken,
    NoHoursLeft,
    NoSuchCalendar,
    UnknownKeeper,
    change_calendar,
    set_calendar,
    standing,
)
from sla.hours import Hours
from sla.in_force import InForce
from sla.models import Calendar, CalendarUse, CalendarVersion
from teams.models import Team, User
from tests.cast import NOW, OFFICE, clock_start, offer_to, office, person, start_clocks

pytestmark = pytest.mark.django_db
NIGHTS = {"zone": "Europe/Berlin", "week": {"mon": [["22:00", "06:00"]]}}


@pytest.fixture
def ada(db: None) -> User:
    return person("Ada", is_administrator=True)


@pytest.fixture
def calendar(sales: Team) -> Calendar:
    return Calendar.objects.get(name="Sales hours")


def change(actor: User | None, calendar: Calendar | None, **changes: Any) -> CalendarVersion:
    """Change a calendar; what is not named stays."""
    uses = list(calendar.uses.all()) if calendar else []
    as_it_is: dict[str, Any] = {
        "name": calendar.name if calendar else "New hours", "hours": OFFICE,
        "team_ids": [use.team_id for use in uses if use.team_id],
        "user_ids": [use.user_id for use in uses if use.user_id],
    }  # fmt: skip
    return change_calendar(
        actor=actor, at=NOW, calendar_id=calendar.pk if calendar else None, **{**as_it_is, **changes}
    )


def test_other_hours_are_a_new_version_and_the_old_one_stays(ada: User, calendar: Calendar, sales: Team) -> None:
    old = calendar.versions.get()

    new = change(ada, calendar, hours=NIGHTS)

    assert (new.number, new.created_by) == (2, ada)
    assert calendar.versions.get(number=1).terms == old.terms
    assert Hours.load([], [sales.pk]).of_team(sales.pk) == (new.pk, new.hours)
    entry = AuditEntry.objects.filter(verb="change_calendar").get()
    assert (entry.actor_id, entry.subject_id) == (ada.pk, new.pk)


def test_the_same_hours_are_no_new_version_and_nothing_changed_is_no_entry(ada: User, calendar: Calendar) -> None:
    version = change(ada, calendar)

    assert version.number == 1
    assert not AuditEntry.objects.filter(verb="change_calendar").exists()
    assert change(ada, calendar, name="Office").number == 1
    assert AuditEntry.objects.filter(verb="change_calendar").count() == 1


def test_a_clock_that_runs_keeps_its_version_and_its_due_time(
    ada: User, calendar: Calendar, agreement: InForce, sam: User
) -> None:
    handoff = offer_to(sam, agreement)
    start_clocks(clock_start(agreement, "accept", user=sam, handoff_id=handoff.pk))
    before = Clock.objects.values("calendar_version", "due_at", "plan").get()

    change(ada, calendar, hours=NIGHTS)

    assert Clock.objects.values("calendar_version", "due_at", "plan").get() == before


def test_a_team_and_a_person_are_taken_over_from_another_calendar(
    ada: User, calendar: Calendar, sales: Team, marketing: Team, sam: User
) -> None:
    own = set_calendar(actor=None, name="Sam’s nights", hours=NIGHTS, at=NOW, user=sam)

    change(ada, calendar, team_ids=[sales.pk, marketing.pk], user_ids=[sam.pk])

    assert set(calendar.uses.values_list("team__name", "user__name")) == {
        ("Sales", None), ("Marketing", None), (None, "Sam"),
    }  # fmt: skip
    assert not own.calendar.uses.exists()


def test_who_is_left_out_has_the_hours_of_their_team_again(ada: User, calendar: Calendar, sam: User) -> None:
    own = set_calendar(actor=None, name="Sam’s nights", hours=NIGHTS, at=NOW, user=sam)

    change(ada, own.calendar, hours=NIGHTS, user_ids=[])

    assert Hours.load([sam.pk]).of_person(sam.pk)[0] == calendar.versions.get().pk


def test_nobody_is_left_without_hours(ada: User, calendar: Calendar) -> None:
    alone = person("Alone", Team.objects.create(name="No hours", side="sales"))
    own = set_calendar(actor=None, name="Alone", hours=NIGHTS, at=NOW, user=alone)

    with pytest.raises(NoHoursLeft) as team:
        change(ada, calendar, team_ids=[])
    with pytest.raises(NoHoursLeft) as one:
        change(ada, own.calendar, user_ids=[])

    assert (team.value.field, one.value.field) == ("teams", "people")
    assert CalendarUse.objects.filter(user=alone).exists()


def test_a_new_calendar_is_made_with_all_it_has(ada: User, sam: User, sales: Team) -> None:
    version = change(ada, None, name="  Late  shift ", hours=NIGHTS, user_ids=[sam.pk])

    assert (version.number, version.calendar.uses.get().user) == (1, sam)
    assert AuditEntry.objects.filter(verb="change_calendar").count() == 1


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"hours": {"zone": "UTC"}}, BadHours),
        ({"hours": {"zone": "UTC", "week": {"mon": [["09:00", "25:00"]]}}}, BadHours),
        ({"name": " "}, BadName),
        ({"name": "x" * 81}, BadName),
        ({"name": "a\u202eb"}, BadName),
        ({"name": "Marketing hours"}, NameTaken),
        ({"team_ids": [987_654_321]}, UnknownKeeper),
        ({"user_ids": [987_654_321]}, UnknownKeeper),
        ({"seen": "another"}, CalendarMoved),
    ],
)
def test_a_refusal_leaves_everything_as_it_was(
    ada: User, calendar: Calendar, marketing: Team, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    before = standing(calendar)

    with pytest.raises(refusal):
        change(ada, calendar, **{"hours": NIGHTS, **changes})

    assert standing(Calendar.objects.get(pk=calendar.pk)) == before


def test_what_the_page_showed_is_compared(ada: User, calendar: Calendar, sam: User) -> None:
    seen = standing(calendar)
    change(ada, calendar, user_ids=[sam.pk], seen=seen)

    with pytest.raises(CalendarMoved) as refusal:
        change(ada, calendar, hours=NIGHTS, seen=seen)

    assert refusal.value.details["seen"] == standing(calendar)
    assert change(ada, calendar, hours=NIGHTS, seen=standing(calendar)).number == 2


def test_only_an_administrator_and_only_what_there_is(ada: User, sue: User, calendar: Calendar) -> None:
    with pytest.raises(MayNotChangeCalendars):
        change(sue, calendar)
    calendar.pk = 987_654_321
    with pytest.raises(NoSuchCalendar):
        change_calendar(actor=ada, at=NOW, calendar_id=calendar.pk, name="x", hours=OFFICE, team_ids=[], user_ids=[])


def test_who_is_inactive_is_neither_asked_for_nor_thrown_out(ada: User, calendar: Calendar) -> None:
    closed = office("Closed", "sales")
    Team.objects.filter(pk=closed.pk).update(is_active=False)
    theirs = Calendar.objects.get(name="Closed hours")

    change(ada, theirs, team_ids=[])

    assert theirs.uses.get().team == closed
    with pytest.raises(UnknownKeeper):
        change(ada, calendar, team_ids=[closed.pk, *calendar.uses.values_list("team_id", flat=True)])
