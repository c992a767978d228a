"""Complete and correct what is known of a contact and their company: what follows by the rules follows at once."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboards.periods import Period
from dashboards.verifying import differences
from inputs.refusals import NotAllowed
from leads.completing import BadData, DataMoved, complete
from leads.corrections import fingerprint, values_of
from leads.handoffs import accept, reject
from leads.holding import NoSuchLead, NotYours
from leads.intake.pipeline import take_in
from leads.models import Clock, Contact, Handoff, Lead, LeadEvent, Qualification
from ledger.models import AuditEntry, Notice
from sla.in_force import InForce
from teams.models import Team, User
from tests.cast import NOW, make_lead, offer_to, person
from tests.leads.completing_world import BY_PHONE, LATER, Correct, company_of, events, taken
from tests.leads.intake_world import anna
from tests.leads.worlds import told

pytestmark = pytest.mark.django_db

# What follows ---------------------------------------------------------------------------------------------------------


def test_completing_an_mql_hands_it_off_by_the_rules(world: InForce, correct: Correct, sam: User) -> None:
    lead = taken(**BY_PHONE)

    done = correct(lead, company="Acme GmbH")

    assert (done.fields, done.followed.user_id, done.followed.missing) == (("company",), sam.pk, ())
    assert events(lead) == ["completed", "handed_off", "assigned"]
    assert Handoff.objects.get().assignee == sam
    assert Clock.objects.get(handoff__lead=lead).promise == "accept"
    assert company_of(lead).name == "Acme GmbH"


def test_correcting_what_a_lead_is_judged_by_makes_an_mql_of_it(world: InForce, correct: Correct, sam: User) -> None:
    lead = taken(role="Student", seniority="Student", industry="", employee_count="", country="FR")
    assert (lead.stage, (lead.fit or 0) < 30) == ("lead", True)

    done = correct(
        lead, role="Operations", seniority="Director", industry="Manufacturing", employee_count="250", country="DE"
    )

    assert done.followed.is_new_mql
    assert (lead.stage, lead.mql_at, lead.tier, lead.persona_id is not None) == ("mql", LATER, "hot", True)
    assert events(lead) == ["completed", "qualified", "handed_off", "assigned"]
    kept = Qualification.objects.get()
    assert (kept.fit, kept.actor, kept.version_id) == (lead.fit, None, world.version_id)
    assert {item["score"] for item in kept.items} == {"fit", "engagement"}


def test_what_is_missing_still_is_told(world: InForce, correct: Correct) -> None:
    lead = taken(**BY_PHONE, name="")

    done = correct(lead, company="Acme GmbH")

    assert done.followed.missing == ("name",)
    assert events(lead) == ["completed", "handoff_refused"]
    assert not Handoff.objects.exists()


def test_where_a_lead_came_from_may_be_said_where_it_is_not_known(world: InForce, correct: Correct) -> None:
    lead, other = taken(source_raw=""), taken(email="ben@acme.example", phone="", source_raw="paid search")

    done = correct(lead, source="referral")

    assert (done.fields, lead.source) == (("source",), "referral")
    for about, said, code in (
        (lead, "event", "source_known"),
        (other, "event", "source_known"),
        (lead, "hearsay", "unknown_choice"),
    ):
        with pytest.raises(BadData) as refusal:
            correct(about, source=said)
        assert (refusal.value.field, refusal.value.code) == ("source", code)
    assert correct(other, source="paid_search").fields == ()


def test_the_log_tells_the_source_that_was_said_so_that_figures_by_source_can_be_counted_from_it(
    world: InForce, correct: Correct
) -> None:
    lead = taken(source_raw="")

    correct(lead, source="referral")
    take_in([anna(source_raw="paid search", key="later")], actor=None, at=LATER)

    lead.refresh_from_db()
    said = lead.events.get(kind="completed", actor__isnull=False)
    assert (lead.source, said.facts) == ("referral", {"fields": ["source"], "source": "referral", "fit": 100})
    day = NOW.date()
    found, compared = differences(Period(day, day + timedelta(days=1), ZoneInfo("UTC")), at=LATER)
    assert (found, compared > 0) == ([], True)


def test_without_routing_the_data_are_corrected_all_the_same(unrouted: InForce, correct: Correct) -> None:
    lead = taken(**BY_PHONE)

    done = correct(lead, company="Acme GmbH")

    assert done.followed.missing == ("no_routing",)
    assert events(lead) == ["completed", "handoff_refused"]
    assert Contact.objects.get().company is not None


def test_without_an_agreement_nothing_follows(maya: User, correct: Correct) -> None:
    lead = make_lead(stage="lead", fit=12)

    done = correct(lead, name="Anna Arnold")

    assert (done.fields, done.followed.missing, lead.fit) == (("name",), (), 12)


@pytest.mark.parametrize(
    ("changes", "stage"), [({"name": "Anna Arnoldt"}, "lead"), ({"phone": "+49 30 901821"}, "mql")]
)
def test_a_rejected_lead_comes_back_by_a_correction_that_matters_only(
    world: InForce, correct: Correct, sam: User, changes: dict[str, str], stage: str
) -> None:
    lead = taken()
    reject(lead_id=lead.pk, reason="no_contact_data", actor=sam, at=NOW)

    correct(lead, **changes)

    assert lead.stage == stage
    assert lead.needs_new_reason == (stage == "lead")


def test_the_third_handoff_waits_for_a_manager(world: InForce, correct: Correct) -> None:
    lead = taken(**BY_PHONE)
    Lead.objects.update(handoff_count=2)

    done = correct(lead, company="Acme GmbH")

    assert done.followed.missing == ("third_handoff",)


def test_a_lead_from_history_is_corrected_and_stays_what_it_was(world: InForce, correct: Correct) -> None:
    lead = make_lead(is_history=True)

    correct(lead, job_title="Head of Operations", company="Acme")

    assert events(lead) == ["completed"]
    assert (lead.stage, lead.fit is not None) == ("mql", True)


def test_a_lead_in_work_stays_with_its_rep_who_is_told(world: InForce, correct: Correct, sam: User) -> None:
    lead = taken()
    accept(lead_id=lead.pk, actor=sam, at=NOW)

    correct(lead, phone="+49 30 901821", role="Student")

    assert (lead.stage, lead.owner) == ("sal", sam)
    assert events(lead) == ["completed"]
    assert told("lead_corrected") == ["Sam"]


# The others of the company --------------------------------------------------------------------------------------------


def test_the_other_leads_of_the_company_are_judged_too(world: InForce, correct: Correct) -> None:
    wrong = {"industry": "Retail", "employee_count": 3, "role": "", "seniority": ""}
    lead = taken(**wrong)
    other = taken(**wrong, name="Ben Berg", email="ben@acme.example", phone="")
    apart = taken(**wrong, name="Cy", email="cy@other.example", company="Other", phone="")
    assert {lead.stage, other.stage, apart.stage} == {"lead"}

    done = correct(lead, industry="Manufacturing", employee_count="250")

    other.refresh_from_db()
    assert (lead.stage, other.stage) == ("mql", "mql")
    assert (done.followed.other_count, done.followed.other_mql_count) == (1, 1)
    assert events(other) == ["completed", "qualified", "handed_off", "assigned"]
    assert events(apart) == []
    told_of = LeadEvent.objects.get(lead=other, kind="completed")
    facts = {"fields": ["employee_count", "industry"], "fit": 50}
    assert (told_of.code, told_of.facts) == ("company", facts)
    assert AuditEntry.objects.get(verb="complete").facts["ids"] == [lead.pk, other.pk]


def test_a_correction_of_the_person_leaves_the_others_of_the_company_alone(world: InForce, correct: Correct) -> None:
    lead = taken()
    other = taken(name="Ben Berg", email="ben@acme.example", phone="")

    done = correct(lead, job_title="Plant manager")

    assert done.followed.other_count == 0
    assert events(other) == []


def test_it_takes_as_many_statements_for_many_leads_of_a_company_as_for_two(world: InForce, correct: Correct) -> None:
    counts = {}
    for name, people in (("warm", 2), ("few", 2), ("many", 21)):
        lead = firm(name, people)
        with CaptureQueriesContext(connection) as queries:
            done = correct(lead, industry="Manufacturing", employee_count="300")
        counts[name] = len(queries)
        assert (done.followed.is_new_mql, done.followed.other_mql_count) == (True, people - 1)

    assert Handoff.objects.count() == 25
    assert counts["many"] == counts["few"] <= 45


def firm(name: str, count: int) -> Lead:
    """Take in people of one company who ask for a demo but do not fit, and give the lead of the first."""
    misfits = {"role": "", "seniority": "", "industry": "Farming", "employee_count": "3", "phone": ""}
    arrivals = [anna(email=f"p{number}@{name}.example", company=f"{name} Ltd", **misfits) for number in range(count)]
    (first, *_) = take_in(arrivals, actor=None, at=NOW)
    return Lead.objects.get(pk=first.lead_id or 0, stage="lead")


# Who may --------------------------------------------------------------------------------------------------------------


def test_marketing_and_administrators_may_correct_any_lead(
    world: InForce, correct: Correct, maya: User, mona: User
) -> None:
    lead = taken()
    ada = person("Ada", is_administrator=True)

    for number, actor in enumerate((maya, mona, ada)):
        assert correct(lead, actor=actor, region=f"Region {number}").fields == ("region",)


def test_sales_corrects_the_leads_that_it_may_work(
    agreement: InForce, correct: Correct, sales: Team, sam: User, sue: User
) -> None:
    rita, lead = person("Rita", sales), offer_to(sam, agreement).lead
    with_marketing = make_lead()

    for actor in (sam, sue):
        assert correct(lead, actor=actor, name=f"Corrected by {actor.name}").fields == ("name",)
    for refused, about in ((rita, lead), (sam, with_marketing), (sue, with_marketing)):
        with pytest.raises(NotYours):
            correct(about, actor=refused, name="Somebody Else")


def test_whoever_may_not_is_told_so_before_what_is_wrong(
    agreement: InForce, correct: Correct, sam: User, sales: Team
) -> None:
    lead = offer_to(sam, agreement).lead

    with pytest.raises(NotYours):
        correct(lead, actor=person("Rita", sales), email="nobody", seen="stale")


def test_who_sees_no_leads_learns_nothing(correct: Correct, olive: User, maya: User) -> None:
    lead = make_lead()

    with pytest.raises(NoSuchLead):
        correct(lead, actor=olive, name="X")
    with pytest.raises(NoSuchLead):
        complete(lead_id=10**9, changes={}, actor=maya, at=LATER)
    assert issubclass(NotYours, NotAllowed)


# Stale pages and what is written down ---------------------------------------------------------------------------------


def test_a_page_of_before_is_told_what_stands_there_now(world: InForce, correct: Correct, mona: User) -> None:
    lead = taken()
    shown = fingerprint(values_of(lead.contact, lead.contact.company))
    correct(lead, actor=mona, seen=shown, region="Bavaria")

    with pytest.raises(DataMoved) as refusal:
        correct(lead, seen=shown, region="Saxony", industry="Manufacturing")

    head, beside = refusal.value.problems
    assert (head.field, beside.field, beside.message) == ("", "region", "It says “Bavaria” now.")
    assert correct(lead, seen=refusal.value.details["seen"], region="Saxony").fields == ("region",)


def test_nothing_personal_is_written_down(world: InForce, correct: Correct) -> None:
    lead = taken()

    correct(lead, name="Annabel Quist", email="quist@secret.example", company="Quist and Daughters")

    entry = AuditEntry.objects.get(verb="complete")
    event = LeadEvent.objects.get(kind="completed")
    assert entry.facts == {
        "fields": ["company", "email", "name"], "contact": lead.contact_id, "company": lead.contact.company_id
    }  # fmt: skip
    assert event.facts == {"fields": ["company", "email", "name"], "fit": 100}
    written = [*LeadEvent.objects.values_list("facts", flat=True), *AuditEntry.objects.values_list("facts", flat=True)]
    assert "uist" not in str([*written, *Notice.objects.values_list("facts", flat=True)])
