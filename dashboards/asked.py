"""What a request asks of the dashboard, read from its address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from dashboards.choices import Choices
from dashboards.periods import read_period
from dashboards.scope import Scope, read_basis, read_filters


def company_zone() -> ZoneInfo:
    """Give the zone in which the company's days begin and end, whoever looks."""
    return ZoneInfo(settings.TIME_ZONE)


def today(at: datetime) -> date:
    return at.astimezone(company_zone()).date()


def asked_scope(query: Mapping[str, str], at: datetime, choices: Choices) -> Scope:
    """Read period, basis and filters; raises a subclass of ``Invalid`` with the field that is wrong."""
    scope = Scope(read_period(query, today(at), company_zone()), read_filters(query), read_basis(query))
    choices.check(scope.filters)
    return scope
