"""The desks of a marketer and of a manager."""

from __future__ import annotations

from datetime import datetime, timedelta

from leads.followup import log_activity, rate
from leads.handoffs import accept, recall, reject
from leads.models import Clock, Handoff, Lead
from teams.models import Absence, Team, User
from tests.desk.conftest import Enter, Offer
from tests.leads.worlds import ready_lead


def test_the_marketer_sees_what_came_back_and_why(
    enter: Enter, offer: Offer, maya: User, sam: User, at: datetime
) -> None:
    handoff = offer()
    reject(lead_id=handoff.lead_id, reason="wrong_size", note="Two people only.", actor=sam, at=at)

    page = enter(maya).get("/").content.decode()

    assert ">1</a> to decide" in page
    assert "Wrong company size" in page
    assert "Two people only." in page


def test_what_marketing_recalled_waits_for_its_decision(enter: Enter, offer: Offer, maya: User, at: datetime) -> None:
    handoff = offer()
    recall(lead_id=handoff.lead_id, actor=maya, at=at)

    page = enter(maya).get("/").content.decode()

    assert ">1</a> to decide" in page
    assert ">Recalled</span>" in page


def test_the_marketer_qualifies_again_with_a_reason_and_hands_off(
    enter: Enter, offer: Offer, maya: User, sam: User, at: datetime
) -> None:
    handoff = offer()
    reject(lead_id=handoff.lead_id, reason="wrong_size", actor=sam, at=at)
    browser = enter(maya)

    refused = browser.post(f"/leads/{handoff.lead_id}/qualify/", {"reason": ""})
    browser.post(f"/leads/{handoff.lead_id}/qualify/", {"reason": "The group has 300 people."})
    browser.post(f"/leads/{handoff.lead_id}/hand-off/", {})

    assert refused.status_code == 422
    assert Lead.objects.get().stage == "mql"
    assert Handoff.objects.count() == 2


def test_qualifying_twice_is_a_conflict_not_an_error(
    enter: Enter, offer: Offer, maya: User, sam: User, at: datetime
) -> None:
    handoff = offer()

    response = enter(maya).post(f"/leads/{handoff.lead_id}/qualify/", {"reason": "Again."})

    assert response.status_code == 409


def test_an_mql_that_lacks_data_stands_there_with_what_is_missing(enter: Enter, offer: Offer, maya: User) -> None:
    lead = offer().lead
    Handoff.objects.update(state="recalled", decided_at=lead.captured_at)
    lead.contact.company = None
    lead.contact.save()
    browser = enter(maya)

    refused = browser.post(f"/leads/{lead.pk}/hand-off/", {"from": "lead"}, headers={"HX-Request": "true"})
    page = browser.get("/").content.decode()

    assert refused.status_code == 422
    assert "What is missing: the company." in refused.content.decode()
    assert ">1</a> MQL in nobody’s hands" in page
    assert f"/leads/{lead.pk}/disqualify/" in page

    given_up = browser.post(f"/leads/{lead.pk}/disqualify/", {"reason": "spam", "from": "lead"})

    assert given_up.status_code == 302
    lead.refresh_from_db()
    assert lead.stage == "disqualified"


def test_what_was_loaded_from_history_asks_nothing_of_a_marketer(enter: Enter, maya: User) -> None:
    loaded, loose = ready_lead(marketer=maya, is_history=True), ready_lead(marketer=maya)

    page = enter(maya).get("/").content.decode()

    assert f"/leads/{loose.pk}/" in page
    assert f"/leads/{loaded.pk}/" not in page


def test_the_campaign_counts_what_became_of_its_leads(
    enter: Enter, offer: Offer, maya: User, sam: User, at: datetime
) -> None:
    first, second, _ = offer("One"), offer("Two"), offer("Three")
    accept(lead_id=first.lead_id, actor=sam, at=at)
    log_activity(lead_id=first.lead_id, kind="call", outcome="conversation", actor=sam, at=at)
    rate(lead_id=first.lead_id, quality=5, comment="Just right.", actor=sam, at=at)
    reject(lead_id=second.lead_id, reason="duplicate", actor=sam, at=at)

    response = enter(maya).get("/")

    (line,) = response.context["campaigns"]
    assert (line.captured, line.delivered, line.waiting, line.accepted, line.rejected, line.won) == (3, 3, 1, 1, 1, 0)
    assert line.reasons == [("duplicate", 1)]
    assert "Just right." in response.content.decode()


def test_the_manager_sees_what_breaks_next_and_the_load(enter: Enter, offer: Offer, sue: User, sam: User) -> None:
    offer()

    response = enter(sue).get("/")

    (breaking,) = response.context["breaks"].next
    (load,) = response.context["loads"]
    assert (breaking.who, breaking.chip.promise) == ("Sam", "accept")
    assert (load.user, load.offered, load.working) == (sam, 1, 0)


def test_the_manager_sees_what_broke_today(enter: Enter, offer: Offer, sue: User, at: datetime) -> None:
    offer()
    due = at - timedelta(seconds=1)
    Clock.objects.update(state="missed", started_at=due, due_at=due, missed_at=due, detected_at=at, next_action_at=None)

    broken = enter(sue).get("/").context["breaks"].today

    assert [line.who for line in broken] == (["Sam"] if due.date() == at.date() else [])


def test_the_manager_assigns_from_the_queue(enter: Enter, offer: Offer, sue: User, sam: User, sales: Team) -> None:
    handoff = offer()
    Handoff.objects.update(assignee=None, assigned_at=None)
    Lead.objects.update(queue=sales)
    browser = enter(sue)
    assert ">1</a> in queues" in browser.get("/").content.decode()

    browser.post(f"/leads/{handoff.lead_id}/assign/", {"user_id": str(sam.pk)})

    handoff.refresh_from_db()
    assert handoff.assignee == sam


def test_absences_say_who_covers(enter: Enter, sue: User, sam: User, at: datetime) -> None:
    Absence.objects.create(user=sam, cover=sue, starts_at=at, ends_at=at + timedelta(days=2))

    page = enter(sue).get("/").content.decode()

    assert "covered by Sue" in page


def test_a_manager_may_look_at_the_desk_of_their_side_too(enter: Enter, sue: User, mona: User) -> None:
    assert "Accept or reject" in enter(sue).get("/?desk=rep").content.decode()
    assert "Came back from sales" in enter(mona).get("/?desk=marketer").content.decode()
    assert "Load per rep" in enter(mona).get("/?desk=nonsense").content.decode()


def test_what_a_marketer_who_left_answered_for_stands_on_the_desks_of_the_others(
    enter: Enter, offer: Offer, maya: User, mona: User, sam: User, at: datetime
) -> None:
    handoff = offer()
    reject(lead_id=handoff.lead_id, reason="wrong_size", note="Two people only.", actor=sam, at=at)
    Lead.objects.filter(pk=handoff.lead_id).update(marketer=maya)
    browser = enter(mona)
    assert "Two people only." not in browser.get("/?desk=marketer").content.decode()

    User.objects.filter(pk=maya.pk).update(is_active=False)

    assert "Two people only." in browser.get("/?desk=marketer").content.decode()
