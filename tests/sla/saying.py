"""Short ways to raise a concern and to sign, and who was told."""

from __future__ import annotations

from typing import Any

from ledger.models import Notice
from sla.agreements import sign
from sla.models import AgreementComment, AgreementVersion
from sla.negotiating import comment
from teams.models import User
from teams.roles import Side
from tests.cast import NOW


def concern_of(user: User, version: AgreementVersion, clause: str = "disputes") -> AgreementComment:
    return comment(actor=user, version=version, clause=clause, kind="concern", text="Too short.", at=NOW)


def signed_by(user: User, side: Side, version: AgreementVersion, **changes: Any) -> AgreementVersion:
    given = {"actor": user, "side": side, "version": version, "terms_hash": version.terms_hash, "at": NOW, **changes}
    return sign(**given)


def told(code: str) -> list[str]:
    """Give who was told in the app, by name."""
    notices = Notice.objects.filter(code=code, channel="in_app").select_related("recipient")
    return sorted(str(notice.recipient) for notice in notices)
