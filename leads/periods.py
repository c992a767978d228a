"""Open the months and quarters of the agreement's targets: a row and a clock for each, once, whoever looks and however late.

A target is promised for the periods that begin under its version; one that runs when the version changes goes on as it was promised
(docs/decisions/0015-targets-of-a-period.md). After an outage the periods that were missed are opened with their true dates.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction

from leads.clock_plans import WHOLE, instant
from leads.clocks import NEW_COLUMNS, SUBJECT_COLUMNS
from leads.models import Clock, TargetPeriod
from leads.period_rules import Span, budget_of, plan_of, spans_begun
from leads.record import Record
from ledger.rows import insert_rows, reserve_ids
from sla.business_time import BusinessCalendar
from sla.hours import Hours, NoCalendar
from sla.in_force import version_terms
from sla.models import AgreementVersion
from sla.promises import MONTH, QUARTER
from sla.terms import Target
from teams.models import Team

TIER = "standard"
"""Targets know no tiers of urgency; a clock has one."""

log = logging.getLogger(__name__)


def company_zone() -> ZoneInfo:
    """Give the zone in which the company's months begin and end."""
    return ZoneInfo(settings.TIME_ZONE)


@dataclass(frozen=True, slots=True)
class SideHours:
    """Who owes what a whole side promises, and in whose hours it is reckoned: its first team that has a calendar."""

    team_id: int
    calendar_version_id: int
    calendar: BusinessCalendar


def side_hours(side: str) -> SideHours:
    """Give the hours of a side, with two queries; raises ``NoCalendar``."""
    teams = list(Team.objects.filter(side=side).order_by("-is_active", "id").values_list("id", flat=True))
    hours = Hours.load((), teams)
    for team_id in teams:
        try:
            return SideHours(team_id, *hours.of_team(team_id))
        except NoCalendar:
            continue
    raise NoCalendar(f"No team of {side} has a calendar, so no target of theirs can be counted.")


def open_periods(*, at: datetime) -> int:
    """Open every period that has begun by ``at`` and is not open yet; give how many targets were.

    Of two that do so at the same moment one is turned away by the database, and finds nothing to do the next time.
    """
    opened = 0
    hours: dict[str, SideHours] = {}
    for span, version_id, targets in _missing(at):
        try:
            for side in {target.side for target in targets} - hours.keys():
                hours[side] = side_hours(side)
            opened += _open(span, version_id, targets, hours, at)
        except NoCalendar as lack:
            log.warning("the targets of %s wait: %s", span.label, lack)
        except IntegrityError:
            log.info("the targets of %s were opened by somebody else", span.label)
    return opened


def _missing(at: datetime) -> Iterator[tuple[Span, int, list[Target]]]:
    """Give the periods that lack a target of the version that was in force at their start, with these targets."""
    signed = AgreementVersion.objects.filter(state=AgreementVersion.States.SIGNED, effective_from__lte=at)
    rows: Any = signed.order_by("effective_from", "number").values_list("effective_from", "id")
    versions: list[tuple[datetime, int]] = list(rows)
    if not versions:
        return
    terms = {version_id: version_terms(version_id) for _, version_id in versions}
    if not any(one.targets for one in terms.values()):
        return
    there = set(TargetPeriod.objects.values_list("code", "of", "first_on"))
    for kind in (MONTH, QUARTER):
        for span in spans_begun(kind, versions[0][0], at, company_zone()):
            version_id = [pk for since, pk in versions if since <= span.starts_at][-1]
            targets = [
                target
                for target in terms[version_id].targets
                if target.kind.period == kind and (target.code, target.of, span.first) not in there
            ]
            if targets:
                yield span, version_id, targets


@transaction.atomic
def _open(span: Span, version_id: int, targets: Sequence[Target], hours: dict[str, SideHours], at: datetime) -> int:
    record = Record(verb="open_periods", actor_id=None, at=at)
    periods = TargetPeriod.objects.bulk_create(
        TargetPeriod(
            version_id=version_id, code=target.code, of=target.of, side=target.side, amount=target.amount,
            currency=target.currency, first_on=span.first, last_on=span.last, starts_at=span.starts_at,
            ends_at=span.ends_at,
        )
        for target in targets
    )  # fmt: skip
    rows = []
    for clock_id, period in zip(reserve_ids(Clock, len(periods)), periods, strict=True):
        rows.append(_clock_row(clock_id, period, span, hours[period.side]))
        record.step(clock_id, "started", occurred_at=span.starts_at)
    insert_rows(Clock, NEW_COLUMNS, rows)
    record.write("period", [period.pk for period in periods])
    return len(periods)


def _clock_row(clock_id: int, period: TargetPeriod, span: Span, owner: SideHours) -> tuple[Any, ...]:
    """Give the row of a target's clock in the order of ``NEW_COLUMNS``; its times are those of the period, whenever it is opened."""
    plan = plan_of(span, owner.calendar)
    values: dict[str, Any] = {
        **dict.fromkeys(SUBJECT_COLUMNS),
        "id": clock_id, "promise": period.code, "side": period.side, "tier": TIER, "period_id": period.pk, "user_id": None,
        "team_id": owner.team_id, "version_id": period.version_id, "calendar_version_id": owner.calendar_version_id,
        "state": Clock.States.RUNNING, "budget_seconds": budget_of(span, owner.calendar), "grace_seconds": 0, "share_percent": WHOLE,
        "arrived_at": span.starts_at, "started_at": span.starts_at, "due_at": span.ends_at, "plan": json.dumps(plan),
        "plan_position": 0, "next_action_at": instant(plan[0][2]),
        "waited_seconds": 0, "needed": None,
    }  # fmt: skip
    return tuple(values[column] for column in NEW_COLUMNS)
