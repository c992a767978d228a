"""One report, counted from the rollups and from the facts."""

from __future__ import annotations

from dashboards.report import report
from dashboards.scope import Scope
from tests.dashboards.world import at

NOW = at(200)


def assert_same(scope: Scope) -> None:
    """Compare everything a page shows, counted both ways."""
    rolled, live = (report(scope, at=NOW, from_rollups=way) for way in (True, False))
    assert rolled.funnel == live.funnel
    assert rolled.before == live.before
    assert rolled.compliance == live.compliance
    assert rolled.deliveries == live.deliveries
    assert rolled == live
