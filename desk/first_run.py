"""Make a new company ready for its first lead: hours, personas, a signed agreement, routing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from inputs.refusals import Conflict
from leads.routing.defaults import activate_default_routing
from personas.defaults import create_default_personas
from sla.agreements import sign_default_agreement
from sla.calendars import set_calendar
from sla.models import AgreementVersion
from sla.public_holidays import with_public_holidays
from teams.models import Team, User

WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
YEARS_AHEAD = 3


class AlreadyStarted(Conflict):
    """There is an agreement already: a company starts once."""

    code = "already_started"


@transaction.atomic
def start_company(
    *, marketing_manager: User, sales_manager: User, zone: str, opens: str, closes: str, country: str, at: datetime
) -> AgreementVersion:
    """Give every team office hours, sign the template of the agreement in the names of both managers, and route to every rep.

    ``zone`` is an IANA name, ``opens`` and ``closes`` are local times such as *09:00*, ``country`` a code such as *DE* for its public
    holidays (empty: none). Raises ``AlreadyStarted``, ``UnknownCountry``, ``BadHours``, ``NoSalesTeam`` and what signing refuses.
    """
    if AgreementVersion.objects.exists():
        raise AlreadyStarted("This company has an agreement already.")
    hours = office_hours(zone, opens, closes, country, range(at.year, at.year + YEARS_AHEAD))
    for team in Team.objects.filter(calendar_use__isnull=True).order_by("id"):
        set_calendar(actor=None, name=team.name, hours=hours, at=at, team=team)
    create_default_personas(at=at, actor=marketing_manager)
    version = sign_default_agreement(marketing_manager=marketing_manager, sales_manager=sales_manager, at=at)
    activate_default_routing(at=at, actor=sales_manager)
    return version


def office_hours(zone: str, opens: str, closes: str, country: str, years: Sequence[int]) -> dict[str, Any]:
    """Give Monday to Friday from ``opens`` to ``closes``, closed on the public holidays of ``country`` in ``years``."""
    terms = {"zone": zone, "week": {day: [[opens, closes]] for day in WORKDAYS}, "holidays": []}
    return with_public_holidays(terms, country, "", years) if country else terms
