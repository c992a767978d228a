"""The page of a what-if: everything stands in the address, the numbers are those of the replay, and nothing is written."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from desk.queries import what_if as queries
from leads import answers
from leads.models import Clock, ClockStep
from leads.what_if import asked
from leads.what_if.asked import reckon
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import clock_start, make_lead, offer_to, start_clocks
from tests.desk.conftest import Enter

PATH = "/what-if/"
Past = Callable[[int], list[Clock]]


@pytest.fixture
def past(agreement: InForce, sam: User, at: datetime) -> Past:
    """Make accept clocks of hot leads, a day each before, all answered 20 minutes late."""

    def make(count: int) -> list[Clock]:
        made = []
        for number in range(count):
            began_at = (at - timedelta(days=20)).replace(hour=10, minute=0, second=0, microsecond=0)
            while began_at.weekday() > 4:
                began_at -= timedelta(days=1)
            began_at += timedelta(minutes=number)
            handoff = offer_to(sam, agreement, at=began_at)
            start_clocks(
                clock_start(agreement, "accept", user=sam, handoff_id=handoff.pk, arrived_at=began_at), at=began_at
            )
            clock = Clock.objects.latest("id")
            answered_at = clock.due_at + timedelta(minutes=20)
            Clock.objects.filter(pk=clock.pk).update(
                state="missed", missed_at=clock.due_at, detected_at=clock.due_at + timedelta(seconds=1),
                answered_at=answered_at, next_action_at=None, team=sam.memberships.get().team,
            )  # fmt: skip
            ClockStep.objects.create(clock=clock, kind="missed", occurred_at=clock.due_at, recorded_at=clock.due_at)
            made.append(clock)
        return made

    return make


@pytest.fixture
def browser(enter: Enter, sue: User) -> Client:
    return enter(sue)


def text_of(response: object) -> str:
    content: bytes = response.content  # type: ignore[attr-defined]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", content.decode()))


def test_an_unchanged_scenario_says_what_was_and_writes_nothing(browser: Client, past: Past) -> None:
    past(3)
    browser.get(PATH)

    with CaptureQueriesContext(connection) as queries_made:
        response = browser.get(PATH)

    assert response.status_code == 200
    assert "3 were missed, 0 kept" in text_of(response)
    assert "Nothing is changed yet." in text_of(response)
    written = [
        one["sql"] for one in queries_made.captured_queries if one["sql"].split()[0] in ("INSERT", "UPDATE", "DELETE")
    ]
    assert written == []


def test_a_longer_time_keeps_what_was_late_and_lists_it(browser: Client, past: Past) -> None:
    clocks = past(3)

    response = browser.get(PATH, {"time-accept-hot": "35 min"})

    said = text_of(response)
    assert "0 would have been missed, 3 fewer than the 3 that were." in said
    assert "Accept, hot: 15 min → 35 min" in said
    assert "3 promises" in said
    assert said.count("Missed → Kept") == 3
    for clock in clocks:
        assert clock.handoff
        assert f'href="/leads/{clock.handoff.lead_id}/"' in response.content.decode()
    assert "Other times, grace and warnings hold for every promise" in said
    assert "figure=promise.missed" in response.content.decode()


def test_the_form_as_it_was_sent_is_brought_to_its_short_address(browser: Client, past: Past) -> None:
    past(1)
    page = browser.get(PATH).content.decode()
    fields = dict(re.findall(r'<input id="([a-z_0-9-]+)" name="[^"]+" type="(?:text|date)"[^>]* value="([^"]*)"', page))
    assert fields["time-accept-hot"] == "15 min"
    assert len(fields) > 80

    response = browser.get(PATH, {**fields, "time-accept-hot": "35 min", "calendar-1": ""})

    assert response.status_code == 302
    kept = parse_qs(urlsplit(response["Location"]).query)
    assert kept == {"from": [fields["from"]], "last": [fields["last"]], "time-accept-hot": ["35 min"]}
    again = browser.get(response["Location"])
    assert again.status_code == 200
    assert "1 fewer" in text_of(again)
    assert 'value="35 min"' in again.content.decode()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("time-accept-hot", "soon", "Write a time such as"),
        ("time-accept-hot", "0 min", "Give a time above zero."),
        ("grace-accept", "-5", "Write a time such as"),
        ("warn-accept", "0, 120", "Write percentages"),
        ("hours-{team}", "whenever", "Write hours such as"),
        ("hours-{team}", "Mon-Fri 09:00-17:00, Wed 08:00-09:00", "Wed is named twice."),
        ("hours-{team}", "Mon-Fri 25:00-27:00", "is not a time of day"),
        ("calendar-{team}", "999999", "There is no such calendar."),
        ("staff-{team}", "many", "whole number"),
        ("staff-{team}", "-21", "between -20 and 20"),
        ("staff-{team}", "-1", "somebody has to stay"),
        ("share-{sam}", "101", "between 0 and 100"),
        ("share-{sam}", "0", "Somebody of the team has to take leads."),
        ("person-hours-{sam}", "x" * 300, "characters at most"),
        ("from", "yesterday", "This must be a date"),
        ("last", "1980-01-01", "This must be between"),
        ("time-accept-cold", "5 min", "There is no such promise, team or person."),
        ("staff-99999", "+1", "There is no such promise, team or person."),
        ("of", "nothing", "No such promise fell due"),
        ("after", "x", "whole number"),
    ],
)
def test_a_bad_value_is_said_beside_its_field_and_nothing_is_lost(
    browser: Client, past: Past, sales: Team, sam: User, name: str, value: str, message: str
) -> None:
    past(1)
    name = name.format(team=sales.pk, sam=sam.pk)

    response = browser.get(PATH, {"time-accept-warm": "3 h", name: value})

    page = response.content.decode()
    assert response.status_code == 422
    assert message in text_of(response)
    assert 'value="3 h"' in page
    if f'id="{name}"' in page:
        assert f'id="{name}-error"' in page
        assert f'value="{value[:201]}"' in page
    else:
        assert 'class="problems"' in page


def test_nul_and_bidirectional_characters_are_refused(browser: Client, past: Past) -> None:
    for value in ("15\x00min", "15 \u202emin", "15\nmin"):
        assert browser.get(PATH, {"time-accept-hot": value}).status_code == 422


def test_a_period_that_is_too_long_or_backwards_is_refused(browser: Client, past: Past) -> None:
    assert browser.get(PATH, {"from": "2026-03-02", "last": "2026-03-01"}).status_code == 422
    assert browser.get(PATH, {"from": "2000-01-01", "last": "2026-03-01"}).status_code == 422
    assert browser.get(PATH, {"last": "2099-12-31"}).status_code == 200


def test_more_than_a_page_can_replay_is_refused_with_what_helps(
    browser: Client, past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    past(3)
    monkeypatch.setattr(asked, "MOST", 2)

    response = browser.get(PATH)

    assert response.status_code == 422
    assert "Choose a shorter one" in text_of(response)


# A long past is replayed by the worker -------------------------------------------------------------------------------


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Take every past for long, and give the scenarios that the worker is asked for."""
    queries_rung: list[str] = []
    monkeypatch.setattr(asked, "AT_ONCE", 2)
    monkeypatch.setattr(answers, "ring", lambda task, query: queries_rung.append(query))
    return queries_rung


def test_a_long_past_is_replayed_by_the_worker_and_then_shown(
    browser: Client, past: Past, rung: list[str], at: datetime
) -> None:
    past(3)

    waiting = [browser.get(PATH, {"time-accept-hot": "35 min"}) for _ in range(3)]
    assert len(rung) == 1
    reckon(rung[0], at=at)
    answered = browser.get(PATH, {"time-accept-hot": "35 min"})

    assert {response.status_code for response in waiting} == {200}
    assert "3 promises are gone through one by one" in text_of(waiting[0])
    assert 'hx-trigger="every 1s"' in waiting[0].content.decode()
    assert "0 would have been missed, 3 fewer than the 3 that were" in text_of(answered)
    assert "hx-trigger" not in answered.content.decode().partition('id="what-if-answer"')[2]
    assert len(rung) == 1


def test_what_the_worker_refuses_is_said_beside_its_field(
    browser: Client, past: Past, rung: list[str], at: datetime, sales: Team
) -> None:
    past(3)
    scenario = {f"staff-{sales.pk}": "-5"}
    browser.get(PATH, scenario)
    reckon(rung[0], at=at)

    polling = browser.get(PATH, scenario, headers={"hx-request": "true"})
    response = browser.get(PATH, scenario)

    assert (polling.status_code, polling["HX-Refresh"]) == (204, "true")
    assert response.status_code == 422
    assert "somebody has to stay" in text_of(response)


def test_a_worker_that_does_not_answer_is_asked_again_and_the_page_says_so(
    browser: Client, past: Past, rung: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    past(3)
    monkeypatch.setattr(answers, "ASKED_AGAIN_SECONDS", 0)

    first, second = browser.get(PATH), browser.get(PATH)

    assert len(rung) == 2
    assert "No worker has taken it up" not in text_of(first)
    assert "No worker has taken it up" in text_of(second)


def test_the_changed_are_paged_and_narrowed(browser: Client, past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    past(5)
    monkeypatch.setattr(queries, "PAGE", 2)
    scenario = {"time-accept-hot": "35 min"}
    seen: list[str] = []
    address: str | None = f"{PATH}?time-accept-hot=35+min"
    while address:
        page = browser.get(address).content.decode()
        seen += re.findall(r'<th scope="row"><a href="/leads/(\d+)/"', page)
        following = re.search(r'rel="next" href="\?([^"]+)"', page)
        address = f"{PATH}?{following[1].replace('&amp;', '&')}" if following else None

    assert len(seen) == len(set(seen)) == 5
    assert "Missed → Kept" in text_of(browser.get(PATH, {**scenario, "of": "accept-hot"}))
    assert browser.get(PATH, {**scenario, "of": "accept-warm"}).status_code == 422


def test_one_more_person_is_offered_for_sales_teams_and_changes_answers(
    browser: Client, past: Past, sales: Team, marketing: Team
) -> None:
    past(6)
    page = browser.get(PATH).content.decode()
    assert f'name="staff-{sales.pk}"' in page
    assert f'name="staff-{marketing.pk}"' not in page

    said = text_of(browser.get(PATH, {f"staff-{sales.pk}": "+2"}))

    assert "Sales: 2 people more" in said
    assert "A new person takes leads in turn" in said


def test_who_may_ask_finds_the_page_and_others_find_nothing(
    enter: Enter, agreement: InForce, mona: User, sam: User, sue: User
) -> None:
    for manager in (mona, sue):
        assert "/what-if/" in enter(manager).get("/agreement/").content.decode()
        assert "/what-if/" in enter(manager).get("/?desk=manager").content.decode()
    assert "/what-if/" not in enter(sam).get("/agreement/").content.decode()
    assert enter(sam).get(PATH).status_code == 404


def test_without_an_agreement_or_a_past_the_page_says_so(enter: Enter, mona: User) -> None:
    response = enter(mona).get(PATH)

    assert response.status_code == 200
    assert "No promise fell due in this period." in text_of(response)
    assert "No agreement is in force" in text_of(response)


def test_queries_do_not_grow_with_the_past(
    browser: Client, past: Past, agreement: InForce, sales: Team, sam: User
) -> None:
    address = f"{PATH}?time-accept-hot=35+min&staff-{sales.pk}=%2B1&hours-{sales.pk}=Mon-Sat+08:00-18:00"
    past(2)
    browser.get(address)

    with CaptureQueriesContext(connection) as few:
        browser.get(address)
    past(20)
    lead = make_lead(owner=sam)
    start_clocks(clock_start(agreement, "first_attempt", user=sam, lead_id=lead.pk))
    with CaptureQueriesContext(connection) as many:
        browser.get(address)

    assert len(many) == len(few) <= 24, "\n".join(one["sql"][:150] for one in many.captured_queries)
