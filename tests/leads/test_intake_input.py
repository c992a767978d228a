"""Bad input is rejected row by row, with field, code and message; the good rows go on; nothing is half stored."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, connection, models
from django.test.utils import CaptureQueriesContext

from leads.intake.arrival import CREATED, REJECTED, UPDATED, Arrival
from leads.intake.normalise import LINES, NOTE_LENGTH
from leads.intake.pipeline import SQLITE_BATCH_SIZE, take_in
from leads.models import Clock, Company, Contact, Handoff, Lead, LeadEvent, Touch
from leads.record import Record
from ledger.models import AuditEntry, Notice
from sla.in_force import InForce
from teams.models import Availability, User
from tests.cast import NOW
from tests.leads.intake_world import anna, visitor
from tests.racing import at_once

pytestmark = pytest.mark.django_db

POISON = {
    "a lone surrogate": "Ana \ud800",
    "NUL": "Ana\x00",
    "a bidirectional control": "Ana \u202egnp",
    "an invisible character": "A\u200bna",
    "a control character": "Ana\x07",
}
TEXT_FIELDS = [
    name for name in LINES if name not in ("touch_kind", "origin", "country", "lawful_basis", "email", "domain")
]


def test_bad_rows_in_the_middle_do_not_stop_the_good_ones(world: InForce) -> None:
    rows = [visitor(1), visitor(2, email="no address"), anna(), visitor(3, phone="12"), visitor(4)]

    outcomes = take_in(rows, actor=None, at=NOW)

    assert [outcome.state for outcome in outcomes] == [CREATED, REJECTED, CREATED, REJECTED, CREATED]
    assert [problem.field for outcome in outcomes for problem in outcome.problems] == ["email", "phone"]
    assert Lead.objects.count() == 3
    assert outcomes[2].stage == "mql"


@pytest.mark.parametrize("value", POISON.values(), ids=POISON)
@pytest.mark.parametrize("field", TEXT_FIELDS)
def test_poison_is_refused_by_the_name_of_its_field(world: InForce, field: str, value: str) -> None:
    given: dict[str, Any] = {"external_id": "x1", field: value}
    bad = Arrival(**given)

    outcomes = take_in([bad, visitor(1)], actor=None, at=NOW)

    assert [outcome.state for outcome in outcomes] == [REJECTED, CREATED]
    assert {problem.field for problem in outcomes[0].problems} == {field}
    assert Contact.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 5),
        ("utm", "source=x"),
        ("utm", {"source": 5}),
        ("utm", {"gclid": "x"}),
        ("note", "x" * (NOTE_LENGTH + 1)),
        ("note", "a\x00b"),
        ("employee_count", 2**31),
        ("employee_count", -1),
        ("employee_count", True),
        ("employee_count", "many"),
        ("employee_count", 1.5),
        ("occurred_at", "2026-13-01"),
        ("occurred_at", "2027-01-01"),
        ("occurred_at", "1893-01-01"),
        ("occurred_at", 5),
        ("country", "Atlantis"),
        ("touch_kind", "telepathy"),
        ("origin", "heaven"),
        ("lawful_basis", "because"),
        ("domain", "not a domain"),
        ("name", "https://spam.example"),
        ("name", "12345"),
        ("email", "a@b@c.example"),
        ("phone", "call me"),
        ("campaign_code", "nowhere"),
        ("product_code", "nothing"),
        ("key", "k" * 65),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_the_name_of_its_field(
    world: InForce, field: str, value: Any
) -> None:
    (outcome,) = take_in([Arrival(**{"external_id": "x1", field: value})], actor=None, at=NOW)

    assert outcome.state == REJECTED
    assert [problem.field.split(".")[0] for problem in outcome.problems] == [field]
    assert all(problem.code and problem.message for problem in outcome.problems)


def test_the_longest_values_that_are_accepted_can_be_stored(world: InForce) -> None:
    longest: dict[str, Any] = {name: "x" * LINES[name] for name in ("name", "company", "job_title", "role", "seniority", "region", "language",
                                                    "industry", "external_id", "source_raw", "landing_page", "key")}  # fmt: skip

    (outcome,) = take_in([Arrival(**longest, note="n" * NOTE_LENGTH, employee_count=2**31 - 1)], actor=None, at=NOW)

    assert outcome.state == CREATED


def test_nobody_to_recognise_is_refused(world: InForce) -> None:
    outcomes = take_in([Arrival(name="Ana"), Arrival(phone="030 901820")], actor=None, at=NOW)

    assert [outcome.problems[0].code for outcome in outcomes] == ["unrecognisable", "phone_needs_country"]


def test_html_and_formulas_are_stored_as_they_came(world: InForce) -> None:
    take_in([visitor(1, name="<b>Ana</b>", company="=1+1 Ltd", note="tab\t back\\slash\nline")], actor=None, at=NOW)

    assert Contact.objects.get().name == "<b>Ana</b>"
    assert Company.objects.get().name == "=1+1 Ltd"
    assert Touch.objects.get().note == "tab\t back\\slash\nline"


def test_odd_characters_survive_a_large_batch(world: InForce) -> None:
    """A large batch travels as COPY text on PostgreSQL: what that format reserves must come back as it was."""
    rows = [visitor(number, note="tab\t back\\slash\nline \\N %s ' \"", name="Ana \\. Ñ 😀") for number in range(60)]

    take_in(rows, actor=None, at=NOW)

    assert set(Touch.objects.values_list("note", flat=True)) == {"tab\t back\\slash\nline \\N %s ' \""}
    assert set(Contact.objects.values_list("name", flat=True)) == {"Ana \\. Ñ 😀"}


def test_no_arrivals_make_no_difference(world: InForce) -> None:
    assert take_in([], actor=None, at=NOW) == []


# Statements -----------------------------------------------------------------------------------------------------------


def mixed(count: int, offset: int) -> list[Arrival]:
    """Make arrivals of every kind: requests, glances, repeats inside the batch, and bad ones."""
    found = []
    for number in range(offset, offset + count):
        fields = {"email": f"p{number}@firm{number // 3}.example", "phone": "", "company": f"Firm {number // 3}"}
        found.append(
            [anna(**fields), visitor(number), anna(**fields, touch_kind="page_view"), visitor(0, email="@")][number % 4]
        )
    return found


def statements(arrivals: list[Arrival]) -> int:
    with CaptureQueriesContext(connection) as captured:
        take_in(arrivals, actor=None, at=NOW)
    return len(captured.captured_queries)


def test_the_number_of_statements_does_not_grow_with_the_batch(world: InForce, sam: User) -> None:
    Availability.objects.create(user=sam, open_lead_capacity=10_000)
    take_in(mixed(12, 0), actor=None, at=NOW)
    size = 1000 if connection.vendor == "postgresql" else SQLITE_BATCH_SIZE

    few, many = statements(mixed(12, 100_000)), statements(mixed(size, 200_000))

    assert many <= few


def test_a_single_lead_needs_few_statements(world: InForce) -> None:
    take_in([anna(email="warm@up.example", phone="")], actor=None, at=NOW)

    used = statements([anna()])

    assert used <= (9 if connection.vendor == "postgresql" else 29)


# Together or not at all -----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_fails_at_its_end_leaves_nothing(world: InForce, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError("the disk is full")

    tables: list[type[models.Model]] = [Company, Contact, Lead, Touch, LeadEvent, Handoff, Clock, Notice]
    before = [table._default_manager.count() for table in tables] + [AuditEntry.objects.count()]
    monkeypatch.setattr(Record, "write", fail)

    with pytest.raises(DatabaseError, match="disk"):
        take_in([anna(), visitor(1)], actor=None, at=NOW)

    assert [table._default_manager.count() for table in tables] + [AuditEntry.objects.count()] == before


# At the same time -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "same",
    [
        {"email": "ana@firm.example"},
        {"external_id": "crm-1", "email": "", "phone": "+4930901820"},
        {"phone": "+4930901820", "email": "", "company": "Firm"},
    ],
)
def test_eight_at_once_bring_one_contact_one_lead_and_eight_touches(world: InForce, same: dict[str, str]) -> None:
    def bring(number: int) -> str:
        return take_in([anna(**{"phone": "", **same}, key=f"touch-{number}")], actor=None, at=NOW)[0].state

    states = sorted(at_once([partial(bring, number) for number in range(8)]))

    assert states == [CREATED] + [UPDATED] * 7
    assert (Contact.objects.count(), Company.objects.count(), Lead.objects.count(), Touch.objects.count()) == (
        1,
        1,
        1,
        8,
    )
    assert Handoff.objects.count() == Clock.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_overlapping_batches_at_once_lose_and_double_nothing(world: InForce) -> None:
    def bring(number: int) -> int:
        rows = [visitor(person, key=f"{number}:{person}") for person in range(60)]
        outcomes = take_in(rows if number % 2 else rows[::-1], actor=None, at=NOW)
        return sum(outcome.state == CREATED for outcome in outcomes)

    created = sum(at_once([partial(bring, number) for number in range(4)]))

    assert created == Contact.objects.count() == Company.objects.count() == Lead.objects.count() == 60
    assert Touch.objects.count() == 240
