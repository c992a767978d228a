"""What a step's form asks, and to whom a step is offered: the same answers as the verb gives."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timedelta

import pytest

from desk.queries.manager import assignable
from desk.queries.queue import queue_of
from desk.step_forms import ChecklistForm
from desk.steps import steps_for, steps_of_row
from leads.followup import log_activity
from leads.handoffs import accept, reject
from leads.holding import NotYours
from leads.models import Activity, Clock, Feedback, Handoff, Lead
from leads.outcomes import qualify_for_sales
from leads.transfers import transfer
from sla.in_force import InForce, agreement_in_force
from sla.models import AgreementVersion
from teams.models import Absence, Team, User
from tests.cast import NOW, make_lead, offer_to, office, person
from tests.desk.conftest import Enter, Offer

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
SOON = NOW + timedelta(minutes=10)


def sign_another(before: InForce, *, renamed_item: str, effective_from: datetime) -> None:
    """Put a second version into force, in which the last line of the SQL checklist has another code."""
    first = AgreementVersion.objects.get(pk=before.version_id)
    terms = deepcopy(first.terms)
    terms["sql_checklist"][-1]["code"] = renamed_item
    second = AgreementVersion.objects.create(
        agreement=first.agreement, number=first.number + 1, state="draft", terms=terms, scoring=first.scoring,
        created_at=NOW,
    )  # fmt: skip
    second.personas.set(first.personas.all())
    AgreementVersion.objects.filter(pk=second.pk).update(
        state="signed", terms_hash="0" * 64, proposed_at=NOW, signed_at=NOW, effective_from=effective_from
    )


def test_the_checklist_is_that_of_the_version_under_which_the_lead_came(agreement: InForce, sam: User) -> None:
    lead_id = offer_to(sam, agreement).lead_id
    accept(lead_id=lead_id, actor=sam, at=NOW)
    log_activity(lead_id=lead_id, kind="call", outcome="conversation", actor=sam, at=NOW)
    sign_another(agreement, renamed_item="brand_new", effective_from=NOW + timedelta(minutes=3))
    lead = Lead.objects.get(pk=lead_id)

    shown = ChecklistForm(lead=lead, user=sam, at=SOON)
    form = ChecklistForm(dict.fromkeys(shown.fields, "on"), lead=lead, user=sam, at=SOON)
    is_valid = form.is_valid()
    qualify_for_sales(lead_id=lead_id, confirmed=form.confirmed, actor=sam, at=SOON)

    assert agreement_in_force(SOON).number == agreement.number + 1
    assert is_valid
    assert "brand_new" not in shown.fields
    assert Lead.objects.get(pk=lead_id).stage == "sql"


def test_whoever_covers_finds_the_offers_of_the_absent_and_may_take_them(
    agreement: InForce, sales: Team, sam: User
) -> None:
    ron = person("Ron", sales)
    handoff = offer_to(sam, agreement)
    Absence.objects.create(user=sam, cover=ron, starts_at=NOW - timedelta(hours=1), ends_at=NOW + timedelta(hours=1))

    during, after = (codes(ron, handoff, at) for at in (NOW, NOW + timedelta(hours=1)))
    (row,) = queue_of(ron, NOW).offered

    assert {"accept", "reject", "reroute"} <= during
    assert after == set()
    assert (row.lead.pk, row.why) == (handoff.lead_id, "you cover for Sam")
    assert queue_of(ron, NOW + timedelta(hours=1)).offered == []


def test_the_manager_of_another_sales_team_is_offered_no_step_that_is_refused(agreement: InForce, sam: User) -> None:
    stan = person("Stan", office("East", "sales"), is_manager=True)
    handoff = offer_to(sam, agreement)

    with pytest.raises(NotYours):
        accept(lead_id=handoff.lead_id, actor=stan, at=NOW)

    assert codes(stan, handoff, NOW) == set()
    assert assignable(stan) == [stan]


def test_a_manager_may_act_for_their_reps_and_give_their_leads_to_the_team(
    agreement: InForce, sam: User, sue: User
) -> None:
    handoff = offer_to(sam, agreement)

    offered = codes(sue, handoff, NOW)

    assert {"accept", "reject", "reroute", "assign"} <= offered
    assert assignable(sue) == [sam, sue]


def test_a_transfer_is_offered_and_answered_by_whom_it_concerns(agreement: InForce, sales: Team, sam: User) -> None:
    rita, ron = person("Rita", sales), person("Ron", sales)
    lead = make_lead(stage="sql", owner=sam, sal_at=NOW, sql_at=NOW)
    before = {step.code for step in steps_for(sam, lead, None, NOW)}
    transfer(lead_id=lead.pk, user_id=rita.pk, actor=sam, at=NOW)

    during = {user.name: {step.code for step in steps_for(user, lead, None, NOW)} for user in (sam, rita, ron)}

    assert "transfer" in before
    assert "withdraw-transfer" not in before
    assert during["Sam"] == before - {"transfer"} | {"withdraw-transfer"}
    assert during["Rita"] == {"accept-transfer", "decline-transfer"}
    assert during["Ron"] == set()
    assert [row.lead.pk for row in queue_of(rita, NOW).transferred] == [lead.pk]
    assert [row.lead.pk for row in queue_of(sam, NOW).working] == [lead.pk]
    assert queue_of(sam, NOW).transferred == queue_of(ron, NOW).transferred == []


def test_a_transfer_says_beside_its_field_what_is_wrong_and_stands_on_both_pages(
    enter: Enter, agreement: InForce, sales: Team, sam: User, at: datetime
) -> None:
    rita, zoe = person("Rita", sales), person("Zoe", sales)
    Absence.objects.create(user=zoe, starts_at=at - timedelta(hours=1), ends_at=at + timedelta(days=1))
    lead = make_lead(stage="sql", owner=sam, sal_at=NOW, sql_at=NOW)
    address = f"/leads/{lead.pk}/transfer/"

    form = enter(sam).get(address).content.decode()
    empty = enter(sam).post(address, {"note": "Knows SAP."})
    away = enter(sam).post(address, {"user_id": zoe.pk, "note": "Knows SAP."})
    done = enter(sam).post(address, {"user_id": rita.pk, "note": "Knows SAP."})
    desk, page = (enter(rita).get(path).content.decode() for path in ("/desk/queue/", f"/leads/{lead.pk}/"))
    declined = enter(rita).post(f"/leads/{lead.pk}/decline-transfer/", {"note": "I am full."})
    after = enter(sam).get(f"/leads/{lead.pk}/").content.decode()

    assert "Rita" in form
    assert (empty.status_code, away.status_code, done.status_code, declined.status_code) == (422, 422, 302, 302)
    assert "Zoe is away" in away.content.decode()
    assert "Knows SAP." in away.content.decode()
    assert "Transferred to you" in desk
    assert "Offered to Rita, a colleague" in page
    assert "Knows SAP." in page
    assert "it was declined" in after
    assert "I am full." in after


def test_the_page_of_the_promise_to_answer_a_colleague_says_what_comes_of_silence(
    enter: Enter, agreement: InForce, sales: Team, sam: User
) -> None:
    rita = person("Rita", sales)
    lead = make_lead(stage="sql", owner=sam, sal_at=NOW, sql_at=NOW)
    transfer(lead_id=lead.pk, user_id=rita.pk, actor=sam, at=NOW)
    clock = Clock.objects.get(lead=lead, promise="accept")

    page = enter(rita).get(f"/clocks/{clock.pk}/").content.decode()

    assert "ends the offer: who offers the lead keeps it" in page
    assert "gives the lead to somebody else" not in page


def test_who_rejected_a_lead_may_still_say_how_good_it_was(
    enter: Enter, offer: Offer, sam: User, sue: User, maya: User, at: datetime
) -> None:
    handoff = offer()
    before = codes(sam, handoff, at)
    reject(lead_id=handoff.lead_id, reason="wrong_size", actor=sam, at=at)
    handoff.refresh_from_db()

    page = enter(sam).get(f"/leads/{handoff.lead_id}/").content.decode()
    response = enter(sam).post(f"/leads/{handoff.lead_id}/rate/", {"quality": "2"})

    assert "rate" not in before
    assert f"/leads/{handoff.lead_id}/rate/" in page
    assert "rate" not in codes(maya, handoff, at)
    assert response.status_code == 302
    assert Feedback.objects.get().kind == "full"


def test_the_owner_of_a_lost_lead_may_still_say_how_good_it_was(sales: Team, sam: User) -> None:
    rita = person("Rita", sales)
    lead = make_lead(stage="lost", owner=sam, lost_at=NOW)

    offered = {user.name: {step.code for step in steps_for(user, lead, None, NOW)} for user in (sam, rita)}

    assert {"rate", "recycle", "reopen"} <= offered["Sam"]
    assert offered["Rita"] == {"reopen"}


def test_only_what_marketing_handed_off_can_be_returned(agreement: InForce, sam: User) -> None:
    handoff = offer_to(sam, agreement)
    accept(lead_id=handoff.lead_id, actor=sam, at=NOW)
    handoff.refresh_from_db()
    own = make_lead(stage="sal", owner=sam, sal_at=NOW)

    assert "return" in codes(sam, handoff, NOW)
    assert "return" not in {step.code for step in steps_for(sam, own, None, NOW)}


def test_a_row_offers_to_return_whatever_was_handed_off_also_if_sales_found_it(agreement: InForce, sam: User) -> None:
    handoff = offer_to(sam, agreement, origin="sales")
    accept(lead_id=handoff.lead_id, actor=sam, at=NOW)
    handoff.refresh_from_db()
    never = make_lead(stage="sal", owner=sam, sal_at=NOW, origin="sales")

    rows = [{step.code for step in steps_of_row("working", lead)} for lead in (handoff.lead, never)]

    assert "return" in rows[0] & codes(sam, handoff, NOW)
    assert "return" not in rows[1]


@pytest.mark.parametrize("code", ["reject", "call", "rate", "win", "assign"])
def test_whose_role_never_takes_a_step_does_not_get_its_form(enter: Enter, offer: Offer, maya: User, code: str) -> None:
    browser, address = enter(maya), f"/leads/{offer().lead_id}/{code}/"

    answers = browser.get(address), browser.post(address, {}), browser.post(address, {}, headers=HTMX)

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert all("Your role does not allow this." in answer.content.decode() for answer in answers)


@pytest.mark.parametrize("code", ["call", "return", "recycle", "qualify-for-sales", "rate"])
def test_an_empty_form_for_somebody_elses_lead_is_refused_and_not_corrected(
    enter: Enter, offer: Offer, sales: Team, sam: User, at: datetime, code: str
) -> None:
    lead_id = offer().lead_id
    accept(lead_id=lead_id, actor=sam, at=at)

    response = enter(person("Rita", sales)).post(f"/leads/{lead_id}/{code}/", {})

    assert response.status_code == 403
    assert "This lead is with Sam." in response.content.decode()
    assert "field is required" not in response.content.decode()


@pytest.mark.parametrize(("code", "typed"), [("call", {"outcome": "no_answer"}), ("rate", {"quality": "2"})])
def test_a_form_that_is_sent_twice_is_stored_once(
    enter: Enter, offer: Offer, sam: User, at: datetime, code: str, typed: dict[str, str]
) -> None:
    lead_id = offer().lead_id
    accept(lead_id=lead_id, actor=sam, at=at)
    browser, address = enter(sam), f"/leads/{lead_id}/{code}/"
    keys = [browser.get(address).context["form"]["key"].value() for _ in range(2)]

    twice = [browser.post(address, {**typed, "key": str(keys[0])}).status_code for _ in range(2)]
    stored = stored_on(lead_id)
    browser.post(address, {**typed, "key": str(keys[1])})  # the form opened again: meant as another

    assert twice == [302, 302]
    assert stored == 1
    assert stored_on(lead_id) == 2


@pytest.mark.parametrize(
    ("code", "typed", "words"),
    [
        (
            "call",
            {"outcome": "no_answer", "occurred_at": "0001-01-01T00:00"},
            "This time is before the lead was there for sales to work on.",
        ),
        ("call", {"outcome": "no_answer", "occurred_at": "9999-12-31T23:59"}, "This time is in the future."),
        ("recycle", {"reason": "no_budget", "returns_on": "2001-01-01"}, "Choose a day in the next three years"),
    ],
)
def test_a_time_that_the_verb_refuses_is_refused_beside_its_field(
    enter: Enter, offer: Offer, sam: User, at: datetime, code: str, typed: dict[str, str], words: str
) -> None:
    lead_id = offer().lead_id
    accept(lead_id=lead_id, actor=sam, at=at)

    response = enter(sam).post(f"/leads/{lead_id}/{code}/", typed)

    (message,) = [text for field in typed for text in response.context["form"].errors.get(field, [])]
    assert response.status_code == 422
    assert message.startswith(words)


def stored_on(lead_id: int) -> int:
    return Activity.objects.filter(lead=lead_id).count() + Feedback.objects.filter(lead=lead_id).count()


def codes(user: User, handoff: Handoff, at: datetime) -> set[str]:
    """Give the codes of the steps that are offered on the lead of ``handoff``, its newest."""
    lead = Lead.objects.get(pk=handoff.lead_id)
    return {step.code for step in steps_for(user, lead, handoff, at)}
