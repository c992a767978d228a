"""Figures from the rollups are those from the facts, whatever happened since the rollups were filled."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from dashboards.filling import fill
from dashboards.models import Mark
from dashboards.periods import Period
from dashboards.proving import wrong_days
from dashboards.report import Report, report
from dashboards.scope import Filters, Scope
from tests.dashboards import world as worlds
from tests.dashboards.world import FIRST, UNTIL, at, found

pytestmark = pytest.mark.django_db
UTC = ZoneInfo("UTC")


def same(scope: Scope) -> None:
    rolled, live = (report(scope, at=at(200), from_rollups=way, in_detail=True) for way in (True, False))
    assert rolled == live


def test_it() -> None:
    made = found()
    worlds.fill(made, 150)
    assert fill(UTC) > 100
    assert not Mark.objects.exists()
    assert list(wrong_days(UTC)) == []
    for basis in ("cohort", "activity"):
        same(Scope(Period(FIRST, UNTIL, UTC), basis=basis))
        same(Scope(Period(date(2026,1,9), date(2026,3,5), UTC), basis=basis))
        worlds.fill(made, 10)
        same(Scope(Period(FIRST, UNTIL, UTC), basis=basis))
