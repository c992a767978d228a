"""The pages of calendars: who reads them, what an administrator types, and what stands beside a field."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sla.calendars import set_calendar
from sla.models import Calendar, CalendarVersion
from teams.models import Team, User
from tests.cast import OFFICE, person
from tests.desk.conftest import Enter, Offer

LUNCH = "9:00–12:30, 13:15–17:00"


@pytest.fixture
def ada(db: None) -> User:
    return person("Ada", is_administrator=True)


@pytest.fixture
def calendar(sales: Team, marketing: Team) -> Calendar:
    return Calendar.objects.get(name="Sales hours")


def form_of(browser: Client, path: str, **changes: object) -> dict[str, Any]:
    """Give what the form at ``path`` would send, with ``changes``."""
    form = browser.get(path).context["form"]
    shown = {field.name: field.value() for field in form if field.value() not in (None, "", False)}
    return {**shown, **changes}


def path_of(calendar: Calendar) -> str:
    return f"/calendars/{calendar.pk}/change/"


def terms_of(calendar: Calendar) -> dict[str, Any]:
    terms: dict[str, Any] = CalendarVersion.objects.filter(calendar=calendar).latest("number").terms
    return terms


def test_what_is_typed_is_a_new_version(enter: Enter, ada: User, calendar: Calendar, sam: User) -> None:
    browser, path = enter(ada), path_of(calendar)
    changes = {
        "name": "Sales, Berlin", "zone": "Europe/Berlin", "mon": LUNCH, "tue": "22:00–06:00", "wed": "",
        "sat": "18–24", "holidays": "2026-12-25 Christmas\n2026-08-03", "special_days": "2026-12-24 9–12\n2026-12-31 closed",
        "breaks": "2026-11-20 13:00–15:00", "people": [sam.pk],
    }  # fmt: skip

    answer = browser.post(path, form_of(browser, path, **changes), follow=True)

    page = answer.content.decode()
    assert "Saved as version 2. Promises that run keep the version they began under." in page
    assert terms_of(calendar) == {
        "zone": "Europe/Berlin",
        "week": {
            "mon": [["09:00", "12:30"], ["13:15", "17:00"]], "tue": [["22:00", "06:00"]],
            "thu": [["09:00", "17:00"]], "fri": [["09:00", "17:00"]], "sat": [["18:00", "24:00"]],
        },
        "holidays": ["2026-08-03", "2026-12-25"],
        "special_days": {"2026-12-24": [["09:00", "12:00"]], "2026-12-31": []},
        "breaks": {"2026-11-20": [["13:00", "15:00"]]},
    }  # fmt: skip
    assert calendar.versions.get(number=1).terms["zone"] == "UTC"
    assert [use.user for use in calendar.uses.filter(user__isnull=False)] == [sam]
    assert all(words in page for words in ("Sales, Berlin", "09:00–12:30, 13:15–17:00", "Sam", "version 2"))


def test_the_form_sent_back_as_it_came_changes_nothing(enter: Enter, ada: User, calendar: Calendar) -> None:
    rich = {**OFFICE, "holidays": ["2026-12-25"], "special_days": {"2026-12-24": [["22:00", "06:00"]], "2026-12-31": []},
            "breaks": {"2026-11-20": [["13:00", "15:00"]]}}  # fmt: skip
    set_calendar(actor=None, name="Sales hours", hours=rich, at=calendar.versions.get().created_at)
    browser, path = enter(ada), path_of(calendar)

    page = browser.post(path, form_of(browser, path), follow=True).content.decode()

    assert "The hours are the same as before" in page
    assert calendar.versions.count() == 2


def test_public_holidays_are_written_into_the_lines_and_saved_only_with_the_form(
    enter: Enter, ada: User, calendar: Calendar
) -> None:
    browser, path = enter(ada), path_of(calendar)
    asked = {
        "holidays": "2026-08-03 Works outing",
        "country": "DE",
        "region": "Bayern",
        "first_year": 2026,
        "last_year": 2026,
    }
    sent = form_of(browser, path, mon=LUNCH, **asked)

    answer = browser.post(path, {**sent, "fill": "1"})

    lines = answer.context["form"]["holidays"].value().splitlines()
    assert answer.status_code == 200
    assert {"2026-01-06 Epiphany", "2026-08-03 Works outing", "2026-12-25 Christmas Day"} <= set(lines)
    assert answer.context["form"]["mon"].value() == LUNCH
    assert "public holidays of Germany" in answer.content.decode()
    assert calendar.versions.count() == 1
    browser.post(path, {**sent, "holidays": "\n".join(lines)})
    assert {"2026-01-06", "2026-08-03"} < set(terms_of(calendar)["holidays"])
    again = browser.post(path, {**sent, "holidays": "\n".join(lines), "fill": "1"})
    assert "are there already" in again.content.decode()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"country": ""}, "country"), ({"country": "XX"}, "country"), ({"region": "Bavaria-land"}, "region"),
        ({"first_year": 2030, "last_year": 2026}, "last_year"), ({"first_year": ""}, "last_year"),
        ({"last_year": "soon"}, "last_year"), ({"first_year": 1}, "first_year"), ({"holidays": "Christmas"}, "holidays"),
    ],
)  # fmt: skip
def test_public_holidays_that_are_not_known_are_refused_beside_the_field(
    enter: Enter, ada: User, calendar: Calendar, change: dict[str, object], field: str
) -> None:
    browser, path = enter(ada), path_of(calendar)
    asked = {"fill": "1", "country": "DE", "region": "", "first_year": 2026, "last_year": 2027}

    answer = browser.post(path, form_of(browser, path, **{**asked, **change}))

    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {field})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"), ({"name": "a\u202eb"}, "name"), ({"name": "x" * 81}, "name"),
        ({"zone": "Mars/Olympus"}, "zone"), ({"zone": "localtime"}, "zone"), ({"zone": "Factory"}, "zone"),
        ({"mon": "nine to five"}, "mon"), ({"tue": "09:00–12:00, 11:00–13:00"}, "tue"), ({"wed": "9–25"}, "wed"),
        ({"mon": "22:00–10:00"}, "mon"), ({"sun": "22:00–10:00"}, "sun"), ({"mon": "9–10," * 100}, "mon"),
        ({"holidays": "25.12.2026"}, "holidays"), ({"special_days": "2026-12-24"}, "special_days"),
        ({"special_days": "2026-12-24 9–12, 11–13"}, "special_days"), ({"breaks": "2026-12-24 9–9:60"}, "breaks"),
        ({"teams": []}, "teams"), ({"teams": [987_654_321]}, "teams"), ({"people": ["x"]}, "people"),
        ({"mon": "\x00"}, "mon"), ({"holidays": "2026-12-25\x00"}, "holidays"),
    ],
)  # fmt: skip
def test_a_mistake_stands_beside_its_field_and_nothing_typed_is_lost(
    enter: Enter, ada: User, calendar: Calendar, change: dict[str, object], field: str
) -> None:
    browser, path = enter(ada), path_of(calendar)

    answer = browser.post(path, form_of(browser, path, **{"thu": "10–11", **change}))

    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {field})
    assert 'value="10–11"' in answer.content.decode()
    assert calendar.versions.count() == 1


def test_a_calendar_that_never_opens_is_refused(enter: Enter, ada: User, calendar: Calendar) -> None:
    browser, path = enter(ada), path_of(calendar)
    closed = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "closed")

    answer = browser.post(path, form_of(browser, path, **closed))

    assert answer.status_code == 422
    assert "never opens" in answer.content.decode()
    assert calendar.versions.count() == 1


def test_a_name_that_is_taken_is_refused_beside_it(enter: Enter, ada: User, calendar: Calendar) -> None:
    browser, path = enter(ada), path_of(calendar)

    answer = browser.post(path, form_of(browser, path, name="Marketing hours"))

    assert (answer.status_code, set(answer.context["form"].errors)) == (409, {"name"})


def test_an_old_page_saves_over_nobody_and_the_next_save_goes_through(
    enter: Enter, ada: User, calendar: Calendar, sam: User
) -> None:
    browser, path = enter(ada), path_of(calendar)
    old = form_of(browser, path, mon="10–11", people=[sam.pk])
    browser.post(path, form_of(browser, path, mon="12–13"))

    answer = browser.post(path, old)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Somebody else changed this" in page
    assert 'value="10–11"' in page
    assert terms_of(calendar)["week"]["mon"] == [["12:00", "13:00"]]
    again = {**old, "seen": answer.context["form"]["seen"].value()}
    assert browser.post(path, again).status_code == 302
    assert terms_of(calendar)["week"]["mon"] == [["10:00", "11:00"]]


def test_a_calendar_is_added_for_a_person(enter: Enter, ada: User, calendar: Calendar, sam: User) -> None:
    browser = enter(ada)
    sent = form_of(browser, "/calendars/new/", name="Sam’s nights", mon="22:00–06:00", tue="", people=[sam.pk])

    answer = browser.post("/calendars/new/", sent)

    made = Calendar.objects.get(name="Sam’s nights")
    assert answer["Location"] == f"/calendars/{made.pk}/"
    assert made.uses.get().user == sam
    listed = browser.get("/calendars/").content.decode()
    assert all(words in listed for words in ("Sam’s nights", "Sales hours", "Europe/Berlin", "Sales", "Sam"))


def test_everybody_reads_and_only_an_administrator_is_offered_to_change(
    enter: Enter, ada: User, calendar: Calendar, sam: User, sue: User, olive: User
) -> None:
    pages = {
        user.name: [enter(user).get(path).content.decode() for path in ("/calendars/", f"/calendars/{calendar.pk}/")]
        for user in (ada, sam, sue)
    }

    assert all("Sales hours" in page for both in pages.values() for page in both)
    assert ["Add a calendar" in pages[name][0] for name in ("Ada", "Sam", "Sue")] == [True, False, False]
    assert [path_of(calendar) in pages[name][1] for name in ("Ada", "Sam", "Sue")] == [True, False, False]
    assert enter(olive).get("/calendars/").status_code == 404
    assert enter(sue).get(path_of(calendar)).status_code == 403


def test_the_history_says_by_which_version_promises_run(
    enter: Enter, offer: Offer, ada: User, calendar: Calendar, sam: User, at: datetime
) -> None:
    offer()
    browser, path = enter(ada), path_of(calendar)
    browser.post(path, form_of(browser, path, mon="10–11"))

    answer = browser.get(f"/calendars/{calendar.pk}/")

    history = answer.context["page"].history
    assert [(past.version.number, past.running > 0, past.is_newest) for past in history] == [
        (2, False, True),
        (1, True, False),
    ]
    assert "still run" in answer.content.decode()


def test_openings_read_in_the_calendar_s_own_time_and_run_out(
    enter: Enter, sam: User, calendar: Calendar, at: datetime
) -> None:
    tomorrow = (at + timedelta(days=2)).date()
    days = {
        tomorrow.isoformat(): [["22:00", "24:00"]],
        (tomorrow + timedelta(days=1)).isoformat(): [["00:00", "06:00"]],
    }
    fair = set_calendar(actor=None, name="Fair", hours={"zone": "Asia/Tokyo", "special_days": days}, at=at)
    over = {"zone": "UTC", "special_days": {"2020-01-06": [["09:00", "17:00"]]}}
    past = set_calendar(actor=None, name="Past", hours=over, at=at)
    browser = enter(sam)

    page = browser.get(f"/calendars/{fair.calendar_id}/")

    assert [opening.hours for opening in page.context["page"].row.openings] == ["22:00–24:00", "00:00–06:00"]
    assert "opens no more" in browser.get(f"/calendars/{past.calendar_id}/").content.decode()
    assert browser.get("/calendars/").status_code == 200


@pytest.mark.parametrize(
    ("path", "most"), [("/calendars/", 8), ("/calendars/{id}/", 9), ("/calendars/{id}/change/", 12)]
)
def test_the_pages_take_as_many_queries_for_many_calendars_as_for_few(
    enter: Enter, ada: User, calendar: Calendar, sales: Team, at: datetime, path: str, most: int
) -> None:
    browser, path = enter(ada), path.format(id=calendar.pk)
    browser.get(path)
    with CaptureQueriesContext(connection) as few:
        browser.get(path)
    for number in range(12):
        rep = person(f"Rep{number}", sales)
        hours = {**OFFICE, "holidays": [f"2027-01-{number + 1:02d}"]}
        set_calendar(actor=ada, name=f"Of {rep}" if number % 2 else "Sales hours", hours=hours, at=at, user=rep)

    with CaptureQueriesContext(connection) as many:
        browser.get(path)

    assert len(many) == len(few) <= most, "\n".join(query["sql"][:160] for query in many.captured_queries)
