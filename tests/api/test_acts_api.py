"""Acts on a lead over the API: each calls its verb, and says what it cannot use."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from leads.api.acts import ACTS
from leads.api.base import ApiView
from leads.models import Activity, Feedback, Handoff, Lead, Opportunity, Transfer
from ledger.instants import edge_now
from tests.api.program import Program, problems
from tests.cast import make_lead, offer_to, person
from tests.leads.intake_world import world  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def offered(world, sam):  # noqa: F811
    """An MQL that is offered to Sam."""
    at = edge_now()
    return offer_to(sam, world, at=at, captured_at=at, mql_at=at, last_touch_at=at).lead


def do(program: Program, lead: Lead, act: str, **body: Any) -> Any:
    return program.post(f"/api/v1/leads/{lead.pk}/{act}", body)


def test_a_rep_walks_a_lead_to_the_win(offered, sam, world):  # noqa: F811
    program = Program(sam)
    checklist = [item.code for item in world.terms.sql_checklist]
    closes = (edge_now() + timedelta(days=30)).date().isoformat()

    steps: list[tuple[str, dict[str, Any], str]] = [
        ("accept", {}, "sal"),
        ("activities", {"kind": "call", "outcome": "conversation", "note": "wants it"}, "sal"),
        ("rating", {"quality": 4, "aspects": {"fit": True}, "comment": "good"}, "sal"),
        ("qualify-for-sales", {"confirmed": checklist}, "sql"),
        ("opportunity", {"amount": "1200.50", "expected_close_on": closes, "currency": "eur"}, "opportunity"),
        ("win", {"amount": 1300}, "customer"),
    ]
    for act, body, stage in steps:
        response = do(program, offered, act, **body)
        assert response.status_code == 200, (act, response.content)
        assert response.json()["lead"]["stage"] == stage

    assert Activity.objects.get().note == "wants it"
    assert Feedback.objects.get().quality == 4
    assert str(Opportunity.objects.get().amount) == "1300.00"


def test_a_rep_transfers_a_lead_and_the_colleague_accepts(offered, sam, sales, world):  # noqa: F811
    rita = person("Rita", sales)
    do(Program(sam), offered, "accept")

    wrong = do(Program(sam), offered, "transfer", user_id=sam.pk)
    sent = do(Program(sam), offered, "transfer", user_id=rita.pk, note="Knows SAP.")
    again = do(Program(sam), offered, "transfer", user_id=rita.pk)
    early = do(Program(sam), offered, "accept-transfer")
    listed = Program(rita).get("/api/v1/leads").json()["results"]
    done = do(Program(rita), offered, "accept-transfer")

    assert problems(wrong) == [("user_id", "cannot_receive")]
    assert sent.json()["id"] == Transfer.objects.get().pk
    assert (again.status_code, early.status_code, done.status_code) == (409, 403, 200)
    waiting = sent.json()["lead"]["open_transfer"]
    assert (waiting["giver"]["name"], waiting["receiver"]["name"], waiting["note"]) == ("Sam", "Rita", "Knows SAP.")
    assert [lead["open_transfer"] for lead in listed if lead["id"] == offered.pk] == [waiting]
    assert (done.json()["lead"]["stage"], done.json()["lead"]["open_transfer"]) == ("sal", None)
    offered.refresh_from_db()
    assert offered.owner == rita


def test_a_rep_rejects_with_a_coded_reason(offered, sam):
    response = do(Program(sam), offered, "reject", reason="wrong_role", note="an intern")

    assert response.json()["lead"]["stage"] == "lead"
    assert Handoff.objects.get().reason == "wrong_role"


def test_marketing_qualifies_hands_off_and_recalls(maya, world):  # noqa: F811
    at = edge_now()
    lead = make_lead(stage="lead", mql_at=None, tier="", captured_at=at, last_touch_at=at)
    program = Program(maya)

    assert do(program, lead, "qualify", reason="met them at the fair").json()["lead"]["stage"] == "mql"
    refused = do(program, lead, "hand-off")

    assert problems(refused)
    assert refused.json()["details"]["missing"]


@pytest.mark.parametrize(
    ("act", "body", "expected"),
    [
        ("accept", {"force": True}, ("force", "unknown_field")),
        ("accept", {"handoff_id": "x"}, ("handoff_id", "not_a_number")),
        ("accept", {"handoff_id": 2**63 - 1 + 0.5}, ("handoff_id", "not_a_number")),
        ("reject", {}, ("reason", "required")),
        ("reject", {"reason": ""}, ("reason", "required")),
        ("reject", {"reason": "nope"}, ("reason", "unknown_reason")),
        ("reject", {"reason": ["other"]}, ("reason", "wrong_type")),
        ("reject", {"reason": "other"}, ("note", "note_required")),
        ("reject", {"reason": "other", "note": "a\u202eb"}, ("note", "invisible_character")),
        ("activities", {"kind": "call"}, ("outcome", "required")),
        ("activities", {"kind": "dance", "outcome": "no_answer"}, ("kind", "unknown_kind")),
        (
            "activities",
            {"kind": "call", "outcome": "no_answer", "occurred_at": "2026-01-01"},
            ("occurred_at", "offset_missing"),
        ),
        ("activities", {"kind": "call", "outcome": "no_answer", "is_outbound": "yes"}, ("is_outbound", "wrong_type")),
        ("rating", {"quality": 6}, ("quality", "out_of_range")),
        ("rating", {"quality": 4, "aspects": {"fit": 1}}, ("aspects.fit", "wrong_type")),
        ("rating", {"quality": 4, "aspects": []}, ("aspects", "wrong_type")),
        ("opportunity", {"amount": "1e400", "expected_close_on": "2099-01-01"}, ("amount", "out_of_range")),
        ("opportunity", {"amount": 1, "expected_close_on": None}, ("expected_close_on", "not_a_date")),
        ("qualify-for-sales", {"confirmed": "all"}, ("confirmed", "wrong_type")),
        ("assign", {"user_id": 0}, ("user_id", "out_of_range")),
        ("recycle", {"reason": "no_budget", "returns_on": "soon"}, ("returns_on", "not_a_date")),
    ],
)
def test_what_an_act_cannot_use_is_refused_by_name(offered, sam, act, body, expected):
    assert expected in problems(do(Program(sam), offered, act, **body))
    assert Lead.objects.get().stage == "mql"


def test_a_time_is_judged_by_the_instant_of_the_call(offered, sam, monkeypatch):
    at = edge_now() - timedelta(days=10)
    monkeypatch.setattr(ApiView, "at", lambda self, request: at)

    refused = do(Program(sam), offered, "activities", kind="call", occurred_at=(at + timedelta(days=2)).isoformat())

    assert problems(refused) == [("occurred_at", "in_the_future"), ("outcome", "required")]


@pytest.mark.parametrize("act", ["win", "lose", "recycle", "open", "accept"])
def test_a_step_that_does_not_fit_is_a_conflict_or_missing(offered, sam, act):
    program = Program(sam)
    if act == "accept":
        do(program, offered, "accept")
    body = {"lose": {"reason": "price"}, "recycle": {"reason": "no_budget"}}.get(act, {})

    response = do(program, offered, act, **body)

    assert response.status_code == (404 if act == "open" else 409)
    assert response["Content-Type"] == "application/problem+json"


def test_an_outsider_finds_no_lead_to_act_on(offered, olive):
    program = Program(olive)

    for act in ACTS:
        hidden = do(program, offered, act)
        missing = program.post(f"/api/v1/leads/{offered.pk + 1000}/{act}", {"nonsense": 1})
        assert (hidden.status_code, hidden.content) == (404, missing.content)


def test_a_marketer_does_not_do_what_sales_does(offered, maya):
    program = Program(maya)

    assert problems(do(program, offered, "accept"), 403)
    assert problems(do(program, offered, "reject", reason="wrong_role"), 403)
    assert Lead.objects.get().stage == "mql"


def test_correcting_changes_what_the_body_names_and_hands_off_what_is_complete(world, maya):  # noqa: F811
    at = edge_now()
    lead = make_lead(source="event", is_hand_raise=True, captured_at=at, last_touch_at=at, mql_at=at)
    before = lead.contact.email

    response = do(Program(maya), lead, "correct", company="Acme Ltd", country="Germany", employee_count=250)

    body = response.json()["lead"]
    assert response.status_code == 200
    assert (body["contact"]["email"], body["contact"]["country"]) == (before, "DE")
    assert (body["company"]["name"], body["company"]["employee_count"]) == ("Acme Ltd", 250)
    assert Handoff.objects.get().lead == lead


@pytest.mark.parametrize("source", [{"code": "event"}, ["event"], 7, False])
def test_correcting_a_source_takes_a_text_alone(offered, maya, source):
    assert problems(do(Program(maya), offered, "correct", source=source)) == [("source", "wrong_type")]


def test_correcting_says_what_it_cannot_use(offered, sam, maya):
    other = make_lead()
    program = Program(maya)

    wrong = do(program, offered, "correct", email=7, employee_count=-1, company_country="Atlantis", company="Acme")
    taken = do(program, offered, "correct", email=other.contact.email.upper())
    strange = do(program, offered, "correct", fit=100, is_elsewhere="yes")

    assert problems(wrong) == [
        ("email", "wrong_type"), ("company_country", "unknown_country"), ("employee_count", "out_of_range")
    ]  # fmt: skip
    assert problems(taken) == [("email", "email_taken")]
    assert [field for field, _ in problems(strange)] == ["fit", "is_elsewhere"]
