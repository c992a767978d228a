"""The row tools: the same rows on both engines, whatever the type, and one winner of a conditional update."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign
from ledger.models import AuditEntry, Notice
from ledger.rows import COPY_FROM_ROWS, insert_rows, reserve_ids, update_rows
from personas.models import Product
from teams.models import Availability, User
from tests.cast import NOW, person

pytestmark = pytest.mark.django_db

AUDIT = ("at", "verb", "subject_type", "subject_id", "count", "facts")
CAMPAIGN = ("name", "code", "type", "owner_id", "starts_on", "ends_on", "budget", "currency", "offer", "talking_points",
            "created_at")  # fmt: skip
SIZES = [1, COPY_FROM_ROWS - 1, COPY_FROM_ROWS, COPY_FROM_ROWS + 1, 2500]


def campaign(number: int, owner: User, **fields: Any) -> tuple[Any, ...]:
    usual = {
        "name": f"Campaign {number}", "code": f"code-{number}", "type": "email", "owner_id": owner.pk,
        "starts_on": date(2026, 1, 1), "ends_on": None, "budget": None, "currency": "EUR", "offer": "",
        "talking_points": "", "created_at": NOW,
    }  # fmt: skip
    return tuple({**usual, **fields}[name] for name in CAMPAIGN)


@pytest.mark.parametrize("size", SIZES)
def test_any_number_of_rows_is_stored_as_given(size: int) -> None:
    rows = [(NOW + timedelta(seconds=n), "verb", "lead", n, 1, {"n": n}) for n in range(size)]

    insert_rows(AuditEntry, AUDIT, rows)

    assert list(AuditEntry.objects.order_by("subject_id").values_list(*AUDIT)) == rows


def test_no_rows_take_no_statement() -> None:
    with CaptureQueriesContext(connection) as queries:
        insert_rows(AuditEntry, AUDIT, [])
        assert update_rows(AuditEntry, ["verb"], []) == []
        assert reserve_ids(AuditEntry, 0) == []

    assert len(queries) == 0


TEXTS = [
    "",
    " ",
    "\\",
    "\\N",
    "\\.",
    "a\tb",
    "a\nb\r\nc",
    "quote \" and ' and %s and %",
    "{braces}",
    "Łódź 日本 😀",
    "NULL",
]


@pytest.mark.parametrize("repeat", [1, COPY_FROM_ROWS])
@pytest.mark.parametrize("text", TEXTS)
def test_texts_come_back_as_they_were(olive: User, text: str, repeat: int) -> None:
    insert_rows(Campaign, CAMPAIGN, [campaign(n, olive, talking_points=text, offer=text[:9]) for n in range(repeat)])

    assert set(Campaign.objects.values_list("talking_points", "offer")) == {(text, text[:9])}


@pytest.mark.parametrize("repeat", [1, COPY_FROM_ROWS])
def test_dates_decimals_and_nulls_come_back_as_they_were(olive: User, repeat: int) -> None:
    fields = {"ends_on": date(2026, 12, 31), "budget": Decimal("1234567.89")}

    insert_rows(Campaign, CAMPAIGN, [campaign(n, olive, **fields) for n in range(repeat)])
    insert_rows(Campaign, CAMPAIGN, [campaign(1000 + n, olive) for n in range(repeat)])

    found = Campaign.objects.order_by("budget").values_list("starts_on", "ends_on", "budget")
    assert set(found) == {
        (date(2026, 1, 1), date(2026, 12, 31), Decimal("1234567.89")), (date(2026, 1, 1), None, None),
    }  # fmt: skip


@pytest.mark.parametrize("size", [2, COPY_FROM_ROWS + 1])
def test_a_column_may_mix_values_and_nulls(olive: User, size: int) -> None:
    budgets = [None if n % 2 else Decimal(n) for n in range(size)]

    insert_rows(Campaign, CAMPAIGN, [campaign(n, olive, budget=budget) for n, budget in enumerate(budgets)])

    assert list(Campaign.objects.order_by("id").values_list("budget", flat=True)) == budgets


@pytest.mark.parametrize("size", [1, COPY_FROM_ROWS])
def test_truth_values_come_back_as_they_were(size: int) -> None:
    insert_rows(Product, ("code", "name", "solves", "is_active"), [(f"p{n}", "P", "", n == 0) for n in range(size)])

    assert list(Product.objects.filter(is_active=True).values_list("code", flat=True)) == ["p0"]


@pytest.mark.parametrize("size", [1, COPY_FROM_ROWS])
@pytest.mark.parametrize(
    "value",
    [{}, {"a": [1, None, True, "x\ty\n\\"]}, [], [1, {"b": 2.5}], {"ключ": "значение 😀", 'q"': "\\"}],
    ids=["empty object", "nested", "empty list", "list", "unicode"],
)
def test_json_comes_back_as_it_was(value: Any, size: int) -> None:
    insert_rows(AuditEntry, AUDIT, [(NOW, "verb", "lead", n, 1, value) for n in range(size)])

    assert list(AuditEntry.objects.values_list("facts", flat=True)) == [value] * size


@pytest.mark.parametrize("size", [3, COPY_FROM_ROWS + 1])
def test_neighbours_with_different_json_are_not_mixed_up(size: int) -> None:
    shared = {"shared": True}
    values = [shared if n % 3 else {"n": n} for n in range(size)]

    insert_rows(AuditEntry, AUDIT, [(NOW, "verb", "lead", n, 1, value) for n, value in enumerate(values)])

    assert list(AuditEntry.objects.order_by("subject_id").values_list("facts", flat=True)) == values


def test_json_that_is_text_already_is_stored_as_json() -> None:
    insert_rows(AuditEntry, AUDIT, [(NOW, "verb", "lead", 1, 1, '{"a":[1]}')])

    assert AuditEntry.objects.get().facts == {"a": [1]}
    assert AuditEntry.objects.filter(facts__a=[1]).exists()


@pytest.mark.parametrize("size", [1, COPY_FROM_ROWS])
def test_an_instant_of_another_zone_is_the_same_instant(size: int) -> None:
    elsewhere = datetime(2026, 3, 2, 15, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))

    insert_rows(AuditEntry, AUDIT, [(elsewhere, "verb", "lead", n, 1, {}) for n in range(size)])

    assert set(AuditEntry.objects.values_list("at", flat=True)) == {NOW + timedelta(microseconds=123456)}
    assert AuditEntry.objects.filter(at__gt=NOW, at__lt=NOW + timedelta(seconds=1)).count() == size


def test_an_instant_compares_the_same_however_it_was_written(db: None) -> None:
    insert_rows(AuditEntry, AUDIT, [(NOW, "rows", "lead", 1, 1, {})])
    AuditEntry.objects.create(at=NOW, verb="orm", subject_type="lead", subject_id=2)

    assert AuditEntry.objects.filter(at=NOW).count() == 2


def test_a_row_that_is_there_already_may_be_left_as_it_is(db: None) -> None:
    columns = ("code", "name", "solves", "is_active")
    insert_rows(Product, columns, [("p1", "First", "", True)])

    insert_rows(
        Product, columns, [("p1", "Second", "", True), ("p2", "Other", "", True)], ignore_conflicts=True
    )  # fmt: skip

    assert list(Product.objects.order_by("code").values_list("code", "name")) == [("p1", "First"), ("p2", "Other")]


@pytest.mark.parametrize("size", [1, COPY_FROM_ROWS])
def test_a_constraint_is_refused_as_django_refuses_it(size: int) -> None:
    rows = [(f"p{n // 2 * 2}", "P", "", True) for n in range(size + 1)]

    with pytest.raises(DatabaseError), transaction.atomic():
        insert_rows(Product, ("code", "name", "solves", "is_active"), rows)

    assert Product.objects.count() == 0


def test_reserved_ids_are_new_distinct_and_never_taken_again(db: None) -> None:
    before = AuditEntry.objects.create(at=NOW, verb="x", subject_type="lead").pk

    first, second = reserve_ids(AuditEntry, 3), reserve_ids(AuditEntry, 2)
    insert_rows(AuditEntry, ("id", *AUDIT), [(pk, NOW, "v", "lead", 1, 1, {}) for pk in [*first, *second]])
    after = AuditEntry.objects.create(at=NOW, verb="x", subject_type="lead").pk

    assert sorted({before, *first, *second, after}) == [before, *first, *second, after]


def test_ids_of_a_table_that_never_had_a_row_can_be_reserved(db: None) -> None:
    reserved = reserve_ids(Product, 2)

    insert_rows(Product, ("id", "code", "name", "solves", "is_active"), [(reserved[1], "p", "P", "", True)])

    assert Product.objects.create(code="q", name="Q").pk > reserved[1]


# Conditional updates --------------------------------------------------------------------------------------------------


@pytest.fixture
def entries(olive: User) -> list[Notice]:
    return [
        Notice.objects.create(
            channel="in_app", code=f"c{n}", recipient=olive, subject_type="lead", subject_id=n, created_at=NOW,
            not_before=NOW, state="sent", read_at=None if n % 2 else NOW,
        )
        for n in range(4)
    ]  # fmt: skip


def test_only_rows_as_expected_change_and_are_given_back(entries: list[Notice]) -> None:
    rows = [(notice.pk, "new", f"c{0 if place == 2 else place}") for place, notice in enumerate(entries)]

    changed = update_rows(Notice, ["code"], rows, expected=["code"])

    assert sorted(changed) == [(entries[0].pk,), (entries[1].pk,), (entries[3].pk,)]
    assert list(Notice.objects.order_by("id").values_list("code", flat=True)) == ["new", "new", "c2", "new"]


def test_an_expected_null_is_met_by_null_only(entries: list[Notice]) -> None:
    rows = [(notice.pk, "new", None) for notice in entries]

    changed = update_rows(Notice, ["code"], rows, expected=["read_at"])

    assert sorted(changed) == [(entries[1].pk,), (entries[3].pk,)]


def test_an_expected_instant_is_compared_exactly(entries: list[Notice]) -> None:
    rows = [(entries[0].pk, "new", NOW), (entries[2].pk, "new", NOW + timedelta(microseconds=1))]

    assert update_rows(Notice, ["code"], rows, expected=["read_at"]) == [(entries[0].pk,)]


def test_the_second_of_two_equal_updates_changes_nothing(entries: list[Notice]) -> None:
    rows = [(notice.pk, "sent!", notice.code) for notice in entries]

    assert len(update_rows(Notice, ["last_error"], [row[:2] for row in rows])) == 4
    first = update_rows(Notice, ["code"], [(row[0], "done", row[2]) for row in rows], expected=["code"])
    second = update_rows(Notice, ["code"], [(row[0], "again", row[2]) for row in rows], expected=["code"])

    assert (len(first), second) == (4, [])


def test_all_types_can_be_set_in_one_statement(entries: list[Notice], sam: User) -> None:
    at = datetime(2026, 3, 2, 12, 30, 15, 250000, tzinfo=UTC)
    columns = ["recipient_id", "facts", "read_at", "attempt_count", "last_error", "sent_at"]
    rows = [(notice.pk, sam.pk, {"n": [n]}, at, n, "it's \\ %s", None) for n, notice in enumerate(entries)]

    with CaptureQueriesContext(connection) as queries:
        update_rows(Notice, columns, rows)

    assert len(queries) == 1
    assert list(Notice.objects.order_by("id").values_list("id", *columns)) == rows


def test_truth_values_and_decimals_can_be_set_and_expected(olive: User) -> None:
    insert_rows(Campaign, CAMPAIGN, [campaign(1, olive, budget=Decimal("10.50"))])
    pk = Campaign.objects.get().pk

    assert update_rows(
        Campaign, ["budget", "currency"], [(pk, Decimal("0.10"), "CHF", Decimal("10.50"))], expected=["budget"]
    ) == [(pk,)]
    assert update_rows(Campaign, ["budget"], [(pk, None, Decimal("10.51"))], expected=["budget"]) == []
    assert update_rows(User, ["is_active"], [(olive.pk, False, True)], expected=["is_active"]) == [(olive.pk,)]

    assert Campaign.objects.get().budget == Decimal("0.10")
    assert User.objects.get(pk=olive.pk).is_active is False


def test_small_whole_numbers_fit_their_columns(db: None) -> None:
    user = person("Zoe")
    availability = Availability.objects.create(user=user)

    update_rows(Availability, ["weight", "new_leads_per_day"], [(availability.pk, 3, None)])

    availability.refresh_from_db()
    assert (availability.weight, availability.new_leads_per_day) == (3, None)


def test_an_unknown_column_is_a_mistake_of_the_program(entries: list[Notice]) -> None:
    with pytest.raises(LookupError):
        update_rows(Notice, ["colour"], [(entries[0].pk, "red")])
