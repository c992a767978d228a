"""API tokens: whoever has one acts as its person. Only a hash of it is kept, so it is shown once."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from knox.models import AuthToken

from inputs.refusals import Invalid
from ledger.writing import write_audit
from teams.models import User

USUAL_DAYS = 90
MOST_DAYS = 366


class BadToken(Invalid):
    """There is nobody whom such a token could stand for, or it would be valid for too long."""

    code = "bad_token"


@transaction.atomic
def make_token(*, actor: User | None, at: datetime, email: str, days: int = USUAL_DAYS) -> str:
    """Make a token for the active person with this email, valid for ``days``, and give it; their expired ones are removed.

    ``actor`` is null when somebody with a shell on the machine acts. Raises ``BadToken``.
    """
    if not 1 <= days <= MOST_DAYS:
        raise BadToken(f"A token is valid for 1 to {MOST_DAYS} days.", field="days", code="out_of_range")
    user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if user is None:
        raise BadToken("There is no active person with this email.", field="email", code="unknown_person")
    AuthToken.objects.filter(user=user, expiry__lte=at).delete()
    made, token = AuthToken.objects.create(user, expiry=timedelta(days=days))
    AuthToken.objects.filter(pk=made.pk).update(expiry=at + timedelta(days=days))
    write_audit(
        at=at, actor_id=actor.pk if actor else None, verb="make_token", subject_type="user", subject_ids=[user.pk],
        facts={"days": days},
    )  # fmt: skip
    return str(token)
