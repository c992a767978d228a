"""Who is it: duplicates in every direction, and what is known stays."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from leads.intake.arrival import CREATED, REJECTED, SKIPPED, UPDATED, Arrival, Outcome
from leads.intake.pipeline import take_in
from leads.models import Company, Contact, Lead, LeadEvent, Touch
from personas.models import Product
from sla.in_force import InForce
from teams.models import User
from tests.cast import NOW
from tests.leads.intake_world import anna, visitor

pytestmark = pytest.mark.django_db


def taken(*arrivals: Arrival, actor: User | None = None, one_batch: bool = False) -> list[Outcome]:
    """Take arrivals in: each in a call of its own, or all in one batch."""
    if one_batch:
        return take_in(arrivals, actor=actor, at=NOW)
    return [outcome for arrival in arrivals for outcome in take_in([arrival], actor=actor, at=NOW)]


@pytest.mark.parametrize("one_batch", [False, True])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"email": "Ana@Firm.example"}, {"email": " ana@firm.EXAMPLE "}),
        ({"email": "ana@bücher.example"}, {"email": "ana@xn--bcher-kva.example"}),
        ({"email": "ana+news@firm.example"}, {"email": "ana@firm.example"}),
        ({"email": "ana+news@firm.example"}, {"email": "Ana+fair+2@firm.example"}),
        ({"external_id": "crm-1"}, {"external_id": "crm-1", "email": "ana@firm.example"}),
        ({"external_id": "crm-1", "email": "a@firm.example"}, {"email": "a@firm.example"}),
        ({"phone": "+49 30 901820"}, {"phone": "030 / 90 18 20", "country": "de"}),
        ({"phone": "+49 30 901820"}, {"phone": "+49 30 901820", "email": "ana@firm.example"}),
        ({"phone": "+49 30 901820", "email": "ana@firm.example"}, {"phone": "0049 30 901820", "country": "DE"}),
    ],
)
def test_the_same_person_joins_contact_and_open_lead(
    world: InForce, first: dict[str, Any], second: dict[str, Any], one_batch: bool
) -> None:
    outcomes = taken(Arrival(**first), Arrival(**second), one_batch=one_batch)

    assert [outcome.state for outcome in outcomes] == [CREATED, UPDATED]
    assert outcomes[0].lead_id == outcomes[1].lead_id
    assert (Contact.objects.count(), Lead.objects.count(), Touch.objects.count()) == (1, 1, 2)
    assert list(LeadEvent.objects.order_by("id").values_list("kind", flat=True)[:2]) == ["captured", "touched"]


def test_an_address_is_shown_with_the_tag_it_was_given_with(world: InForce) -> None:
    taken(Arrival(email="Ana+News@firm.example"), Arrival(email="ana@firm.example"))

    assert Contact.objects.get().email == "Ana+News@firm.example"


def test_contacts_from_before_lose_their_tags_where_nobody_has_the_address(world: InForce) -> None:
    """Run the migration's step on contacts as they were matched before it."""
    keys = [
        "ana+news@firm.example",
        "ana+fair@firm.example",
        "bob@firm.example",
        "bob+news@firm.example",
        "+c@firm.example",
    ]
    for key in keys:
        Contact.objects.create(email_key=key, email=key, created_at=NOW)

    import_module("leads.migrations.0003_untagged_emails").untag(apps, None)

    kept = list(Contact.objects.order_by("id").values_list("email_key", flat=True))
    assert kept == ["ana@firm.example", *keys[1:]]


@pytest.mark.parametrize("one_batch", [False, True])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"email": "+ana@firm.example"}, {"email": "+bob@firm.example"}),
        ({"email": "a.na@firm.example"}, {"email": "ana@firm.example"}),
        ({"email": "ana@firm.example", "phone": "+4930901820"}, {"email": "bob@firm.example", "phone": "+4930901820"}),
        ({"external_id": "1", "phone": "+4930901820"}, {"external_id": "2", "phone": "+4930901820"}),
        ({"phone": "+4930901820 ext. 11"}, {"phone": "+4930901820 ext. 12"}),
    ],
)
def test_different_persons_stay_apart(
    world: InForce, first: dict[str, Any], second: dict[str, Any], one_batch: bool
) -> None:
    outcomes = taken(Arrival(**first), Arrival(**second), one_batch=one_batch)

    assert [outcome.state for outcome in outcomes] == [CREATED, CREATED]
    assert Contact.objects.count() == 2


@pytest.mark.parametrize("one_batch", [False, True])
def test_an_external_id_goes_before_an_email_of_somebody_else(world: InForce, one_batch: bool) -> None:
    outcomes = taken(
        Arrival(external_id="1", email="one@firm.example"),
        Arrival(external_id="2", email="two@firm.example"),
        Arrival(external_id="1", email="two@firm.example"),
        one_batch=one_batch,
    )

    assert outcomes[2].contact_id == outcomes[0].contact_id
    assert sorted(Contact.objects.values_list("external_id", "email_key")) == [
        ("1", "one@firm.example"),
        ("2", "two@firm.example"),
    ]


@pytest.mark.parametrize("one_batch", [False, True])
def test_new_data_fills_blanks_and_overwrites_nothing(world: InForce, one_batch: bool) -> None:
    taken(
        Arrival(email="ana@firm.example", name="Ana Alt", company="Firm Ltd"),
        Arrival(email="ana@firm.example", name="Ana Neu", role="Finance", employee_count="1,200", company="Firm"),
        Arrival(email="ana@firm.example"),
        one_batch=one_batch,
    )

    contact = Contact.objects.select_related("company").get()
    assert (contact.name, contact.role) == ("Ana Alt", "Finance")
    assert contact.company is not None
    assert (contact.company.name, contact.company.employee_count) == ("Firm Ltd", 1200)


def test_completed_data_leave_an_event_with_the_names_of_the_fields(world: InForce) -> None:
    taken(Arrival(email="ana@firm.example"), Arrival(email="ana@firm.example", name="Ana", role="Finance"))

    assert LeadEvent.objects.get(kind="completed").facts == {"fields": ["name", "role"], "fit": 35}


@pytest.mark.parametrize("one_batch", [False, True])
@pytest.mark.parametrize(
    ("first", "second", "companies"),
    [
        ({"company": "Acme, Inc."}, {"company": "ACME Inc"}, 1),
        ({"company": "Acme Inc"}, {"company": "Acme", "domain": "https://www.acme.example/x"}, 1),
        ({"company": "Acme", "domain": "acme.example"}, {"company": "Acme", "domain": "acme.test.example"}, 2),
        ({"company": "Acme", "domain": "acme.example"}, {"company": "Something else", "domain": "ACME.example"}, 1),
        ({"company": "Acme"}, {"company": "Bolt"}, 2),
    ],
)
def test_companies_are_matched_by_domain_else_by_name(
    world: InForce, first: dict[str, Any], second: dict[str, Any], companies: int, one_batch: bool
) -> None:
    taken(Arrival(email="ana@gmail.com", **first), Arrival(email="bob@gmail.com", **second), one_batch=one_batch)

    assert Company.objects.count() == companies


def test_the_mail_domain_names_the_company_but_free_mail_does_not(world: InForce) -> None:
    taken(Arrival(email="ana@firm.example"), Arrival(email="bob@gmail.com"))

    assert list(Company.objects.values_list("name", "domain")) == [("firm.example", "firm.example")]


def test_a_company_known_by_its_domain_takes_its_name_later(world: InForce) -> None:
    taken(Arrival(email="ana@firm.example"), Arrival(email="bob@firm.example", company="Firm Ltd"))

    assert list(Company.objects.values_list("name", "name_key")) == [("Firm Ltd", "firm")]


def test_who_speaks_of_another_company_does_not_fill_this_one(world: InForce) -> None:
    taken(
        Arrival(email="ana@gmail.com", company="Firm"),
        Arrival(email="ana@gmail.com", company="Other", employee_count=5),
    )

    assert list(Company.objects.values_list("name", "employee_count")) == [("Firm", None)]


@pytest.mark.parametrize("one_batch", [False, True])
def test_the_same_key_again_is_skipped(world: InForce, one_batch: bool) -> None:
    outcomes = taken(visitor(1, key="row-1"), visitor(1, key="row-1"), one_batch=one_batch)

    assert [outcome.state for outcome in outcomes] == [CREATED, SKIPPED]
    assert outcomes[1].lead_id == outcomes[0].lead_id
    assert outcomes[1].contact_id == outcomes[0].contact_id
    assert Touch.objects.count() == 1


def test_a_key_whose_first_row_was_bad_is_still_free(world: InForce) -> None:
    outcomes = taken(visitor(1, email="@", key="row-1"), visitor(1, key="row-1"), one_batch=True)

    assert [outcome.state for outcome in outcomes] == [REJECTED, CREATED]


def test_a_file_taken_in_twice_creates_nothing_the_second_time(world: InForce) -> None:
    rows = [visitor(number % 7, key=f"file:{number}") for number in range(20)]

    first = taken(*rows, one_batch=True)
    second = taken(*rows, one_batch=True)

    assert [sum(outcome.state == state for outcome in first) for state in (CREATED, UPDATED)] == [7, 13]
    assert {outcome.state for outcome in second} == {SKIPPED}
    assert Touch.objects.count() == 20


@pytest.mark.parametrize("one_batch", [False, True])
def test_a_contact_has_one_open_lead_for_each_product(world: InForce, one_batch: bool) -> None:
    for code in ("pump", "valve"):
        Product.objects.create(code=code, name=code)

    outcomes = taken(
        visitor(1, product_code="pump"), visitor(1, product_code="valve"), visitor(1), visitor(1, product_code="pump"),
        one_batch=one_batch,
    )  # fmt: skip

    leads = [outcome.lead_id for outcome in outcomes]
    assert [outcome.state for outcome in outcomes] == [CREATED, CREATED, UPDATED, UPDATED]
    assert leads[2] == leads[1]
    assert leads[3] == leads[0]


def test_an_open_lead_without_product_takes_the_one_that_is_named(world: InForce) -> None:
    product = Product.objects.create(code="pump", name="Pump")

    outcomes = taken(visitor(1), visitor(1, product_code="pump"))

    assert [outcome.state for outcome in outcomes] == [CREATED, UPDATED]
    assert Lead.objects.get().product_id == product.pk


@pytest.mark.parametrize(
    ("stage", "state", "kind"),
    [
        ("customer", CREATED, "expansion"),
        ("advocate", CREATED, "expansion"),
        ("lost", CREATED, "new_business"),
        ("disqualified", CREATED, "new_business"),
    ],
)
def test_a_contact_whose_lead_is_closed_gets_a_new_one(world: InForce, stage: str, state: str, kind: str) -> None:
    (first,) = taken(visitor(1))
    Lead.objects.update(stage=stage)

    (second,) = taken(visitor(1))

    assert (second.state, second.contact_id) == (state, first.contact_id)
    assert second.lead_id != first.lead_id
    assert Lead.objects.order_by("id").values_list("kind", flat=True).last() == kind


def test_a_touch_brings_a_recycled_lead_back_before_its_date(world: InForce, sam: User) -> None:
    (first,) = taken(anna())
    Lead.objects.update(stage="recycled", owner=sam, returns_on="2026-09-01", engagement_level=None, attempt_count=3)
    Lead.objects.get().handoffs.update(state="accepted", decided_at=NOW)

    (second,) = taken(anna(touch_kind="page_view"))

    lead = Lead.objects.get()
    assert (second.state, second.lead_id) == (UPDATED, first.lead_id)
    assert (lead.stage, lead.owner_id, lead.returns_on, lead.attempt_count) == ("lead", None, None, 0)
    assert LeadEvent.objects.get(kind="revived").code == "touch"
