"""What people are told about leads names the lead, and says times as the reader's clock does."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import Handoff, Lead
from leads.sweep import sweep
from ledger.inbox import inbox
from ledger.letters import Letter, compose
from ledger.models import Notice
from ledger.wording import names_of
from sla.in_force import InForce
from teams.models import User
from tests.cast import NOW, clock_start, offer_to, start_clocks

OVERDUE = NOW + timedelta(minutes=16)


def missed(agreement: InForce, sam: User, name: str = "Ines Carvalho") -> Handoff:
    """Offer a hot lead to Sam at 10:00 UTC that nobody accepts by 10:15."""
    handoff = offer_to(sam, agreement)
    contact = handoff.lead.contact
    contact.name = name
    contact.save()
    start_clocks(clock_start(agreement, "accept", user=sam, handoff_id=handoff.pk))
    sweep(at=OVERDUE)
    return handoff


def test_an_email_names_the_lead_and_speaks_the_time_of_its_reader(agreement: InForce, sam: User) -> None:
    sam.timezone = "Europe/Berlin"
    sam.save()
    missed(agreement, sam)
    (notice,) = Notice.objects.filter(recipient=sam, channel="email", code="clock_missed")

    letter = Letter.of(notice, names_of([notice.subject]))
    email = compose([letter], digest_id=None)

    assert email.subject == "Overdue: accept or reject an offered lead – Ines Carvalho"
    assert "ended on Monday 2 March at 11:15 (Europe/Berlin)" in str(email.body)
    assert f"{settings.BASE_URL}/notifications/" in str(email.body)


def test_a_name_spelt_right_is_right_in_what_was_told_before(agreement: InForce, sam: User) -> None:
    lead = missed(agreement, sam).lead
    lead.contact.name = "Inês Carvalho"
    lead.contact.save()

    assert {entry.about for entry in inbox(user_id=sam.pk, at=OVERDUE).entries} == {"Inês Carvalho"}


def test_the_inbox_looks_all_names_up_at_once(agreement: InForce, sam: User) -> None:
    counts = []
    for number in (1, 4):
        for _ in range(number):
            missed(agreement, sam)
        with CaptureQueriesContext(connection) as seen:
            assert len(inbox(user_id=sam.pk, at=OVERDUE).entries) >= number
        counts.append(len(seen))

    assert counts == [2, 2]


def test_a_notice_of_a_lead_that_has_no_name_is_told_without_one(agreement: InForce, sam: User) -> None:
    lead = missed(agreement, sam, name="").lead
    lead.contact.email = ""
    lead.contact.save()

    assert Lead.objects.count() == 1
    assert {entry.about for entry in inbox(user_id=sam.pk, at=OVERDUE).entries} == {""}
