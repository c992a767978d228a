"""Leads over the API."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.api.filters import FILTERS
from leads.models import Contact, Lead, Touch
from leads.scoring import engagement_now
from ledger.instants import edge_now
from tests.api.program import PROBLEM, Program, problems
from tests.cast import NOW, make_lead
from tests.leads.intake_world import world  # noqa: F401 - a fixture
from tests.leads.worlds import make_campaign

pytestmark = pytest.mark.django_db

ADA = {"name": "Ada Byron", "email": "ada@acme.example", "company": "Acme"}


# taking in ------------------------------------------------------------------------------------------------------------


def test_a_new_lead_is_created(program):
    response = program.post("/api/v1/leads", ADA)

    lead = Lead.objects.get()
    assert response.status_code == 201
    assert response["Location"] == f"/api/v1/leads/{lead.pk}"
    assert response.json() == {
        "id": lead.pk, "outcome": "created", "stage": "lead",
        "score": {"fit": None, "grade": None, "engagement": engagement_now(lead, edge_now())}, "problems": [],
    }  # fmt: skip


def test_the_same_person_joins_the_open_lead(program):
    program.post("/api/v1/leads", ADA)

    response = program.post("/api/v1/leads", {**ADA, "email": "ADA@acme.example", "touch_kind": "demo_request"})

    assert (response.status_code, response.json()["outcome"]) == (200, "updated")
    assert (Lead.objects.count(), Contact.objects.count(), Touch.objects.count()) == (1, 1, 2)


def test_the_same_key_again_changes_nothing(program):
    for status, outcome in ((201, "created"), (200, "skipped")):
        response = program.post("/api/v1/leads", {**ADA, "key": "event-1"})
        assert (response.status_code, response.json()["outcome"]) == (status, outcome)

    assert Touch.objects.count() == 1


def test_a_lead_that_qualifies_is_handed_to_sales_at_once(program, world):  # noqa: F811
    body = {
        **ADA, "role": "Operations", "seniority": "Director", "industry": "Manufacturing", "employee_count": 250,
        "country": "Germany", "touch_kind": "demo_request", "source_raw": "paid search", "phone": "+49 30 901820",
    }  # fmt: skip

    answer = program.post("/api/v1/leads", body).json()

    assert answer["stage"] == "mql"
    assert answer["score"]["grade"] in {"A", "B"}
    assert Lead.objects.get().handoff_count == 1


def test_a_rep_takes_in_their_own_lead(sam, agreement):
    Program(sam).post("/api/v1/leads", ADA)

    assert list(Lead.objects.values_list("origin", "owner")) == [("sales", sam.pk)]


def test_all_that_a_touch_can_say_is_kept(program):
    program.post(
        "/api/v1/leads",
        {**ADA, "utm": {"source": "google", "medium": "cpc"}, "landing_page": "https://us.example/x", "note": "one\ntwo",
         "occurred_at": "2026-01-01T10:00:00+02:00", "lawful_basis": "consent", "phone": None},
    )  # fmt: skip

    touch = Touch.objects.get()
    assert (touch.source, touch.medium, touch.utm["source"]) == ("paid_search", "cpc", "google")
    assert (touch.note, touch.occurred_at) == ("one\ntwo", datetime(2026, 1, 1, 8, tzinfo=UTC))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({**ADA, "colour": "red"}, ("colour", "unknown_field")),
        ({**ADA, "id": 7}, ("id", "read_only")),
        ({**ADA, "stage": "customer"}, ("stage", "read_only")),
        ({**ADA, "score": 99}, ("score", "read_only")),
        ({**ADA, "origin": "sales"}, ("origin", "read_only")),
        ({**ADA, "email": "nonsense"}, ("email", "invalid_email")),
        ({**ADA, "email": 7}, ("email", "wrong_type")),
        ({**ADA, "name": ["Ada"]}, ("name", "wrong_type")),
        ({**ADA, "name": {"first": "Ada"}}, ("name", "wrong_type")),
        ({**ADA, "name": True}, ("name", "wrong_type")),
        ({**ADA, "name": "x" * 201}, ("name", "too_long")),
        ({**ADA, "name": "Ada\r\nBcc: x@y.example"}, ("name", "line_break")),
        ({**ADA, "name": "A\u202eda"}, ("name", "invisible_character")),
        ({**ADA, "phone": "call me"}, ("phone", "invalid_phone")),
        ({**ADA, "country": "Narnia"}, ("country", "unknown_country")),
        ({**ADA, "employee_count": 2**31}, ("employee_count", "out_of_range")),
        ({**ADA, "employee_count": -1}, ("employee_count", "out_of_range")),
        ({**ADA, "employee_count": 1.5}, ("employee_count", "not_a_number")),
        ({**ADA, "employee_count": True}, ("employee_count", "not_a_number")),
        ({**ADA, "employee_count": "many"}, ("employee_count", "not_a_number")),
        ({**ADA, "touch_kind": "party"}, ("touch_kind", "unknown_choice")),
        ({**ADA, "lawful_basis": "because"}, ("lawful_basis", "unknown_choice")),
        ({**ADA, "campaign_code": "nothing"}, ("campaign_code", "unknown_campaign")),
        ({**ADA, "product_code": "nothing"}, ("product_code", "unknown_product")),
        ({**ADA, "utm": "google"}, ("utm", "wrong_type")),
        ({**ADA, "utm": {"colour": "x"}}, ("utm", "unknown_field")),
        ({**ADA, "utm": {"source": 3}}, ("utm.source", "wrong_type")),
        ({**ADA, "key": "x" * 65}, ("key", "too_long")),
        ({**ADA, "key": 5}, ("key", "wrong_type")),
        ({**ADA, "occurred_at": "2026-01-01T10:00:00"}, ("occurred_at", "offset_missing")),
        ({**ADA, "occurred_at": "2026-01-01"}, ("occurred_at", "offset_missing")),
        ({**ADA, "occurred_at": "2025-03-30T02:30:00"}, ("occurred_at", "offset_missing")),
        ({**ADA, "occurred_at": "soon"}, ("occurred_at", "not_a_time")),
        ({**ADA, "occurred_at": 1700000000}, ("occurred_at", "wrong_type")),
        ({**ADA, "occurred_at": "0001-01-01T00:00:00Z"}, ("occurred_at", "too_early")),
        ({**ADA, "occurred_at": "9999-12-31T23:59:59Z"}, ("occurred_at", "in_the_future")),
        ({"name": "Ada"}, ("", "unrecognisable")),
        ({}, ("", "unrecognisable")),
        ([ADA], ("", "not_an_object")),
        ('"just text"', ("", "not_an_object")),
        (None, ("", "not_an_object")),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(program, body, expected):
    response = program.post("/api/v1/leads", body)

    assert expected in problems(response)
    assert (Lead.objects.count(), Contact.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", ("", "unrecognisable")),
        (b"{", ("", "malformed_body")),
        (b'{"name": "a", "name": "b"}', ("name", "duplicate_field")),
        (b'{"email": "a@b.example", "name": "\\ud800"}', ("name", "broken_character")),
        (b'{"email": "a@b.example", "name": "x\\u0000"}', ("name", "nul_character")),
        (b'{"\\ud800": 1}', ("", "broken_character")),
        (b'{"employee_count": NaN}', ("", "not_a_number")),
        (b'{"employee_count": 1e999}', ("", "number_too_large")),
        (b'{"employee_count": ' + b"9" * 5000 + b"}", ("", "number_too_large")),
        (b'{"utm": ' * 5000 + b"1" + b"}" * 5000, ("", "too_deep")),
        (b"[" * 100_000, ("", "too_deep")),
        (b"\xff\xfe", ("", "not_utf8")),
    ],
)
def test_poison_is_refused_before_anything_is_stored(program, raw, expected):
    response = program.post("/api/v1/leads", raw)

    assert expected in problems(response)
    assert Contact.objects.count() == 0


def test_a_body_over_ten_megabytes_is_too_large(program):
    response = program.post("/api/v1/leads", json.dumps({"note": "x" * (10 * 1024 * 1024)}))

    assert problems(response, 413)


def test_other_kinds_of_body_are_refused(program):
    response = program.client.post("/api/v1/leads", {"name": "Ada"}, headers=program.headers)

    assert problems(response, 415)


def test_html_and_formulas_are_kept_as_they_are(program):
    program.post("/api/v1/leads", {**ADA, "company": "=1+1 <b>"})

    assert Contact.objects.get().company.name == "=1+1 <b>"  # type: ignore[union-attr]


# reading --------------------------------------------------------------------------------------------------------------


def test_a_lead_can_be_read(program, sam):
    lead = make_lead(owner=sam, fit=80, stage="sal", sal_at=NOW)

    body = program.get(f"/api/v1/leads/{lead.pk}").json()

    assert (body["id"], body["stage"], body["owner"]["name"]) == (lead.pk, "sal", "Sam")
    assert body["score"] == {"fit": 80, "grade": "A", "engagement": 0}
    assert body["contact"]["email"] == lead.contact.email
    assert body["times"]["captured"] == "2026-03-02T10:00:00Z"


@pytest.mark.parametrize("lead_id", ["0", "999999", str(2**63 - 1), str(2**63), "9" * 40, "abc", "-1", "1.5"])
def test_a_lead_that_is_not_there_is_a_404(program, lead_id):
    response = program.get(f"/api/v1/leads/{lead_id}")

    assert response.status_code == 404
    assert response["Content-Type"] == PROBLEM


def test_what_may_not_be_seen_looks_like_what_is_not_there(olive):
    lead = make_lead()
    program = Program(olive)

    hidden, missing = program.get(f"/api/v1/leads/{lead.pk}"), program.get(f"/api/v1/leads/{lead.pk + 1000}")

    assert hidden.status_code == 404
    assert hidden.content == missing.content


def test_pages_give_each_lead_once_in_order(program):
    leads = [make_lead(captured_at=NOW - timedelta(hours=number // 2)) for number in range(7)]
    expected = [lead.pk for lead in sorted(leads, key=lambda one: (one.captured_at, one.pk), reverse=True)]

    seen, query = [], {"limit": "3"}
    while True:
        page = program.get("/api/v1/leads", query).json()
        seen += [lead["id"] for lead in page["results"]]
        if page["next"] is None:
            break
        query = {"limit": "3", "cursor": page["next"]}

    assert seen == expected


def test_orders_can_be_chosen(program):
    old, new = make_lead(captured_at=NOW - timedelta(days=1)), make_lead()

    for order, expected in (("captured_at", [old.pk, new.pk]), ("-captured_at", [new.pk, old.pk])):
        assert [lead["id"] for lead in program.get("/api/v1/leads", {"order": order}).json()["results"]] == expected


def test_each_filter_chooses(program, sam, maya):
    make_lead(fit=10, captured_at=NOW - timedelta(seconds=1))
    wanted = make_lead(
        stage="sal", sal_at=NOW, owner=sam, fit=90, source="event", tier="warm", origin="sales",
        last_campaign=make_campaign(maya),
    )  # fmt: skip
    make_lead(fit=99, captured_at=NOW + timedelta(seconds=1))
    contact = wanted.contact
    contact.name, contact.phone_key, contact.external_id = "Zora Neale", "+493012345", "x-1"
    contact.save()

    queries = [
        {"stage": "sal"}, {"stage": "sal,sql"}, {"owner": sam.pk}, {"source": "event"}, {"tier": "warm"}, {"origin": "sales"},
        {"campaign": wanted.last_campaign_id}, {"contact": contact.pk}, {"min_fit": "90", "max_fit": "90"},
        {"q": "zora"}, {"q": contact.email.partition("@")[0] + "@"}, {"q": "+493012345"}, {"q": "x-1"},
        {"captured_from": "2026-03-02T11:00:00+01:00", "captured_before": "2026-03-02T10:00:01Z"},
    ]  # fmt: skip
    for query in queries:
        assert [lead["id"] for lead in program.get("/api/v1/leads", query).json()["results"]] == [wanted.pk], query
    assert {name for query in queries for name in query} == set(FILTERS)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"score": "abc"}, ("score", "unknown_parameter")),
        ({"min_fit": "abc"}, ("min_fit", "not_a_number")),
        ({"min_fit": "101"}, ("min_fit", "out_of_range")),
        ({"min_fit": "9" * 5000}, ("min_fit", "not_a_number")),
        ({"owner": str(2**63)}, ("owner", "out_of_range")),
        ({"owner": ""}, ("owner", "not_a_number")),
        ({"owner": "1\x00"}, ("owner", "not_a_number")),
        ({"q": "\x00"}, ("q", "control_character")),
        ({"q": "x" * 100_000}, ("q", "too_long")),
        ({"q": "a\u202eb"}, ("q", "invisible_character")),
        ({"stage": "nirvana"}, ("stage", "unknown_choice")),
        ({"stage": ""}, ("stage", "unknown_choice")),
        ({"captured_from": "yesterday"}, ("captured_from", "not_a_time")),
        ({"captured_from": "2026-01-01"}, ("captured_from", "offset_missing")),
        ({"limit": "0"}, ("limit", "out_of_range")),
        ({"limit": "101"}, ("limit", "out_of_range")),
        ({"limit": "-1"}, ("limit", "out_of_range")),
        ({"limit": "ten"}, ("limit", "not_a_number")),
        ({"order": "email"}, ("order", "unknown_choice")),
        ({"order": "?"}, ("order", "unknown_choice")),
        ({"order": "owner__password"}, ("order", "unknown_choice")),
        ({"owner__password": "x"}, ("owner__password", "unknown_parameter")),
        ({"cursor": "x"}, ("cursor", "bad_cursor")),
        ({"cursor": ""}, ("cursor", "bad_cursor")),
        ({"cursor": "W10"}, ("cursor", "bad_cursor")),
        ({"cursor": "\x00"}, ("cursor", "bad_cursor")),
        ({"cursor": "é"}, ("cursor", "bad_cursor")),
        ({"cursor": "x" * 100_000}, ("cursor", "bad_cursor")),
        ({"stage": ["lead", "mql"]}, ("stage", "given_twice")),
        ({"limit": ["1", "2"]}, ("limit", "given_twice")),
        ({"order": ["captured_at", "captured_at"]}, ("order", "given_twice")),
        ({"cursor": ["x", "x"]}, ("cursor", "given_twice")),
        ({"score": ["1", "2"]}, ("score", "unknown_parameter")),
    ],
)
def test_a_query_that_cannot_be_used_is_refused_by_name(program, query, expected):
    assert expected in problems(program.get("/api/v1/leads", query))


@pytest.mark.parametrize(
    "raw", ["?q=%00", "?q=%ff%fe", "?%00=1", "?q=%ed%a0%80", "?limit=%", "?;=", "?cursor=%F0%9F%98%80"]
)
def test_raw_queries_never_break(program, raw):
    assert program.client.get(f"/api/v1/leads{raw}", headers=program.headers).status_code in {200, 400}


@pytest.mark.parametrize(
    "moment",
    ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00", "1899-01-01T00:00:00Z", 7],
)
def test_a_cursor_at_the_ends_of_the_calendar_is_refused(program, moment):
    cursor = base64.urlsafe_b64encode(json.dumps(["-captured_at", moment, 1]).encode()).decode().rstrip("=")

    assert problems(program.get("/api/v1/leads", {"cursor": cursor})) == [("cursor", "bad_cursor")]


def test_a_cursor_of_another_order_is_refused(program):
    for _ in range(2):
        make_lead()
    cursor = program.get("/api/v1/leads", {"limit": "1"}).json()["next"]

    assert problems(program.get("/api/v1/leads", {"order": "captured_at", "cursor": cursor})) == [
        ("cursor", "bad_cursor")
    ]


def test_an_outsider_lists_nothing(olive):
    make_lead()

    assert Program(olive).get("/api/v1/leads").status_code == 403


def test_lists_ask_a_number_of_questions_that_does_not_grow(program):
    used = []
    for count in (1, 20):
        for _ in range(count):
            make_lead()
        with CaptureQueriesContext(connection) as asked:
            program.get("/api/v1/leads")
        used.append(len(asked))

    assert used[0] == used[1] <= 5


# a past score ---------------------------------------------------------------------------------------------------------


def test_one_lead_tells_its_score_of_a_past_instant(program, world):  # noqa: F811
    lead_id = program.post("/api/v1/leads", {**ADA, "role": "Operations", "touch_kind": "demo_request"}).json()["id"]
    as_of = edge_now()

    body = program.get(f"/api/v1/leads/{lead_id}?as_of={as_of.isoformat()}").json()

    told = body["score_as_of"]
    assert (told["fit"], told["grade"], told["engagement"], told["is_fit_kept"]) == (30, "C", 60, True)
    assert [
        (item["code"], item["points"], item["source"]) for item in told["items"] if item["score"] == "engagement"
    ] == [("demo_request", 60, "unknown")]
    assert "score_as_of" not in program.get(f"/api/v1/leads/{lead_id}").json()


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("", "not_a_time"), ("x", "not_a_time"), ("2026-02-30T10:00:00Z", "not_a_time"), ("2026-02-01T10:00:00", "offset_missing"),
        ("2999-01-01T00:00:00Z", "in_the_future"), ("1970-01-01T00:00:00Z", "too_early"), ("2000-01-01T00:00:00Z", "before_the_lead"),
    ],
)  # fmt: skip
def test_a_past_instant_that_cannot_be_told_of_is_refused_by_name(program, world, asked, code):  # noqa: F811
    lead_id = program.post("/api/v1/leads", ADA).json()["id"]

    response = program.get(f"/api/v1/leads/{lead_id}?as_of={asked}")

    assert (response.status_code, problems(response)) == (400, [("as_of", code)])
