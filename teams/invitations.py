"""Invite somebody who has no password yet: an email with a link under which they choose one.

The link is made when the email is written, from what only the person's row and the secret key give; it is stored nowhere, and dies when a
password is set or after ``PASSWORD_RESET_TIMEOUT``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from inputs.refusals import Conflict
from ledger.wording import EMAIL, Message, register
from ledger.writing import Told, write_audit, write_notices
from teams.managing import require_managed
from teams.models import User
from teams.people import locked_person

INVITED = "invited"
DAY_SECONDS = 86_400


class CannotInvite(Conflict):
    """They have a password already, or have left."""

    code = "cannot_invite"


@transaction.atomic
def invite(*, actor: User | None, at: datetime, user_id: int) -> None:
    """Send somebody the link with which they choose their first password. Raises ``CannotInvite``, ``MayNotManagePeople``."""
    user = locked_person(user_id)
    require_managed(actor, user)
    if not user.is_active:
        raise CannotInvite(f"{user} has left.")
    if user.has_usable_password():
        raise CannotInvite(f"{user} has a password already. Who forgot it asks for a new one on the login page.")
    write_notices([Told(user_id, INVITED, "user", user_id)], at=at)
    actor_id = actor.pk if actor else None
    write_audit(at=at, actor_id=actor_id, verb="invite", subject_type="user", subject_ids=[user_id])


def register_invitation() -> None:
    """Register the wording of the invitation."""
    register(INVITED, channels=[EMAIL], render=_invited)


def _invited(user_id: int, facts: Mapping[str, Any]) -> Message:
    from allauth.account.forms import default_token_generator
    from allauth.account.utils import user_pk_to_url_str

    user = User.objects.get(pk=user_id)
    key = default_token_generator.make_token(user)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})
    days = settings.PASSWORD_RESET_TIMEOUT // DAY_SECONDS
    text = (
        f"You can log in as {user.email} once you have chosen a password. The link is good for {days} days; "
        "after that, have the invitation sent again."
    )
    return Message("You are invited to Smarketing", text, path)
