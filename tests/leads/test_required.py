"""What an agreement may ask for before a handoff, beside plain fields: consent, and an address that is not free mail or to be thrown away."""

from __future__ import annotations

import pytest

from leads.models import LeadEvent
from sla import agreements
from sla.default_terms import default_document
from tests.leads.completing_world import Correct, taken

pytestmark = pytest.mark.django_db


def test_consent_and_an_address_of_the_company_are_asked_for_where_the_agreement_says_so(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, correct: Correct
) -> None:
    document = {**default_document(), "required_for_handoff": ["name", "business_email", "consent"]}
    monkeypatch.setattr(agreements, "default_document", lambda: document)
    request.getfixturevalue("world")

    lead = taken(email="anna.arnold@GMX.de", lawful_basis="legitimate_interest")
    refused = LeadEvent.objects.get(kind="handoff_refused").facts["missing"]
    half = correct(lead, lawful_basis="consent")
    whole = correct(lead, email="anna@acme.example")

    assert refused == ["business_email", "consent"]
    assert (half.followed.missing, whole.followed.missing) == (("business_email",), ())
    assert lead.handoff_count == 1


@pytest.mark.parametrize("email", ["anna@mailinator.com", "anna@some.box.Mailinator.com"])
def test_an_address_to_throw_away_reaches_nobody(request: pytest.FixtureRequest, correct: Correct, email: str) -> None:
    request.getfixturevalue("world")

    lead = taken(email=email, phone="")
    refused = LeadEvent.objects.get(kind="handoff_refused").facts["missing"]
    half = correct(lead, email="anna@mailinator.net")
    whole = correct(lead, phone="+49 30 901820")

    assert refused == ["reach"]
    assert (half.followed.missing, whole.followed.missing) == (("reach",), ())


def test_nobody_belongs_to_a_provider_of_addresses_to_throw_away(request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("world")

    assert taken(email="anna@mailinator.com", company="").contact.company is None


def test_free_mail_alone_blocks_nothing(request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("world")

    assert taken(email="anna.arnold@gmx.de", lawful_basis="").handoff_count == 1
