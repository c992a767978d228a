"""Tell the managers of both sides, once, that the agreement in force is due for review."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger.instants import company_day
from sla.models import AgreementVersion
from sla.telling import audit, tell
from sla.wordings import REVIEW_DUE
from teams.reaching import managers


@transaction.atomic
def remind_of_review(*, at: datetime) -> int | None:
    """Write the reminder of the version in force, if its review date has come and nobody was told yet; give its number.

    Who is first to note that it was told tells it: any number of schedulers and repetitions write one reminder.
    """
    version = AgreementVersion.objects.in_force(at).first()
    if version is None or not version.is_due_for_review(company_day(at)):
        return None
    untold = AgreementVersion.objects.filter(pk=version.pk, review_told_at__isnull=True)
    if version.review_told_at is not None or not untold.update(review_told_at=at):
        return None
    tell(managers(), REVIEW_DUE, version, actor_id=None, written_at=at)
    audit("remind_of_review", version, None, at)
    return version.number
