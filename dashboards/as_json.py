"""The figures as plain data with stable keys: what ``manage.py kpis --json`` prints. See docs/kpis.md."""

from __future__ import annotations

from typing import Any

from dashboards.choices import Choices
from dashboards.compliance import Compliance, Kept, Misses
from dashboards.deliveries import Deliveries, Handed
from dashboards.families import BANDS, STAGES
from dashboards.figures import Figure, Spread
from dashboards.funnel import RATES, Line
from dashboards.report import Report


def as_data(report: Report, choices: Choices) -> dict[str, Any]:
    """Give the report as dictionaries, lists, strings and numbers. No data is ``null``, never 0."""
    scope = report.scope
    funnel = report.funnel
    return {
        "period": {
            "from": scope.period.first.isoformat(), "to": scope.period.until.isoformat(), "zone": scope.period.zone.key,
        },
        "basis": scope.basis,
        "filters": scope.filters.as_query(),
        "figures": {**_line(funnel.total), "before": _line(report.before)},
        "by_source": [{"source": line.value, **_line(line)} for line in funnel.by_source],
        "by_source_raw": [{"source_raw": line.value, **_line(line)} for line in funnel.by_source_raw],
        "by_campaign": [
            {"campaign": line.value, "name": choices.campaign(line.value), **_line(line)} for line in funnel.by_campaign
        ],
        "by_month": [{"month": f"{line.value.first:%Y-%m}", **_line(line)} for line in funnel.by_month],
        "data_quality": {"won_before_first_contact": funnel.total.figures["won_early"].part},
        "compliance": _compliance(report.compliance, choices),
        **_deliveries(report.deliveries, choices),
    }  # fmt: skip


def _line(line: Line) -> dict[str, Any]:
    counts = {name: line.figures[name].part for name in STAGES}
    rates = {f"{name}_percent": percent(line.figures[name]) for name in RATES}
    days = {"days_to_win": _spread(line.days_to_win)} if line.days_to_win else {}
    return {**counts, "sales_sourced": line.figures["sales_sourced"].part, **rates, **days}


def percent(figure: Figure) -> float | None:
    return None if figure.percent is None else float(figure.percent)


def _share(figure: Figure) -> dict[str, Any]:
    return {"count": figure.part, "of": figure.whole, "percent": percent(figure)}


def _spread(spread: Spread) -> dict[str, Any]:
    return {"count": spread.figure.part, "median": spread.median, "p90": spread.p90}


def _kept(line: Kept) -> dict[str, Any]:
    return {
        **_share(line.kept), "missed": line.missed.part, "excused": line.excused.part,
        "without_excused": _share(line.without_excused), "cancelled": line.cancelled.part, "verdict": line.verdict,
    }  # fmt: skip


def _compliance(found: Compliance, choices: Choices) -> dict[str, Any]:
    return {
        "target_percent": found.measure.target_percent,
        "judged_from": found.measure.judged_from,
        "agreement_version": found.agreement.number if found.agreement else None,
        "promises": [
            {
                "promise": line.code,
                "side": line.side,
                "kept": _kept(line.total),
                "change_points": None if line.change is None else float(line.change),
                "response_seconds": _spread(line.response),
                "waited_seconds": _spread(line.waited),
                "unanswered": line.unanswered.part,
                "logged_late": line.logged_late.part,
                "misses": _delays(line.misses),
                "bands": [
                    {"band": label, "count": figure.part}
                    for (label, _, _), figure in zip(BANDS, line.bands, strict=True)
                ],
                "by_tier": [{"tier": tier.value, **_kept(tier)} for tier in line.by_tier],
                "by_owner": [{**_owner(owner.value, choices), **_kept(owner)} for owner in line.by_owner],
            }
            for line in found.promises
        ],
        "weeks": [
            {"from": week.period.first.isoformat(), "promises": {code: _kept(kept) for code, kept in week.kept.items()}}
            for week in found.weeks
        ],
        "misses": [
            {**_owner(line.owner, choices), "missed": line.misses.missed.part, **_delays(line.misses)}
            for line in found.misses
        ],
        "all_misses": {"missed": found.all_misses.missed.part, **_delays(found.all_misses)},
    }


def _delays(misses: Misses) -> dict[str, Any]:
    return {
        "late_median_seconds": misses.late_median,
        "waited_seconds": _spread(misses.waited),
        "response_seconds": _spread(misses.response),
    }


def _owner(owner: Any, choices: Choices) -> dict[str, Any]:
    return {"rep": owner.rep, "queue": owner.queue, "name": choices.owner(owner.rep, owner.queue)}


def _deliveries(found: Deliveries, choices: Choices) -> dict[str, Any]:
    return {
        "acceptance": {
            **_handed(found.total),
            "by_source": [{"source": line.value, **_handed(line)} for line in found.by_source],
            "by_campaign": [
                {"campaign": line.value, "name": choices.campaign(line.value), **_handed(line)}
                for line in found.by_campaign
            ],
        },
        "rejections": [
            {
                "reason": reason.code,
                "count": reason.rejections.part,
                "by_source": {source: figure.part for source, figure in reason.by_source},
                "by_campaign": {choices.campaign(pk): figure.part for pk, figure in reason.by_campaign},
            }
            for reason in found.reasons
        ],
        "ratings": {
            **_handed(found.ratings),
            "by_source": [{"source": line.value, **_handed(line)} for line in found.ratings_by_source],
            "by_campaign": [
                {"campaign": line.value, "name": choices.campaign(line.value), **_handed(line)}
                for line in found.ratings_by_campaign
            ],
        },
    }


def _handed(line: Handed) -> dict[str, Any]:
    rate, *_ = line.figures
    return {
        rate: _share(line.figures[rate]),
        **{name: figure.part for name, figure in line.figures.items() if name != rate},
    }
