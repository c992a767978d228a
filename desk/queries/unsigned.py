"""What every desk says while no agreement is in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sla.models import AgreementVersion
from teams.models import Membership, Team, User


@dataclass(frozen=True, slots=True)
class LackOfAgreement:
    """Who can mend it, and what is there already: ``begins`` is a signed version whose date lies ahead.

    ``managers`` are those who can sign, with their side; ``sides_without`` have none, and ``administrators`` can give them one.
    ``may_mend`` says whether the reader is one of all these.
    """

    may_mend: bool
    has_versions: bool
    begins: AgreementVersion | None
    managers: list[tuple[User, str]]
    sides_without: list[str]
    administrators: list[User]


def lack_of_agreement(reader: User, at: datetime) -> LackOfAgreement | None:
    """Say why nothing is promised to anybody at ``at``, or nothing while an agreement is in force: then with one query."""
    if AgreementVersion.objects.in_force(at).exists():
        return None
    signed = AgreementVersion.objects.filter(state=AgreementVersion.States.SIGNED)
    places = Membership.objects.filter(is_manager=True, user__is_active=True).select_related("user", "team")
    managers = {
        (place.user, place.team.get_side_display()): None for place in places.order_by("team__side", "user__name")
    }
    led = {str(side) for _, side in managers}
    return LackOfAgreement(
        may_mend=reader.may("negotiate_agreement") or reader.may("manage_people"),
        has_versions=AgreementVersion.objects.exists(),
        begins=signed.order_by("effective_from").first(),
        managers=list(managers),
        sides_without=[label for label in map(str, Team.Sides.labels) if label not in led],
        administrators=list(User.objects.filter(is_active=True, is_administrator=True).order_by("name")),
    )
