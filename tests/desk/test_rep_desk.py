"""The desk of a rep: one queue, acted on in place."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from desk.queries import queue
from leads.handoffs import accept
from leads.models import Activity, Clock, Feedback, Handoff, Lead
from teams.models import Membership, Team, User
from tests.desk.conftest import Enter, Offer

HTMX = {"HX-Request": "true"}


def test_it_shows_what_is_offered_with_chip_source_and_reason(enter: Enter, offer: Offer, sam: User) -> None:
    offer()

    page = enter(sam).get("/").content.decode()

    assert "Ines Carvalho" in page
    assert "1 lead, offered to you" in page
    assert 'class="chip ' in page
    assert "Spring-Webinar" in page
    assert "your turn in" in page or "you start first" in page  # why me


def test_what_is_due_first_is_shown_however_much_waits(
    offer: Offer, sam: User, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = [offer() for _ in range(3)]
    before = at - timedelta(minutes=5)
    Clock.objects.filter(handoff=waiting[-1]).update(started_at=before, due_at=before)
    monkeypatch.setattr(queue, "MOST_SHOWN", 1)

    assert [row.lead.pk for row in queue.queue_of(sam, at).offered] == [waiting[-1].lead_id]


def test_an_empty_desk_says_how_it_fills(enter: Enter, sam: User) -> None:
    page = enter(sam).get("/").content.decode()

    assert "Nothing waits for your decision." in page
    assert "nothing due yet" in page  # no figure is made up


def test_accepting_in_place_gives_the_queue_back(enter: Enter, offer: Offer, sam: User) -> None:
    handoff = offer()

    response = enter(sam).post(f"/leads/{handoff.lead_id}/accept/", {"from": "desk"}, headers=HTMX)

    assert response.status_code == 200
    assert b'id="queue"' in response.content[:200]
    assert b"<html" not in response.content
    assert json.loads(response["HX-Trigger"])["announce"] == "Ines Carvalho: Accepted. The first attempt is next."
    assert Lead.objects.get().stage == "sal"


def test_accepting_without_scripts_goes_back_to_the_desk(enter: Enter, offer: Offer, sam: User) -> None:
    handoff = offer()

    response = enter(sam).post(f"/leads/{handoff.lead_id}/accept/", {"from": "desk"}, follow=True)

    assert response.redirect_chain == [("/", 302)]
    assert "Ines Carvalho: Accepted." in response.content.decode()


def test_rejecting_asks_for_a_reason_and_keeps_what_was_typed(enter: Enter, offer: Offer, sam: User) -> None:
    handoff = offer()
    browser = enter(sam)

    response = browser.post(
        f"/leads/{handoff.lead_id}/reject/", {"from": "desk", "reason": "other", "note": ""}, headers=HTMX
    )

    assert response.status_code == 422
    assert response["HX-Retarget"] == f"#slot-{handoff.lead_id}"
    assert "Say in a few words what the reason is." in response.content.decode()
    assert '<option value="other" selected>' in response.content.decode()
    assert Lead.objects.get().stage == "mql"


def test_rejecting_with_a_reason_sends_it_back(enter: Enter, offer: Offer, sam: User) -> None:
    handoff = offer()

    enter(sam).post(f"/leads/{handoff.lead_id}/reject/", {"reason": "wrong_size", "note": "Two people."})

    handoff.refresh_from_db()
    assert (handoff.state, handoff.reason, handoff.note) == ("rejected", "wrong_size", "Two people.")


def test_an_old_page_does_not_decide_a_new_offer(enter: Enter, offer: Offer, sam: User) -> None:
    handoff = offer()

    response = enter(sam).post(f"/leads/{handoff.lead_id}/accept/", {"handoff": handoff.pk + 1000}, headers=HTMX)

    assert response.status_code == 409
    assert Lead.objects.get().stage == "mql"


def test_a_second_accept_is_told_who_was_first(enter: Enter, offer: Offer, sam: User, sue: User) -> None:
    handoff = offer()
    enter(sue).post(f"/leads/{handoff.lead_id}/accept/", {})

    response = enter(sam).post(f"/leads/{handoff.lead_id}/accept/", {"from": "desk"}, headers=HTMX)

    assert response.status_code == 409
    assert "has accepted this lead already" in response.content.decode()


def test_logging_a_call_and_rating_from_the_desk(enter: Enter, offer: Offer, sam: User, at: datetime) -> None:
    handoff = offer()
    accept(lead_id=handoff.lead_id, actor=sam, at=at)
    browser = enter(sam)

    browser.post(f"/leads/{handoff.lead_id}/call/", {"outcome": "conversation", "note": "Wants a pilot."})
    browser.post(f"/leads/{handoff.lead_id}/rate/", {"quality": "4", "aspect_fit": "good", "aspect_data": "poor"})

    activity, feedback = Activity.objects.get(), Feedback.objects.get()
    assert (activity.kind, activity.outcome, activity.note) == ("call", "conversation", "Wants a pilot.")
    assert (feedback.quality, feedback.aspects) == (4, {"fit": True, "data": False})


def test_a_call_in_the_future_is_refused_beside_its_field(enter: Enter, offer: Offer, sam: User, at: datetime) -> None:
    handoff = offer()
    accept(lead_id=handoff.lead_id, actor=sam, at=at)

    response = enter(sam).post(
        f"/leads/{handoff.lead_id}/call/", {"outcome": "no_answer", "occurred_at": "2099-01-01T10:00"}
    )

    assert response.status_code == 422
    assert "This time is in the future." in response.content.decode()
    assert not Activity.objects.exists()


def test_polling_answers_304_until_something_changes(enter: Enter, offer: Offer, sam: User) -> None:
    handoff = offer()
    browser = enter(sam)
    page = browser.get("/desk/queue/")
    tag = page.context["queue"].etag

    unchanged = browser.get("/desk/queue/", headers={"If-None-Match": tag})
    browser.post(f"/leads/{handoff.lead_id}/accept/", {})
    changed = browser.get("/desk/queue/", headers={"If-None-Match": tag})

    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert changed.status_code == 200


def test_claiming_takes_a_lead_out_of_the_queue_of_ones_team(
    enter: Enter, offer: Offer, sam: User, sales: Team
) -> None:
    Membership.objects.filter(user=sam).update(is_manager=False)
    handoff = offer()
    Handoff.objects.update(assignee=None, assigned_at=None)
    Lead.objects.update(queue=sales)
    browser = enter(sam)
    assert "In your team’s queue" in browser.get("/").content.decode()

    browser.post(f"/leads/{handoff.lead_id}/claim/", {"from": "desk"}, headers=HTMX)

    handoff.refresh_from_db()
    assert handoff.assignee == sam


def test_a_marketer_has_no_queue(enter: Enter, maya: User) -> None:
    assert enter(maya).get("/desk/queue/").status_code == 404


def test_a_marketer_may_not_accept(enter: Enter, offer: Offer, maya: User) -> None:
    handoff = offer()

    assert enter(maya).post(f"/leads/{handoff.lead_id}/accept/", {}).status_code == 403


def test_whoever_is_in_no_team_is_told_what_to_do(enter: Enter, olive: User) -> None:
    page = enter(olive).get("/").content.decode()

    assert "You are in no team yet." in page
    assert 'href="/leads/"' not in page
