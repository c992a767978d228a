"""Normalising: matching forms that make the same thing equal, and every odd value a problem instead of an error."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import models
from hypothesis import given
from hypothesis import strategies as st

from leads.intake.arrival import HISTORY, LIVE, Arrival
from leads.intake.normalise import LINES, Clean, company_key, normalise
from leads.models import Company, Contact, Touch

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def clean(mode: str = LIVE, **given_fields: Any) -> Clean:
    found = normalise(Arrival(**{"external_id": "x", **given_fields}), place=0, at=AT, mode=mode)
    assert isinstance(found, Clean), found
    return found


def refused(**given_fields: Any) -> list[tuple[str, str]]:
    found = normalise(Arrival(**{"external_id": "x", **given_fields}), place=0, at=AT, mode=LIVE)
    assert isinstance(found, list), found
    return [(problem.field, problem.code) for problem in found]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Ana@Firm.Example", "ana@firm.example"),
        ("  ana@firm.example ", "ana@firm.example"),
        ("ana+news@firm.example", "ana@firm.example"),
        ("+ana@firm.example", "+ana@firm.example"),
        ("ana@BÜCHER.example", "ana@xn--bcher-kva.example"),
        ("jose\u0301@firm.example", "josé@firm.example"),
    ],
)
def test_an_email_has_one_matching_form(text: str, key: str) -> None:
    assert clean(email=text).email_key == key


@pytest.mark.parametrize(
    ("text", "country", "key"),
    [
        ("+49 (0)30 901820", "", "+4930901820"),
        ("030 901820", "DE", "+4930901820"),
        ("030/901820", "de", "+4930901820"),
        ("0049 30 901820", "AT", "+4930901820"),
        ("(202) 555-0147", "US", "+12025550147"),
        ("+1 202 555 0147 ext. 12", "", "+12025550147x12"),
        ("030 901820", "", None),
    ],
)
def test_a_phone_has_one_matching_form(text: str, country: str, key: str | None) -> None:
    assert clean(phone=text, country=country).phone_key == key


@pytest.mark.parametrize(
    "names",
    [
        ["Acme, Inc.", "ACME Inc", "acme"],
        ["Bücher GmbH & Co. KG", "BÜCHER", "Bücher GmbH"],
        ["S.A.P. AG", "SAP"],
        ["Procter & Gamble", "Procter and Gamble"],
    ],
)
def test_a_company_has_one_matching_name(names: list[str]) -> None:
    assert len({company_key(name) for name in names}) == 1


@pytest.mark.parametrize("name", ["AG", "GmbH", "Co", "\u5317\u4eac", "!!!"])
def test_a_name_of_nothing_but_a_legal_form_still_has_a_key(name: str) -> None:
    assert company_key(name)


@pytest.mark.parametrize(
    ("given_fields", "domain"),
    [
        ({"domain": "https://www.Firm.example:8080/path?x#y"}, "firm.example"),
        ({"domain": "bücher.example"}, "xn--bcher-kva.example"),
        ({"email": "ana@firm.example"}, "firm.example"),
        ({"email": "ana@firm.example", "domain": "other.example"}, "other.example"),
        ({"email": "ana@GMAIL.com"}, None),
        ({"domain": "gmail.com"}, None),
    ],
)
def test_the_domain_is_a_bare_host_and_never_one_of_free_mail(given_fields: dict[str, str], domain: str | None) -> None:
    assert clean(**given_fields).domain == domain


@pytest.mark.parametrize(
    ("value", "count"), [("1,200", 1200), ("1.200", 1200), ("12", 12), (12, 12), ("", None), (None, None), (0, 0)]
)
def test_a_count_is_read_as_it_is_written(value: Any, count: int | None) -> None:
    assert clean(employee_count=value).employee_count == count


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T09:30:00+01:00", datetime(2026, 3, 1, 8, 30, tzinfo=UTC)),
        (datetime(2026, 3, 1, 9, 30, tzinfo=timezone(timedelta(hours=1))), datetime(2026, 3, 1, 8, 30, tzinfo=UTC)),
        (AT + timedelta(minutes=5), AT),
        (None, AT),
        ("", AT),
    ],
)
def test_an_instant_is_read_in_utc_and_never_lies_ahead(value: Any, instant: datetime) -> None:
    assert clean(occurred_at=value).occurred_at == instant


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (AT.replace(tzinfo=None), "offset_missing"),
        (AT + timedelta(days=2), "in_the_future"),
        (datetime(1900, 1, 1, tzinfo=UTC), "too_early"),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))), "not_a_time"),
        ("yesterday", "not_a_time"),
    ],
)
def test_an_instant_that_cannot_be_is_refused(value: Any, code: str) -> None:
    assert refused(occurred_at=value) == [("occurred_at", code)]


def test_all_problems_are_told_at_once() -> None:
    assert refused(email="@", phone="abc", country="Atlantis", employee_count="many") == [
        ("country", "unknown_country"),
        ("email", "invalid_email"),
        ("phone", "invalid_phone"),
        ("employee_count", "not_a_number"),
    ]


def test_history_keeps_the_date_that_was_given() -> None:
    assert clean(mode=HISTORY, occurred_at="2017-06-01").occurred_at == datetime(2017, 6, 1, tzinfo=UTC)


def length(model: type[models.Model], name: str) -> int | None:
    field = model._meta.get_field(name)
    assert isinstance(field, models.CharField)
    return field.max_length


def test_what_is_accepted_fits_its_column() -> None:
    columns = {
        **{name: length(Contact, name) for name in
           ("name", "email", "phone", "job_title", "role", "seniority", "region", "language", "external_id")},
        "company": length(Company, "name"),
        "industry": length(Company, "industry"),
        "source_raw": length(Touch, "source_raw"),
        "key": length(Touch, "key"),
    }  # fmt: skip

    assert {name: LINES[name] for name in columns} == columns


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=40), st.binary(max_size=5),
    st.lists(st.text(max_size=3), max_size=2), st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=2),
    st.datetimes(), st.datetimes(timezones=st.just(UTC)),
)  # fmt: skip


@given(st.fixed_dictionaries({}, optional={field.name: ANYTHING for field in fields(Arrival)}))
def test_whatever_comes_in_is_clean_or_a_list_of_problems(values: dict[str, Any]) -> None:
    found = normalise(Arrival(**values), place=0, at=AT, mode=LIVE)

    assert isinstance(found, Clean) or (found and all(problem.code and problem.message for problem in found))
