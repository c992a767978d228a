"""Compare what the dashboard shows with what the event log says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboards.families import STAGES, TIMES
from dashboards.periods import Period
from dashboards.raw_figures import LADDER, Figures, raw_figures, read_log
from dashboards.report import Report, report
from dashboards.scope import BASES, Scope
from leads.models import Lead

UNPROVEN = "stage dates without their event"
HANDOFFS = ("accepted", "rejected", "procedural", "auto_accepted", "recalled", "all_rejections")


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that both ways of counting disagree on."""

    figure: str
    shown: int | None
    raw: int | None


def differences(period: Period, *, at: datetime) -> tuple[list[Difference], int]:
    """Compare all figures of ``period``; give those that differ and how many were compared."""
    shown: Figures = {UNPROVEN: len(unproven_dates(period))}
    for basis in BASES:
        shown.update(_shown(report(Scope(period, basis=basis), at=at)))
    raw: Figures = {UNPROVEN: 0, **raw_figures(period.starts_at, period.ends_at, period.zone)}
    keys = sorted(shown.keys() | raw.keys())
    found = [Difference(key, shown.get(key, 0), raw.get(key, 0)) for key in keys]
    return [each for each in found if each.shown != each.raw], len(keys)


def unproven_dates(period: Period) -> list[tuple[int, str]]:
    """Give the stage dates, as ``(lead, column)``, that no event bears out, among the leads that arrived in ``period``.

    A lead that sales found is accepted by whom it came through: it has no event of acceptance.
    """
    stories, _ = read_log()
    columns = [TIMES[stage] for stage in STAGES]
    leads = Lead.objects.filter(captured_at__gte=period.starts_at, captured_at__lt=period.ends_at)
    found = []
    for lead_id, origin, arrived_at, *times in leads.values_list("id", "origin", *columns).iterator(5_000):
        story = stories.get(lead_id)
        rungs = set(story.rungs) if story else set()
        if story is None or story.arrived_at != arrived_at:
            found.append((lead_id, columns[0]))
        for column, kind, time in zip(columns[1:], LADDER, times, strict=True):
            is_own = origin == Lead.Origins.SALES and kind == "accepted"
            if time is not None and (kind, time) not in rungs and not is_own:
                found.append((lead_id, column))
    return found


def _shown(found: Report) -> Figures:
    """Write a report the way the raw figures are written. Zeros, and medians of nothing, are left out, as counting never meets them."""
    basis, funnel = found.scope.basis, found.funnel
    line = funnel.total
    figures: Figures = {f"{basis}.{name}": line.figures[name].part for name in (*STAGES, "won_early", "sales_sourced")}
    if basis == "activity":
        figures.pop("activity.sales_sourced")
    else:
        for group in funnel.by_source:
            figures.update({f"cohort.{name} source={group.value}": group.figures[name].part for name in STAGES})
    figures[f"{basis}.days_to_win.sum"] = sum(funnel.days_to_win)
    if line.days_to_win is not None:
        figures[f"{basis}.days_to_win.p50"] = line.days_to_win.median
        figures[f"{basis}.days_to_win.p90"] = line.days_to_win.p90
    figures.update(_promises_and_handoffs(found))
    return {key: value for key, value in figures.items() if value or ".days_to_win" in key}


def _promises_and_handoffs(found: Report) -> Iterator[tuple[str, Any]]:
    for promise in found.compliance.promises:
        yield f"promise.kept promise={promise.code}", promise.total.kept.part
        yield f"promise.missed promise={promise.code}", promise.total.missed.part
        yield f"promise.cancelled promise={promise.code}", promise.total.cancelled.part
        yield f"promise.excused promise={promise.code}", promise.total.excused.part
        yield f"promise.logged_late promise={promise.code}", promise.logged_late.part
        for spread in (promise.misses.waited, promise.misses.response):
            yield f"{spread.figure.key} promise={promise.code}", spread.figure.part
            yield f"{spread.figure.key}.p50 promise={promise.code}", spread.median
    for name in HANDOFFS:
        yield f"handoff.{name}", found.deliveries.total.figures[name].part
    for reason in found.deliveries.reasons:
        yield f"handoff.all_rejections reason={reason.code}", reason.rejections.part
