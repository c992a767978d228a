"""Questions and disputes over the API: listed, read, and acted upon at their lead."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads import disputes, questions
from leads.api.exchange import DISPUTE_FILTERS, QUESTION_FILTERS
from leads.models import Dispute, Question
from sla.in_force import InForce
from teams.models import Team, User
from tests.api.program import Program, problems
from tests.leads.exchange_world import DUE, LATER, asked, clocks_of, contested, lead_at, offered_help, rejected, say
from tests.leads.worlds import go_round

pytestmark = pytest.mark.django_db

HOUR, MINUTES = timedelta(hours=1), timedelta(minutes=5)


@pytest.fixture
def company(agreement: InForce, sales: Team, maya: User, mona: User, sue: User, sam: User) -> InForce:
    """A company that routes, with a manager on each side."""
    go_round(sales)
    return agreement


def moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def who(user: User) -> dict[str, Any]:
    return {"id": user.pk, "name": user.name, "email": user.email}


def listed(program: Program, path: str, **query: Any) -> list[int]:
    return [row["id"] for row in program.get(f"/api/v1/{path}", query).json()["results"]]


# Questions ------------------------------------------------------------------------------------------------------------


def test_a_question_says_who_asked_whom_and_until_when(company: InForce, maya: User, sam: User) -> None:
    question = asked(lead_at("sal", maya, sam), sam)
    clock = clocks_of(question)["marketing"]

    body = Program(maya).get(f"/api/v1/questions/{question.pk}").json()

    assert body == {
        "id": question.pk, "lead_id": question.lead_id, "to": "marketing", "state": "open", "text": question.text,
        "asked_by": who(sam), "asked_at": moment(LATER), "addressee": who(maya), "answer": None, "closed_by": None,
        "closed_at": None,
        "clocks": [{"id": clock.pk, "side": "marketing", "state": "running", "due_at": moment(clock.due_at)}],
    }  # fmt: skip
    questions.answer(lead_id=question.lead_id, text="The one in Ulm.", actor=maya, at=LATER + MINUTES)
    body = Program(sam).get(f"/api/v1/questions/{question.pk}").json()
    assert (body["state"], body["answer"], body["closed_by"]) == ("answered", "The one in Ulm.", who(maya))
    assert (body["closed_at"], body["clocks"][0]["state"]) == (moment(LATER + MINUTES), "met")


def test_each_filter_of_questions_chooses(company: InForce, maya: User, mona: User, sam: User) -> None:
    first = asked(lead_at("sal", maya, sam), sam)
    questions.withdraw(lead_id=first.lead_id, actor=sam, at=LATER)
    wanted = offered_help(lead_at("sal", maya, sam), mona, at=LATER + HOUR)
    last = asked(lead_at("sal", maya, sam), sam, at=LATER + 2 * HOUR)
    program = Program(maya)

    queries: list[dict[str, Any]] = [
        {"to": "sales"}, {"lead": wanted.lead_id}, {"asked_by": mona.pk}, {"addressee": sam.pk},
        {"asked_from": moment(LATER + HOUR), "asked_before": moment(LATER + 2 * HOUR)}, {"state": "open", "to": "sales"},
    ]  # fmt: skip
    for query in queries:
        assert listed(program, "questions", **query) == [wanted.pk], query
    assert {name for query in queries for name in query} == set(QUESTION_FILTERS)
    assert listed(program, "questions") == [last.pk, wanted.pk, first.pk]
    assert listed(program, "questions", state="open,withdrawn", order="asked_at") == [first.pk, wanted.pk, last.pk]


def test_a_question_that_a_program_asks_twice_is_asked_once_and_answered_by_its_id(
    company: InForce, maya: User, sam: User
) -> None:
    lead = lead_at("sal", maya, sam)
    rep, marketer = Program(sam), Program(maya)
    body = {"text": "Which plant?", "key": str(uuid4())}

    made = [rep.post(f"/api/v1/leads/{lead.pk}/ask", body).json()["id"] for _ in range(2)]
    (found,) = listed(marketer, "questions", state="open", to="marketing")
    answer = {"question_id": found, "text": "The one in Ulm."}
    replies = [marketer.post(f"/api/v1/leads/{lead.pk}/answer", answer) for _ in range(2)]

    assert made == [found, found]
    assert [reply.json()["id"] for reply in replies] == [found, found]
    assert listed(marketer, "questions", state="answered") == [found]
    assert problems(rep.post(f"/api/v1/leads/{lead.pk}/withdraw-question", {"question_id": found}), 409)


# Disputes -------------------------------------------------------------------------------------------------------------


def test_a_dispute_says_what_each_side_said(company: InForce, maya: User, mona: User, sue: User, sam: User) -> None:
    dispute = contested(rejected(maya, sam), maya)
    say(dispute, mona, "overturn")

    body = Program(sue).get(f"/api/v1/disputes/{dispute.pk}").json()

    clocks = clocks_of(dispute)
    assert body == {
        "id": dispute.pk, "lead_id": dispute.handoff.lead_id, "handoff_id": dispute.handoff_id, "kind": "rejection",
        "state": "open", "reason": "They do decide.", "raised_by": who(maya), "raised_at": moment(LATER),
        "marketing": {"word": "overturn", "by": who(mona), "at": moment(LATER)},
        "sales": {"word": None, "by": None, "at": None}, "closed_at": None,
        "clocks": [
            {"id": clocks[side].pk, "side": side, "state": state, "due_at": moment(DUE)}
            for side, state in (("marketing", "met"), ("sales", "running"))
        ],
    }  # fmt: skip


def test_each_filter_of_disputes_chooses(company: InForce, maya: User, mona: User, sue: User, sam: User) -> None:
    first = contested(rejected(maya, sam), maya)
    for user in (mona, sue):
        say(first, user, "overturn")
    wanted = say(contested(lead_at("sal", maya, sam), sam, at=LATER + HOUR), mona, "stand", at=LATER + HOUR)
    last = contested(rejected(maya, sam), maya, at=LATER + 2 * HOUR)
    say(last, sue, "stand", at=LATER + 2 * HOUR)
    program = Program(sam)

    queries: list[dict[str, Any]] = [
        {"kind": "delivery"}, {"waits_for": "sales"}, {"lead": wanted.handoff.lead_id}, {"handoff": wanted.handoff_id},
        {"raised_by": sam.pk}, {"raised_from": moment(LATER + HOUR), "raised_before": moment(LATER + 2 * HOUR)},
        {"state": "open", "kind": "delivery"},
    ]  # fmt: skip
    for query in queries:
        assert listed(program, "disputes", **query) == [wanted.pk], query
    assert {name for query in queries for name in query} == set(DISPUTE_FILTERS)
    assert listed(program, "disputes") == [last.pk, wanted.pk, first.pk]
    assert listed(program, "disputes", waits_for="marketing", order="raised_at") == [last.pk]
    assert listed(program, "disputes", state="overturned") == [first.pk]


def test_a_dispute_that_a_program_raises_twice_is_named_by_the_refusal_and_decided_by_its_id(
    company: InForce, maya: User, mona: User, sue: User, sam: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = rejected(maya, sam)
    monkeypatch.setattr("leads.api.base.ApiView.at", lambda self, request: LATER)
    path = f"/api/v1/leads/{lead.pk}"

    made = Program(maya).post(f"{path}/dispute", {"reason": "They do decide."}).json()["id"]
    again = Program(maya).post(f"{path}/dispute", {"reason": "They do decide."})
    said = [
        Program(user).post(f"{path}/decide", {"dispute_id": made, "word": "overturn"}).status_code
        for user in (mona, mona, sue)
    ]

    assert problems(again, 409) is not None
    assert again.json()["details"]["dispute"] == made
    assert said == [200, 200, 200]
    assert Program(sam).get(f"/api/v1/disputes/{made}").json()["state"] == "overturned"


# Both -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["questions", "disputes"])
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"state": "nirvana"}, ("state", "unknown_choice")),
        ({"lead": "x"}, ("lead", "not_a_number")),
        ({"lead": str(2**63)}, ("lead", "out_of_range")),
        ({"text": "x"}, ("text", "unknown_parameter")),
        ({"lead__owner": "1"}, ("lead__owner", "unknown_parameter")),
        ({"order": "captured_at"}, ("order", "unknown_choice")),
        ({"limit": "101"}, ("limit", "out_of_range")),
        ({"cursor": "W10"}, ("cursor", "bad_cursor")),
        ({"state": ["open", "open"]}, ("state", "given_twice")),
    ],
)
def test_a_query_that_cannot_be_used_is_refused_by_name(
    program: Program, path: str, query: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert problems(program.get(f"/api/v1/{path}", query)) == [expected]


@pytest.mark.parametrize(
    ("path", "name", "value", "code"),
    [("questions", "to", "both", "unknown_choice"), ("questions", "asked_from", "2026-01-01", "offset_missing"),
     ("disputes", "waits_for", "sales,marketing", "unknown_choice"), ("disputes", "kind", "", "unknown_choice"),
     ("disputes", "raised_before", "soon", "not_a_time")],
)  # fmt: skip
def test_a_filter_of_one_of_them_refuses_by_name(program: Program, path: str, name: str, value: str, code: str) -> None:
    assert problems(program.get(f"/api/v1/{path}", {name: value})) == [(name, code)]


def test_pages_follow_each_other_without_gap_or_overlap_at_one_instant(company: InForce, maya: User, sam: User) -> None:
    made = [asked(lead_at("sal", maya, sam), sam).pk for _ in range(5)]
    contests = [contested(lead_at("sal", maya, sam), sam).pk for _ in range(5)]

    for path, expected in (("questions", made), ("disputes", contests)):
        for order in ("", "-"):
            column = "asked_at" if path == "questions" else "raised_at"
            seen, query = [], {"limit": "2", "order": f"{order}{column}"}
            while True:
                page = Program(maya).get(f"/api/v1/{path}", query).json()
                seen += [row["id"] for row in page["results"]]
                if page["next"] is None:
                    break
                query["cursor"] = page["next"]
            assert seen == (sorted(expected, reverse=bool(order))), (path, order)


def test_an_outsider_learns_of_nothing(company: InForce, maya: User, sam: User, olive: User) -> None:
    question, dispute = asked(lead_at("sal", maya, sam), sam), contested(lead_at("sal", maya, sam), sam)
    program = Program(olive)

    for path, pk in (("questions", question.pk), ("disputes", dispute.pk)):
        assert problems(program.get(f"/api/v1/{path}"), 403) is not None
        hidden, missing = program.get(f"/api/v1/{path}/{pk}"), program.get(f"/api/v1/{path}/{pk + 1000}")
        assert (hidden.status_code, hidden.content) == (404, missing.content)
    assert (Question.objects.visible_to(olive).count(), Dispute.objects.visible_to(olive).count()) == (0, 0)


def test_lists_ask_a_number_of_questions_that_does_not_grow(company: InForce, maya: User, sam: User) -> None:
    program, used = Program(maya), []
    for count in (1, 6):
        for _ in range(count):
            asked(lead_at("sal", maya, sam), sam)
            disputes.raise_dispute(lead_id=lead_at("sal", maya, sam).pk, reason="No.", actor=sam, at=LATER)
        for path in ("questions", "disputes"):
            with CaptureQueriesContext(connection) as queries:
                program.get(f"/api/v1/{path}")
            used.append(len(queries))

    assert used[:2] == used[2:]
    assert max(used) <= 5, used
