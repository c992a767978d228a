"""Whose hours count: one's own, else the team's, at the newest version."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sla.calendars import BadHours, MayNotChangeCalendars, set_calendar
from sla.hours import Hours, NoCalendar, calendars
from sla.models import CalendarVersion
from teams.models import Team, User
from tests.cast import NOW, OFFICE, person

pytestmark = pytest.mark.django_db
NIGHTS = {"zone": "Europe/Berlin", "week": {"mon": [["22:00", "06:00"]]}}


def test_a_person_keeps_the_hours_of_their_team(sam: User, sales: Team) -> None:
    hours = Hours.load([sam.pk], [sales.pk])

    assert hours.of_person(sam.pk) == hours.of_team(sales.pk)


def test_own_hours_go_before_the_teams(sam: User, sales: Team) -> None:
    version = set_calendar(actor=None, name="Sam’s nights", hours=NIGHTS, at=NOW, user=sam)

    hours = Hours.load([sam.pk], [sales.pk])

    assert hours.of_person(sam.pk) == (version.pk, version.hours)
    assert hours.of_person(sam.pk) != hours.of_team(sales.pk)


def test_the_newest_version_counts_and_the_old_ones_stay(sales: Team) -> None:
    old = Hours.load([], [sales.pk]).of_team(sales.pk)

    new = set_calendar(actor=None, name="Sales hours", hours=NIGHTS, at=NOW, team=sales)

    assert new.number == 2
    assert Hours.load([], [sales.pk]).of_team(sales.pk) == (new.pk, new.hours)
    assert calendars([old[0]]) == {old[0]: old[1]}


def test_without_any_calendar_it_says_so(olive: User) -> None:
    team = Team.objects.create(name="New team", side="sales")
    hours = Hours.load([olive.pk], [team.pk])

    with pytest.raises(NoCalendar):
        hours.of_person(olive.pk)
    with pytest.raises(NoCalendar):
        hours.of_team(team.pk)


def test_many_people_take_as_many_queries_as_one(sales: Team) -> None:
    def queries(count: int) -> int:
        people = [person(f"Rep-{count}-{number}", sales).pk for number in range(count)]
        with CaptureQueriesContext(connection) as captured:
            Hours.load(people)
        return len(captured)

    assert queries(20) == queries(1) <= 3


def test_hours_that_never_open_are_refused(sales: Team) -> None:
    with pytest.raises(BadHours, match="never opens"):
        set_calendar(actor=None, name="Closed", hours={"zone": "UTC"}, at=NOW, team=sales)

    assert CalendarVersion.objects.filter(calendar__name="Closed").count() == 0


def test_only_an_administrator_changes_calendars(sue: User) -> None:
    with pytest.raises(MayNotChangeCalendars):
        set_calendar(actor=sue, name="Hers", hours=OFFICE, at=NOW)

    chief = person("Ada", is_administrator=True)
    assert set_calendar(actor=chief, name="Hers", hours=OFFICE, at=NOW).created_by == chief
