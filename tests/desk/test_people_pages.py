"""The People pages: who operates routing, by what they type."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from leads.handoffs import hand_off
from leads.models import Handoff, Lead, PoolMember
from ledger.outbox import deliver_due
from sla.in_force import InForce
from teams.availability import load_of
from teams.models import Absence, Team, User
from teams.people import places_of
from tests.cast import person
from tests.desk.conftest import Enter, Offer
from tests.leads.worlds import go_round, ready_lead

NEW = {"name": "Nina", "email": "nina@smarketing.example", "timezone": "Europe/Berlin", "password": ""}


@pytest.fixture
def rita(agreement: InForce, sam: User, sales: Team) -> User:
    """A rep beside Sam; they take turns."""
    found = person("Rita", sales)
    go_round(sales)
    return found


def give(maya: User, at: datetime, count: int = 1) -> list[str]:
    """Hand off so many leads, each of a company of its own, and give who got them (the queue: nobody)."""
    for _ in range(count):
        hand_off(lead_id=ready_lead(captured_at=at, last_touch_at=at, mql_at=at).pk, actor=maya, at=at)
    newest = Handoff.objects.order_by("-id")[:count]
    return sorted(str(handoff.assignee) if handoff.assignee else "queue" for handoff in newest)


def local(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")


def form_of(browser: Client, path: str, **changes: object) -> dict[str, object]:
    """Give what the form at ``path`` would send, with ``changes``."""
    form = browser.get(path).context["form"]
    shown = {field.name: field.value() for field in form if field.value() not in (None, "", False)}
    return {**shown, **changes}


# Routing follows the page --------------------------------------------------------------------------------------------


def test_a_rep_added_on_the_page_gets_the_next_leads(
    enter: Enter, sue: User, maya: User, rita: User, sales: Team, at: datetime
) -> None:
    browser = enter(sue)

    answer = browser.post("/people/new/", {**NEW, "place": f"{sales.pk}:member"})

    nina = User.objects.get(name="Nina")
    assert answer["Location"] == f"/people/{nina.pk}/"
    assert give(maya, at, 3) == ["Nina", "Rita", "Sam"]
    assert "An invitation is on its way to nina@smarketing.example" in browser.get(answer["Location"]).content.decode()


def test_who_is_away_by_the_page_gets_no_leads_until_they_are_back(
    enter: Enter, sam: User, maya: User, rita: User, at: datetime
) -> None:
    browser, path = enter(sam), f"/people/{sam.pk}/"
    times = {"starts_at": local(at - timedelta(hours=1)), "ends_at": local(at + timedelta(days=3))}

    assert browser.post(f"{path}absence/", {**times, "cover": rita.pk}).status_code == 302

    absence = Absence.objects.get()
    assert (absence.user, absence.cover, local(absence.starts_at)) == (sam, rita, times["starts_at"])
    assert give(maya, at, 2) == ["Rita", "Rita"]
    assert "away until" in browser.get("/people/").content.decode()
    assert browser.post(f"{path}end-absence/", {"absence": absence.pk}).status_code == 302
    assert give(maya, at + timedelta(minutes=1)) == ["Sam"]


def test_who_is_full_by_the_page_gets_no_leads_and_who_weighs_more_gets_more(
    enter: Enter, sue: User, sam: User, maya: User, rita: User, at: datetime
) -> None:
    browser, path = enter(sue), f"/people/{sam.pk}/work/"

    browser.post(path, form_of(browser, path, open_lead_capacity=1, weight=3))

    assert give(maya, at, 4) == ["Rita", "Rita", "Rita", "Sam"]
    assert "full" in browser.get("/people/").content.decode()
    browser.post(path, form_of(browser, path, open_lead_capacity=50))
    assert abs(give(maya, at, 20).count("Sam") - 15) <= 1  # three turns to her one


def test_a_leaver_s_leads_go_to_others_and_they_are_out_at_once(
    enter: Enter, sue: User, sam: User, maya: User, rita: User, at: datetime
) -> None:
    give(maya, at, 2)
    theirs, browser, path = enter(sam), enter(sue), f"/people/{sam.pk}/leave/"
    page = browser.get(path).content.decode()

    answer = browser.post(path, form_of(browser, path), follow=True)

    assert "1 lead in their hands is routed anew" in page
    assert "Their lead was routed anew." in answer.content.decode()
    assert set(Handoff.objects.values_list("assignee", flat=True)) == {rita.pk}
    assert theirs.get("/")["Location"].startswith("/accounts/login/")
    browser.post(f"/people/{sam.pk}/return/", {})
    assert User.objects.get(pk=sam.pk).is_active
    assert theirs.get("/").status_code == 200


def test_a_rep_without_turns_is_given_none(
    enter: Enter, sue: User, sam: User, maya: User, rita: User, at: datetime
) -> None:
    browser, path = enter(sue), f"/people/{sam.pk}/work/"

    browser.post(path, form_of(browser, path, pools=[]))

    assert give(maya, at, 2) == ["Rita", "Rita"]
    assert "no pool" in browser.get(f"/people/{sam.pk}/").content.decode()
    assert list(PoolMember.objects.values_list("user__name", flat=True)) == ["Rita"]


# The invitation ------------------------------------------------------------------------------------------------------


def test_the_invitation_lets_its_reader_choose_a_password_and_log_in(
    enter: Enter, sue: User, sales: Team, agreement: InForce, at: datetime
) -> None:
    enter(sue).post("/people/new/", {**NEW, "place": f"{sales.pk}:member"})
    deliver_due(at=at + timedelta(minutes=1))
    (letter,) = mail.outbox
    (link,) = re.findall(r"/accounts/password/reset/key/\S+", str(letter.body))
    browser = Client()
    form = browser.get(link)["Location"]
    password = "four quiet horses"

    browser.post(form, {"password1": password, "password2": password})

    assert letter.to == ["nina@smarketing.example"]
    assert Client().login(username="nina@smarketing.example", password=password)
    assert Client().get(link).status_code == 200  # used up: it says so
    assert enter(sue).post(f"/people/{User.objects.get(name='Nina').pk}/invite/", {}).status_code == 409


def test_an_invitation_can_be_sent_again(enter: Enter, sue: User, sam: User, at: datetime) -> None:
    browser = enter(sue)  # nobody of the cast has a password

    answer = browser.post(f"/people/{sam.pk}/invite/", {}, follow=True)
    deliver_due(at=at + timedelta(minutes=1))

    assert "The invitation is on its way" in answer.content.decode()
    assert [letter.to for letter in mail.outbox] == [[sam.email]]


# What is typed -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [({"email": "no address"}, "email"), ({"email": "sam@smarketing.example"}, "email"), ({"name": "a\u202eb"}, "name"),
     ({"place": ""}, "place"), ({"place": "999999:member"}, "place"), ({"place": "administrator"}, "place"),
     ({"timezone": "Mars/Olympus"}, "timezone"), ({"password": "short"}, "password"), ({"name": "x" * 121}, "name")],
)  # fmt: skip
def test_a_mistake_stands_beside_its_field_and_nothing_typed_is_lost(
    enter: Enter, sue: User, sam: User, sales: Team, change: dict[str, str], field: str
) -> None:
    answer = enter(sue).post("/people/new/", {**NEW, "place": f"{sales.pk}:member", **change})

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}
    assert 'value="Nina"' in answer.content.decode() or "name" in change
    assert not User.objects.filter(name="Nina").exists()


@pytest.mark.parametrize(
    ("starts", "ends"),
    [("", ""), ("tomorrow", "later"), ("9999-12-31T23:59", "9999-12-31T23:59"), ("0001-01-01T00:00", "0001-01-02T00:00"),
     ("2031-01-02T00:00", "2031-01-01T00:00"), ("2020-01-01T00:00", "2020-01-02T00:00")],
)  # fmt: skip
def test_times_that_cannot_be_are_refused_beside_the_field(enter: Enter, sam: User, starts: str, ends: str) -> None:
    answer = enter(sam).post(f"/people/{sam.pk}/absence/", {"starts_at": starts, "ends_at": ends})

    assert answer.status_code == 422
    assert {"starts_at", "ends_at"} & set(answer.context["form"].errors)
    assert not Absence.objects.exists()


@pytest.mark.parametrize("weight", ["0", "17", "-1", "many", "1.5", "99999999999999999999"])
def test_figures_out_of_range_are_refused_beside_the_field(
    enter: Enter, sue: User, sam: User, rita: User, weight: str
) -> None:
    browser, path = enter(sue), f"/people/{sam.pk}/work/"

    answer = browser.post(path, form_of(browser, path, weight=weight))

    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {"weight"})
    assert load_of(sam).weight == 1


def test_an_absence_that_overlaps_is_refused_beside_the_field(enter: Enter, sam: User, at: datetime) -> None:
    times = {"starts_at": local(at), "ends_at": local(at + timedelta(days=3))}
    browser, path = enter(sam), f"/people/{sam.pk}/absence/"
    browser.post(path, times)

    answer = browser.post(path, times)

    assert (answer.status_code, set(answer.context["form"].errors)) == (409, {"starts_at"})


def test_an_old_page_saves_over_nobody_and_the_next_save_goes_through(
    enter: Enter, sue: User, sam: User, rita: User
) -> None:
    browser, path = enter(sue), f"/people/{sam.pk}/work/"
    old = form_of(browser, path, weight=2)
    browser.post(path, form_of(browser, path, weight=5))

    answer = browser.post(path, old)

    assert answer.status_code == 409
    assert "Somebody else changed this" in answer.content.decode()
    assert load_of(sam).weight == 5
    again = {**old, "seen": answer.context["form"]["seen"].value()}
    assert browser.post(path, again).status_code == 302
    assert load_of(sam).weight == 2


def test_a_place_changes_and_an_old_page_of_it_does_not(enter: Enter, sue: User, sam: User, sales: Team) -> None:
    browser, path = enter(sue), f"/people/{sam.pk}/places/"
    old = form_of(browser, path)

    assert browser.post(path, {**old, f"team_{sales.pk}": "manager"}).status_code == 302
    assert browser.post(path, old).status_code == 409
    assert browser.post(path, form_of(browser, path, **{f"team_{sales.pk}": ""})).status_code == 422

    assert [place.is_manager for place in places_of(User.objects.get(pk=sam.pk))] == [True]


def test_an_administrator_makes_an_administrator_a_manager_is_not_asked(
    enter: Enter, sue: User, sam: User, sales: Team
) -> None:
    ada = person("Ada", is_administrator=True)
    path = f"/people/{sam.pk}/places/"
    browser = enter(ada)

    browser.post(path, form_of(browser, path, is_administrator="on"))

    assert User.objects.get(pk=sam.pk).is_administrator
    assert enter(sue).get(path).status_code == 403  # she does not manage administrators


# What is shown -------------------------------------------------------------------------------------------------------


def test_everybody_reads_the_list_and_is_offered_what_they_may_do(
    enter: Enter, sam: User, sue: User, maya: User, rita: User
) -> None:
    pages = {user.name: enter(user).get("/people/").content.decode() for user in (sam, sue, maya)}

    assert all("Rita" in page and "Maya" in page and "My absences" in page for page in pages.values())
    assert ["Add a person" in pages[name] for name in ("Sam", "Sue", "Maya")] == [False, True, False]
    own, other = (enter(sam).get(f"/people/{user.pk}/").content.decode() for user in (sam, rita))
    assert "Add an absence" in own
    assert "Deactivate" not in own
    assert "Add an absence" not in other


def test_an_act_that_does_not_exist_is_not_there(enter: Enter, sue: User, sam: User) -> None:
    assert enter(sue).get(f"/people/{sam.pk}/promote/").status_code == 404


@pytest.mark.parametrize(("path", "most"), [("/people/", 15), ("/people/{sam}/", 16), ("/people/{sam}/work/", 17)])
def test_the_pages_take_as_many_queries_for_many_people_as_for_few(
    enter: Enter, offer: Offer, sue: User, sam: User, sales: Team, at: datetime, path: str, most: int
) -> None:
    browser, path = enter(sue), path.format(sam=sam.pk)
    offer()
    browser.get(path)
    with CaptureQueriesContext(connection) as few:
        browser.get(path)
    for number in range(12):
        rep = person(f"Rep{number}", sales)
        Absence.objects.create(user=rep, starts_at=at, ends_at=at + timedelta(days=1), cover=sam)
    go_round(sales)
    person("Former", sales, is_active=False)
    for _ in range(6):
        offer()
    assert Lead.objects.count() == 7

    with CaptureQueriesContext(connection) as many:
        browser.get(path)

    assert len(many) == len(few) <= most, "\n".join(query["sql"][:160] for query in many.captured_queries)
