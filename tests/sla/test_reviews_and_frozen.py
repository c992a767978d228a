"""Managers are reminded of a review once; what was said and agreed, the database keeps as it was."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from ledger.models import AuditEntry, Notice
from sla.agreements import (
    draft_from_template,
    propose,
)
from sla.in_force import InForce
from sla.models import AgreementVersion
from sla.negotiating import (
    resolve_concern,
    withdraw,
)
from sla.reviews import remind_of_review
from sla.tasks import remind_of_reviews
from smarketing.celery import app as celery
from teams.models import User
from teams.roles import Side
from tests.cast import NOW
from tests.sla.saying import concern_of, signed_by, told

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)

# Reviews --------------------------------------------------------------------------------------------------------------


def test_managers_are_reminded_of_the_review_once(
    agreement: InForce, mona: User, sue: User, sam: User, maya: User
) -> None:
    version = AgreementVersion.objects.get()
    due = NOW.replace(year=version.review_on.year, month=version.review_on.month, day=version.review_on.day)  # type: ignore[union-attr]

    assert remind_of_review(at=due - DAY) is None
    assert remind_of_review(at=due) == 1
    assert remind_of_review(at=due) is None
    assert remind_of_review(at=due + DAY) is None

    assert told("agreement_review_due") == ["Mona", "Sue"]
    assert AuditEntry.objects.filter(verb="remind_of_review").count() == 1


def test_a_version_that_is_over_is_not_reminded_of(
    agreement: InForce, proposal: AgreementVersion, mona: User, sue: User
) -> None:
    signed_by(mona, Side.MARKETING, proposal)
    signed_by(sue, Side.SALES, proposal)

    assert remind_of_review(at=NOW + 40 * DAY) is None  # the first would have been due


def test_the_task_asks_at_the_present(agreement: InForce) -> None:
    remind_of_reviews()

    assert Notice.objects.filter(code="agreement_review_due").exists()  # it was signed long ago


def test_the_one_schedule_asks_for_reviews() -> None:
    scheduled = {tick["task"] for tick in celery.conf.beat_schedule.values()}

    assert remind_of_reviews.name in scheduled
    assert remind_of_reviews.name in celery.tasks


# Frozen in the database -----------------------------------------------------------------------------------------------

TAMPERING = [
    "UPDATE sla_agreementcomment SET text = 'I never said that'",
    "UPDATE sla_agreementcomment SET kind = 'comment'",
    "UPDATE sla_agreementcomment SET clause = 'review'",
    "UPDATE sla_agreementcomment SET created_at = '2020-01-01 00:00:00+00:00'",
    "DELETE FROM sla_agreementcomment",
    "UPDATE sla_agreementcomment SET closing_words = 'because' WHERE state = 'resolved'",
    "UPDATE sla_agreementcomment SET state = 'withdrawn', closing_words = '' WHERE state = 'resolved'",
    "UPDATE sla_agreementcomment SET state = 'open', closed_at = NULL, closed_by_id = NULL, closing_words = '' WHERE state = 'resolved'",
    "UPDATE sla_agreementcomment SET state = 'resolved' WHERE state = 'open'",
    "UPDATE sla_agreementcomment SET closing_words = 'because' WHERE state = 'open'",
    "UPDATE sla_agreementversion SET drafted_for = 'sales' WHERE state <> 'draft'",
    "UPDATE sla_agreementversion SET state = 'proposed' WHERE state = 'signed'",
    "UPDATE sla_agreementversion SET review_on = '2030-01-01' WHERE state = 'signed'",
    "UPDATE sla_agreementversion SET state = 'proposed' WHERE state = 'withdrawn'",
    "UPDATE sla_agreementversion SET withdrawn_at = NULL WHERE state = 'withdrawn'",
    "UPDATE sla_agreementversion SET review_told_at = NULL WHERE review_told_at IS NOT NULL",
    "UPDATE sla_signature SET effective_on = '2030-01-01'",
]


@pytest.mark.parametrize("statement", TAMPERING)
def test_what_was_said_and_agreed_cannot_be_changed_by_a_bare_statement(
    agreement: InForce, mona: User, sue: User, sam: User, statement: str
) -> None:
    remind_of_review(at=NOW + 200 * DAY)
    gone = propose(actor=mona, version=draft_from_template(actor=mona, at=NOW), at=NOW)
    withdraw(actor=mona, version=gone, at=NOW)
    version = propose(actor=mona, version=draft_from_template(actor=mona, at=NOW), at=NOW)
    resolve_concern(actor=sue, comment_id=concern_of(sam, version).pk, words="Agreed.", at=NOW)
    concern_of(sam, version)

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
