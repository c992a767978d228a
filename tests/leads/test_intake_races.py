"""A touch comes in while somebody works on the same lead: neither undoes the other, and nobody gets an error of the database."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, transaction

from leads import handoffs
from leads.completing import complete
from leads.intake.arrival import LIVE
from leads.intake.attempts import attempt
from leads.intake.names import lock_names, names_of
from leads.intake.normalise import Clean, normalise
from leads.intake.pipeline import take_in
from leads.models import Company, Contact, Handoff, Lead, RoutingVersion
from leads.qualifying import qualify
from leads.routing.defaults import activate_rules
from personas.models import Product
from teams.models import Team, User
from tests.cast import NOW
from tests.leads.intake_beside import PATIENCE_SECONDS, beside, in_a_thread
from tests.leads.intake_world import anna, defaults_in_force
from tests.leads.test_races import loaded
from tests.leads.worlds import go_round

pytestmark = pytest.mark.django_db(transaction=True)

LATER = NOW + timedelta(minutes=5)


@pytest.fixture(autouse=True)
def company(maya: User, mona: User, sam: User, sue: User, sales: Team) -> Iterator[None]:
    """The default personas, agreement and routing in force, as in ``tests.leads.intake_world``, and committed."""
    with defaults_in_force(mona, sue):
        go_round(sales)
        yield


def asks_again(**fields: object) -> object:
    return take_in([anna(**fields)], actor=None, at=LATER)


# The handoff ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["reject", "recall"])
def test_a_request_that_waits_for_a_lead_to_come_back_hands_it_off_anew(step: str, maya: User, sam: User) -> None:
    take_in([anna()], actor=None, at=NOW)
    lead = Lead.objects.get()
    maya, sam = loaded([maya, sam])
    steps = {
        "reject": partial(handoffs.reject, lead_id=lead.pk, reason="duplicate", actor=sam, at=LATER),
        "recall": partial(handoffs.recall, lead_id=lead.pk, actor=maya, at=LATER),
    }

    beside(steps[step], asks_again)

    lead.refresh_from_db()
    states = Handoff.objects.order_by("ordinal").values_list("state", flat=True)
    assert list(states) == [{"reject": "rejected", "recall": "recalled"}[step], "open"]
    assert (lead.stage, lead.handoff_count) == ("mql", 2)


def test_a_request_beside_the_handing_off_of_the_same_lead_is_one_more_touch(maya: User) -> None:
    take_in([anna(touch_kind="page_view")], actor=None, at=NOW)
    lead = Lead.objects.get()
    (actor,) = loaded([maya])
    qualify(lead_ids=[lead.pk], actor=actor, at=NOW, reason="Met at the fair")

    beside(partial(handoffs.hand_off, lead_id=lead.pk, actor=actor, at=LATER), asks_again)

    lead.refresh_from_db()
    assert (lead.stage, lead.handoff_count, lead.touches.count()) == ("mql", 1, 2)
    assert Handoff.objects.get().state == "open"


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer: nobody is ever first there")
@pytest.mark.parametrize("ordinal", [1, 2])
def test_whoever_meets_a_handoff_that_others_have_just_opened_looks_again(ordinal: int) -> None:
    take_in([anna()], actor=None, at=NOW)
    handoff = Handoff.objects.get()
    if ordinal == 1:
        Handoff.objects.update(state="recalled", decided_at=NOW)
    attempts: list[str] = []

    def open_another(obstacle: str) -> int:
        attempts.append(obstacle)
        if len(attempts) == 1:
            handoff.pk, handoff.ordinal = None, ordinal
            handoff.save(force_insert=True)
        return Handoff.objects.count()

    assert attempt(open_another) == 1
    assert attempts == ["", ""]


def test_a_request_that_waits_for_the_product_to_be_named_is_routed_by_it(sales: Team) -> None:
    pump = Product.objects.create(code="pump", name="Pump")
    routing = RoutingVersion.objects.get()
    about_pumps = {"when": [{"field": "product", "op": "is", "value": "pump"}], "to": {"queue": sales.pk}}
    activate_rules([{"code": "pumps", "words": "Pumps wait", **about_pumps}, *routing.rules], at=NOW)
    take_in([anna(touch_kind="page_view")], actor=None, at=NOW)

    beside(lambda: Lead.objects.update(product=pump), asks_again)

    lead = Lead.objects.get()
    assert (lead.product, lead.stage, lead.queue) == (pump, "mql", sales)


# The person and the company -------------------------------------------------------------------------------------------


def firm() -> Company:
    """Take in Anna, who looked at a page, and give her company, of which only name and domain are known."""
    take_in([anna(industry="", employee_count="", touch_kind="page_view")], actor=None, at=NOW)
    return Company.objects.get()


def colleague(**fields: object) -> object:
    """Somebody else of the same company looks at a page."""
    usual = {"email": "ben@acme.example", "phone": "", "industry": "", "employee_count": "", "touch_kind": "page_view"}
    return take_in([anna(**{**usual, **fields})], actor=None, at=LATER)


@pytest.mark.parametrize("others", [{"industry": "Farming"}, {"employee_count": 77}])
def test_of_two_who_fill_in_the_same_company_the_first_is_not_overwritten(others: dict[str, object]) -> None:
    company = firm()

    beside(partial(colleague, industry="Retail"), partial(colleague, email="cleo@acme.example", **others))

    company.refresh_from_db()
    assert (company.industry, company.employee_count) == ("Retail", others.get("employee_count"))
    assert Contact.objects.count() == 3


@pytest.mark.parametrize("others", [{"industry": "Farming"}, {"company": "Acme", "domain": "", "employee_count": 77}])
def test_what_a_marketer_corrects_while_colleagues_come_in_stays(others: dict[str, object], maya: User) -> None:
    company = firm()
    lead = Lead.objects.get()
    (actor,) = loaded([maya])
    changes = {"industry": "Retail", "company": "Acme Works GmbH"}

    beside(partial(complete, lead_id=lead.pk, changes=changes, actor=actor, at=LATER), partial(colleague, **others))

    company.refresh_from_db()
    assert (company.industry, company.name) == ("Retail", "Acme Works GmbH")
    assert set(Contact.objects.values_list("company", flat=True)) == {company.pk}


def test_a_person_put_to_another_company_while_they_ask_again_stays_there(maya: User) -> None:
    firm()
    lead = Lead.objects.get()
    (actor,) = loaded([maya])
    elsewhere = {"company": "Bolt Ltd", "domain": "bolt.example", "industry": "Retail"}
    move = partial(complete, lead_id=lead.pk, changes=elsewhere, is_elsewhere=True, actor=actor, at=LATER)

    beside(move, partial(asks_again, touch_kind="page_view", role="", country="", seniority=""))

    assert Contact.objects.select_related("company").get().company == Company.objects.get(name="Bolt Ltd")


def test_who_asks_again_while_their_company_is_corrected_is_judged_by_what_it_says_now(maya: User) -> None:
    firm()
    lead = Lead.objects.get()
    (actor,) = loaded([maya])
    changes = {"industry": "Manufacturing", "employee_count": "250"}
    again = {"touch_kind": "page_view", "industry": "", "employee_count": ""}

    beside(partial(complete, lead_id=lead.pk, changes=changes, actor=actor, at=LATER), partial(asks_again, **again))

    lead.refresh_from_db()
    assert (lead.fit, lead.touches.count()) == (100, 2)


@pytest.mark.parametrize("named_by", [{"domain": ""}, {"company": ""}])
def test_who_comes_in_while_their_company_is_corrected_is_judged_by_what_it_says_now(
    named_by: dict[str, object], maya: User
) -> None:
    firm()
    lead = Lead.objects.get()
    (actor,) = loaded([maya])
    changes = {"industry": "Manufacturing", "employee_count": "250"}
    correction = partial(complete, lead_id=lead.pk, changes=changes, actor=actor, at=LATER)

    beside(correction, partial(colleague, email="ben@gmail.com", **{"domain": "acme.example", **named_by}))

    newest = Lead.objects.select_related("contact").latest("id")
    free_mail = 10
    assert (newest.pk != lead.pk, newest.contact.company_id) == (True, lead.contact.company_id)
    assert newest.fit == 100 - free_mail


# Two who come in at once ----------------------------------------------------------------------------------------------

PHONE = {"phone": "+49 30 901820"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"email": "anna@acme.example", **PHONE}, {"email": "", **PHONE}),
        ({"email": "", **PHONE}, {"email": "anna@acme.example", **PHONE}),
        ({"email": "anna@acme.example", **PHONE}, {"email": "", "external_id": "crm-1", **PHONE}),
    ],
)
def test_the_same_person_by_different_names_at_once_is_one(first: dict[str, str], second: dict[str, str]) -> None:
    beside(partial(asks_again, **{"phone": "", **first}), partial(asks_again, **{"phone": "", **second}))

    assert (Contact.objects.count(), Company.objects.count(), Lead.objects.count()) == (1, 1, 1)


@pytest.mark.parametrize("domains", [("", ""), ("acme.example", ""), ("", "acme.example"), ("acme.example",) * 2])
def test_the_same_company_by_different_names_at_once_is_one(domains: tuple[str, str]) -> None:
    people = [
        partial(asks_again, email=f"{name}@gmail.com", phone="", domain=domain)
        for name, domain in zip(("anna", "ben"), domains, strict=True)
    ]

    beside(*people)

    assert (Contact.objects.count(), Company.objects.count()) == (2, 1)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer: all wait there")
def test_those_with_email_and_domain_do_not_wait_for_each_other() -> None:
    def lock(email: str) -> None:
        clean = normalise(anna(email=email), place=0, at=NOW, mode=LIVE)
        assert isinstance(clean, Clean)
        with transaction.atomic():
            lock_names(names_of(clean))

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        lock("anna@acme.example")
        pool.submit(in_a_thread, partial(lock, "ben@acme.example")).result(timeout=PATIENCE_SECONDS)
