"""Several correct the same people at once: nobody overwrites unseen, nobody gets an error of the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest

from leads.completing import DataMoved, EmailTaken, complete
from leads.corrections import fingerprint, values_of
from leads.intake.pipeline import take_in
from leads.models import Company, Contact, Handoff, Lead, LeadEvent
from ledger.models import AuditEntry
from teams.models import Team, User
from tests.cast import NOW
from tests.leads.intake_world import anna, defaults_in_force
from tests.leads.test_races import at_once, loaded, many
from tests.leads.worlds import go_round

pytestmark = pytest.mark.django_db(transaction=True)

LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def firm(maya: User, mona: User, sam: User, sue: User, sales: Team) -> Iterator[Company]:
    """A company whose people nobody's rule makes MQLs yet, with as many leads as call at once."""
    people = [
        anna(
            name=f"Person {chr(65 + number)}",
            email=f"p{number}@acme.example",
            phone="",
            industry="",
            employee_count="",
            role="",
        )
        for number in range(many())
    ]
    with defaults_in_force(mona, sue):
        go_round(sales)
        take_in(people, actor=None, at=NOW)
        yield Company.objects.get()


def test_of_many_who_save_the_same_page_one_wins(firm: Company, maya: User) -> None:
    lead = Lead.objects.select_related("contact__company").earliest("id")
    seen = fingerprint(values_of(lead.contact, firm))
    (actor,) = loaded([maya])
    calls = [
        partial(complete, lead_id=lead.pk, changes={"region": f"Region {number}"}, seen=seen, actor=actor, at=LATER)
        for number in range(many())
    ]

    refusals = at_once(calls)

    assert Counter(type(refusal) for refusal in refusals) == {type(None): 1, DataMoved: many() - 1}
    assert LeadEvent.objects.filter(kind="completed").count() == 1
    assert AuditEntry.objects.filter(verb="complete").count() == 1


def test_of_many_who_give_their_contacts_one_address_one_wins(firm: Company, maya: User) -> None:
    (actor,) = loaded([maya])
    calls = [
        partial(complete, lead_id=lead_id, changes={"email": "Same@acme.example"}, actor=actor, at=LATER)
        for lead_id in Lead.objects.values_list("pk", flat=True)
    ]

    refusals = at_once(calls)

    assert Counter(type(refusal) for refusal in refusals) == {type(None): 1, EmailTaken: many() - 1}
    assert Contact.objects.filter(email_key="same@acme.example").count() == 1


def test_many_who_correct_one_company_by_its_people_hand_each_lead_off_once(firm: Company, maya: User) -> None:
    (actor,) = loaded([maya])
    changes = {"industry": "Manufacturing", "employee_count": "250"}
    calls = [
        partial(complete, lead_id=lead_id, changes=changes, actor=actor, at=LATER)
        for lead_id in Lead.objects.values_list("pk", flat=True)
    ]

    refusals = at_once(calls)

    assert {type(refusal) for refusal in refusals} <= {type(None), DataMoved}
    assert refusals.count(None) >= 1
    assert Company.objects.get().industry == "Manufacturing"
    assert Handoff.objects.count() == Lead.objects.filter(stage="mql").count() == many()
    assert LeadEvent.objects.filter(kind="qualified").count() == many()


def test_correcting_while_the_same_people_come_in_again_loses_nothing(firm: Company, maya: User) -> None:
    (actor,) = loaded([maya])
    leads = list(Lead.objects.select_related("contact").order_by("id"))
    calls = [
        partial(complete, lead_id=lead.pk, changes={"job_title": "Plant manager"}, actor=actor, at=LATER)
        for lead in leads[::2]
    ] + [
        partial(take_in, [anna(name="", email=lead.contact.email, phone="", company="", role="")], actor=None, at=LATER)
        for lead in leads[::2]
    ]

    refusals = at_once(calls)

    assert refusals == [None] * len(calls)
    assert Contact.objects.filter(job_title="Plant manager", role="production").count() == len(leads[::2])
    assert LeadEvent.objects.filter(kind="touched").count() == len(leads[::2])
