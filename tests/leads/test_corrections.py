"""What may stand in a corrected field, and which company it is about."""

from __future__ import annotations

from typing import Any

import pytest

from leads.completing import BadData, DomainTaken, EmailTaken
from leads.corrections import values_of
from leads.models import Company, Contact
from sla.in_force import InForce
from tests.leads.completing_world import BY_PHONE, Correct, company_of, taken
from tests.leads.worlds import everything

pytestmark = pytest.mark.django_db


# Clean values ---------------------------------------------------------------------------------------------------------


def test_values_are_cleaned_as_the_intake_cleans_them(world: InForce, correct: Correct) -> None:
    lead = taken()

    correct(
        lead, name="  Anna  Arnold ", email="Anna+X@ACME.example", phone="030 901821", country="Germany",
        domain="https://www.Acme.example/about", company="Acme, Inc.", language="DE", company_country="uk",
    )  # fmt: skip

    contact, company = Contact.objects.get(), company_of(lead)
    assert (contact.email, contact.email_key) == ("Anna+X@acme.example", "anna@acme.example")
    assert (contact.phone, contact.phone_key, contact.country) == ("030 901821", "+4930901821", "DE")
    assert (contact.language, company.country) == ("de", "GB")
    assert (company.name, company.name_key, company.domain) == (
        "Acme, Inc.",
        "acme",
        "acme.example",
    )


def test_a_new_title_says_role_and_seniority_anew_unless_somebody_said_them(world: InForce, correct: Correct) -> None:
    derived = taken(job_title="Head of Logistics", role="", seniority="")
    said = taken(email="ben@acme.example", phone="", job_title="Head of Logistics", role="Purchasing", seniority="")

    for lead in (derived, said):
        correct(lead, job_title="Director of Finance")

    found = Contact.objects.order_by("id").values_list("role", "seniority")
    assert list(found) == [("finance", "director"), ("Purchasing", "director")]


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"email": "nobody"}, "email", "invalid_email"),
        ({"phone": "1"}, "phone", "invalid_phone"),
        ({"email": "", "phone": ""}, "", "unrecognisable"),
        ({"name": "anna@acme.example"}, "name", "not_a_name"),
        ({"name": "x" * 201}, "name", "too_long"),
        ({"name": "poison\x00"}, "name", None),
        ({"country": "Atlantis"}, "country", "unknown_country"),
        ({"company_country": "Atlantis"}, "company_country", "unknown_country"),
        ({"company_region": "x" * 81}, "company_region", "too_long"),
        ({"employee_count": "many"}, "employee_count", None),
        ({"employee_count": "99999999999"}, "employee_count", None),
        ({"domain": "not a domain"}, "domain", "invalid_domain"),
        ({"domain": "gmail.com"}, "domain", "free_mail"),
        ({"company": ""}, "company", "missing"),
        ({"lawful_basis": "whim"}, "lawful_basis", "unknown_choice"),
        ({"role": 7}, "role", "wrong_type"),
    ],
)
def test_what_cannot_be_stored_is_named_and_nothing_changes(
    world: InForce, correct: Correct, changes: dict[str, Any], field: str, code: str | None
) -> None:
    lead = taken()
    before = everything()

    with pytest.raises(BadData) as refusal:
        correct(lead, industry="Retail", **changes)

    (problem,) = refusal.value.problems
    assert problem.field == field
    assert code is None or problem.code == code
    assert everything() == before
    assert not Contact.objects.filter(company__industry="Retail").exists()


def test_what_says_nothing_new_leaves_no_trace(world: InForce, correct: Correct) -> None:
    lead = taken()
    before = everything()

    done = correct(lead, **values_of(lead.contact, lead.contact.company))

    assert done.fields == ()
    assert everything() == before


def test_the_address_of_another_contact_is_refused_with_their_name(world: InForce, correct: Correct) -> None:
    lead = taken()
    other = taken(name="Ben Berg", email="ben@acme.example", phone="")

    with pytest.raises(EmailTaken) as refusal:
        correct(lead, email="BEN@acme.example")

    assert refusal.value.details == {"contact": other.contact_id, "lead": other.pk}
    assert "Ben Berg" in refusal.value.message
    assert Contact.objects.get(pk=lead.contact_id).email_key == "anna@acme.example"


# Companies ------------------------------------------------------------------------------------------------------------


def test_the_domain_of_another_company_is_refused_with_its_name(world: InForce, correct: Correct) -> None:
    lead = taken()
    taken(name="Cy", email="cy@other.example", company="Other Ltd", phone="")

    with pytest.raises(DomainTaken, match="Other Ltd"):
        correct(lead, domain="other.example")


def test_a_person_who_works_elsewhere_is_put_there_and_both_companies_stay(world: InForce, correct: Correct) -> None:
    lead = taken()
    taken(name="Cy", email="cy@other.example", company="Other Ltd", phone="", industry="Retail")
    acme = Company.objects.get(domain="acme.example")
    before = Company.objects.filter(pk=acme.pk).values().get()

    done = correct(lead, is_elsewhere=True, company="Other Limited", domain="other.example", industry="Manufacturing")

    found = company_of(lead)
    assert (found.name, found.industry) == ("Other Ltd", "Retail")
    assert (done.fields, done.joined) == (("company",), "Other Ltd")
    assert Company.objects.filter(pk=acme.pk).values().get() == before


def test_a_person_who_works_elsewhere_may_bring_a_new_company(world: InForce, correct: Correct) -> None:
    lead = taken()

    done = correct(lead, is_elsewhere=True, company="Newly Ltd", domain="", industry="", employee_count="30")

    company = company_of(lead)
    assert (company.name, company.domain, company.employee_count) == ("Newly Ltd", None, 30)
    assert (done.joined, Company.objects.count()) == ("", 2)


def test_naming_the_same_company_as_another_is_refused(world: InForce, correct: Correct) -> None:
    lead = taken()

    with pytest.raises(BadData, match="Acme GmbH again"):
        correct(lead, is_elsewhere=True)


def test_details_of_no_company_are_refused(world: InForce, correct: Correct) -> None:
    lead = taken(**BY_PHONE, industry="", employee_count="")

    with pytest.raises(BadData) as refusal:
        correct(lead, industry="Retail")

    assert [(problem.field, problem.code) for problem in refusal.value.problems] == [("company", "missing")]
